/* Numbers and times for people. */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"

/* Bytes in powers of 1024 with one decimal and a unit letter: 0B 512B 1.5K 62.0M 3.1G. */
void human_bytes(struct strbuf *out, int64_t bytes);

/* A count in powers of 1000, six characters at most up to 999 million: 0 99999 123.4k 1.5M. */
void human_count(struct strbuf *out, int64_t count);

/* So many things: "1 stack", "1234 stacks". WHAT is one of them. */
void human_things(struct strbuf *out, uint64_t n, const char *what);

/* A time span: "3 ms", "12.3 s", "12 min", "5.2 h", "3.1 days". */
void human_duration(struct strbuf *out, uint64_t ns);

/* A CLOCK_REALTIME instant, local time: "14:03:27", or with DATE "2026-11-22 14:03:27.123". */
void human_time(struct strbuf *out, uint64_t realtime_ns, int date);

/* The same instant as RFC 3339 in UTC with milliseconds: "2026-11-22T13:03:27.123Z". */
void human_time_utc(struct strbuf *out, uint64_t realtime_ns);
