/* The parts of the block: each adds its rows, or none if nothing is known. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "oom/explain_rows.h"
#include "oom/kill.h"

/* explain_domain.c: what ran out and whose it is; the machine around it. */
void explain_domain(struct explain *x, const struct kill *k);
void explain_machine(struct explain *x, const struct kill *k);

/* Items for pod, container and unit, except what TOLD (or NULL) or the end of PATH says already. */
void explain_container(struct explain *x, const struct kill_container *c,
		       const struct kill_container *told, const char *path);

/* explain_allocation.c: what was asked for, and by whom. */
void explain_allocation(struct explain *x, const struct kill *k);

/* explain_victim.c: who was killed and why, who died with it. */
void explain_victim(struct explain *x, const struct kill *k);

/* Of that, the rows which tell of the victim alone: its points' parts, its memory, whose it is. */
#define EXPLAIN_BELOW_VICTIM 7 /* where they begin */
void explain_victim_rows(struct explain *x, const struct kill *k);

/* explain_course.c */
void explain_course(struct explain *x, const struct kill *k);

/* explain_advice.c: one line at most. */
void explain_advice(struct explain *x, const struct kill *k);

/* What a process held, swap and page tables included; KILL_UNKNOWN if its RSS is. */
uint64_t explain_held(const struct kill_process *p);

/* Bytes in a page on the machine of the kill, which need not be this one. */
uint64_t explain_page_size(const struct kill *k);
