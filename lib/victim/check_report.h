/* What --check has found out, for people and for programs. */
#pragma once

#include "output/json_writer.h"
#include "victim/check.h"

/* Append a block of lines; the last one is the verdict, which is not UNKNOWN. 0 or -ENOMEM. */
int check_report_text(const struct check *c, struct strbuf *out);

/* The same as members of W. */
void check_report_json(const struct check *c, struct json_writer *w);
