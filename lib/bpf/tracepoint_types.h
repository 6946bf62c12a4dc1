/*
 * libbcc makes a struct of a tracepoint's format file and spells the types of its members as the
 * kernel's source does (gfp_t, enum zone_type). A text that attaches to the tracepoint needs these
 * types although it does not name them.
 */
#pragma once

#include "base/strbuf.h"

/* Append "(TYPE)\n" to OUT for each field of a format file. */
void tracepoint_types_of_format(const char *format, struct strbuf *out);

/*
 * The same for each tracepoint that TEXT attaches to by a function tracepoint__CATEGORY__EVENT or
 * by libbcc's TRACEPOINT_PROBE(CATEGORY, EVENT). One whose format cannot be read is left to libbcc
 * to complain about.
 */
void tracepoint_types_of_text(const char *text, struct strbuf *out);
