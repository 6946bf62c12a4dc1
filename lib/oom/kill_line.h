/* A kill as one line for people: that of bcc's oomkill. */
#pragma once

#include "base/strbuf.h"
#include "oom/kill_columns.h"

/*
 * Append the line and a newline:
 *   HH:MM:SS Triggered by PID n ("comm"), OOM kill of PID n ("comm"), N pages, loadavg: a b c r/t l
 * where N is the domain's size, not the victim's. With DATE the full date and milliseconds. The
 * time is local. COLUMNS follow; NULL: the further members of an edited probe, if there are any.
 * What is unknown is "n/a"; names are made harmless (text_display). 0 or -ENOMEM.
 */
int kill_line(const struct kill *k, bool date, const struct kill_columns *columns,
	      struct strbuf *out);
