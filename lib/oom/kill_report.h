/* One OOM kill, as a line for people and as a JSON object. */
#pragma once

#include <stdbool.h>

#include "bpf-src/oomkill.h"
#include "base/strbuf.h"
#include "output/json_writer.h"
#include "proc/loadavg.h"

/*
 * Append bcc oomkill's line and a newline:
 *   HH:MM:SS Triggered by PID n ("comm"), OOM kill of PID n ("comm"), N pages, loadavg: a b c r/t
 * last N is the domain's size (event.totalpages), "n/a" where the kernel did not let us see it.
 * With DATE the full date and milliseconds. Names are made harmless (text_display).
 */
int kill_report_line(const struct oomkill_event *e, const struct loadavg *load, bool date,
		     struct strbuf *out);

/* Everything that the event carries, as members of W; what is unknown is null. */
int kill_report_json(const struct oomkill_event *e, const struct loadavg *load,
		     struct json_writer *w);

/* Of these, what holds of a victim whoever has killed it: neither trigger nor domain. */
void kill_report_victim_json(const struct oomkill_event *e, const struct loadavg *load,
			     struct json_writer *w);
