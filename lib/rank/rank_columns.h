/*
 * What may stand at the end of a process's row: what is told of it as JSON (rank_json.h), and what
 * an edited probe tells besides. A choice is one of column_choice.h: 0 is what the probe tells.
 */
#pragma once

#include "output/column_choice.h"
#include "rank/rank_report.h"

#define RANK_COLUMNS_NONE (UINT64_C(1) << 63) /* none at all */

/* How many there are. MORE: names of what the probe tells, NULL at the end; or NULL. */
size_t rank_columns(const char *const *more, struct column_about ret[COLUMN_CHOICE_MOST]);

/* What CHOSEN shows. */
uint64_t rank_columns_shown(uint64_t chosen, const char *const *more);

/* The same where the probe tells something else by now. */
uint64_t rank_columns_as(uint64_t chosen, const char *const *more, const char *const *now);

/* The columns that P has chosen, as values with names. 0 or -ENOMEM. */
int rank_columns_values(const struct rank_report *p, size_t row, struct named_values *ret);
