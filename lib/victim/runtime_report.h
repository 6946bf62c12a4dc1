/*
 * What the Go runtime of a victim knew: its collections, its heap, its limits. One wording for the
 * terminal and for the profile's comments.
 */
#pragma once

#include "output/json_writer.h"
#include "victim/victim.h"

/*
 * Append the lines, each with a newline, that everyone should read: that no memory limit was set,
 * or one above what there was. Often none.
 */
void runtime_report_advice(const struct victim *v, struct strbuf *out);

/* Append all that is known, in a few lines. */
void runtime_report_details(const struct victim *v, struct strbuf *out);

/* The same as members of W; what is not known is null. */
void runtime_report_json(const struct victim *v, struct json_writer *w);
