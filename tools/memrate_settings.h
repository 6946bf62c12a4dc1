/*
 * What memrate shows, as it can be chosen at the start and, from a console, while it runs. Each is
 * 0, or -errno with the reason in WHY and all as it was; texts are copied.
 */
#pragma once

#include "base/strbuf.h"
#include "tools/memrate.h"

extern const char *const memrate_by_names[]; /* as enum rate_by */

/* The command line, as a whole: -1 to go on, or the exit status. */
int memrate_understand(struct memrate *m, char *const operands[], int n);

int memrate_set_interval(struct memrate *m, const char *seconds, struct strbuf *why);
/* What rows are sorted by, one of rate_table_sorts(); or only whether it is one. */
int memrate_set_sort(struct memrate *m, const char *name, struct strbuf *why);
int memrate_check_sort(const struct memrate *m, const char *name, struct strbuf *why);
int memrate_set_columns(struct memrate *m, const char *names, struct strbuf *why);

/* NULL: any. */
int memrate_filter_name(struct memrate *m, const char *comm, struct strbuf *why);
int memrate_filter_cgroup(struct memrate *m, const char *path, struct strbuf *why);
int memrate_filter_pid(struct memrate *m, const char *pids, struct strbuf *why);

void memrate_texts_free(struct memrate *m);
