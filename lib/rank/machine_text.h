/* The texts in which the kernel tells of processes, zones and cgroups. All of it is foreign: a
 * captured machine may hold anything. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of /proc/PID/status (fs/proc/array.c, fs/proc/task_mmu.c). */
struct status_text {
	uint32_t uid, threads;
	bool has_memory; /* the Vm lines are there: the task has an mm */
	uint64_t anon_kib, file_kib, shmem_kib, swap_kib, pgtables_kib;
	uint64_t memory_nodes; /* Mems_allowed, of the first 64 */
};

/* 0, or -EBADMSG. */
int status_text_parse(const char *text, struct status_text *ret);

/* Pages present in each of the first 64 nodes, of /proc/zoneinfo (mm/vmstat.c), are added to PAGES;
 * NODES gets the bits of those that have any. */
void zoneinfo_text_parse(const char *text, uint64_t pages[64], uint64_t *nodes);

/* The number behind NAME and a blank, of a line of memory.stat or memory.oom_control; or -ENOENT.
 */
int stat_text_find(const char *text, const char *name, uint64_t *ret);

/* A limit as a cgroup's files have it. False: none ("max", or v1's 2^63). Else RET has it. */
bool limit_text_parse(const char *text, uint64_t *ret);

/* "0-3,8" as bits, of the first 64; or -EBADMSG. (A list of CPUs or nodes, lib/bitmap-str.c.) */
int list_text_parse(const char *text, uint64_t *ret);
