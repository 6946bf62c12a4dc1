/*
 * From the kernel's records (bpf-src/oomkill.h) to a struct kill, with what can be read around
 * them: paths of cgroups, names of containers, load, pressure, command lines. What cannot be read
 * stays unknown. All return 0 or -ENOMEM.
 */
#pragma once

#include "bpf-src/oomkill.h"
#include "bpf/flag_names.h"
#include "oom/kill.h"
#include "proc/loadavg.h"

/* What the record of the chosen victim itself says; the cgroups' paths are looked up. */
int kill_gather_event(struct kill *k, const struct oomkill_event *e);

/* Which containers, pods and units the two cgroups are, from their paths and the node's files. */
int kill_gather_containers(struct kill *k, const char *root);

/* The allocation's flags in words. */
int kill_gather_gfp(struct kill *k, const struct flag_names *names);

/* The load averages that were read just after the kill. */
int kill_gather_loadavg(struct kill *k, const struct loadavg *load);

/* The machine as it is now, with its load averages. ROOT stands before every path that is read: ""
 * but in tests. */
int kill_gather_machine(struct kill *k, const char *root);

/*
 * The command lines of victim and trigger, if they are still there, are the same processes, and
 * these lines are in memory.
 */
int kill_gather_command_lines(struct kill *k);

/* One that dies with the victim. */
int kill_gather_member(struct kill *k, const struct oomkill_event *e);

/* What follows the record of the chosen; containers are told anew if it knows a path better. */
int kill_gather_detail(struct kill *k, const char *root, const struct oomkill_detail *d);

/* The same of a member of K. */
int kill_gather_member_detail(struct kill_process *p, const struct kill *k,
			      const struct oomkill_detail *d);

/* The command line of a victim or member, as the kernel has found it. */
int kill_gather_arguments(struct kill_process *p, const struct oomkill_arguments *a);

/* A step of the chosen victim's end. */
void kill_gather_step(struct kill *k, const struct oomkill_step *s);

/* What the memcg that ran out allows without swap; KILL_UNKNOWN: another domain, no limit. */
uint64_t kill_memcg_limit(const struct oomkill_event *e);
