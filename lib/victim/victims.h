/*
 * The victims on their way: what the kernel side tells, put together. Several at once are the
 * normal case (a group kill, two cgroups, a machine out of memory). Events of one victim come on
 * two rings, so whoever drains them calls in this order, again and again: events of the control
 * ring, victims_settle(), buckets of the other ring, victims_take().
 */
#pragma once

#include "victim/victim.h"

struct victims;

/* KNOWN must outlive it. 0 or -ENOMEM. */
int victims_new(struct known_binaries *known, struct victims **ret);
void victims_free(struct victims *victims);

/*
 * Take one event of the control ring: OOMPROF_KILL, _BEGIN, _END, _EXIT; others are ignored. LOAD
 * is the present load, for a kill; MORE: what the probe's text has added to the record (NULL:
 * nothing). 0, -EBADMSG for a record that makes no sense, -ENOMEM.
 */
int victims_event(struct victims *victims, const void *record, size_t size,
		  const struct loadavg *load, const struct named_values *more);

/* Has what comes before this event of the control ring been taken? False: the end of what has not
 * begun. It can be on another ring while the probe is swapped. */
bool victims_follow(const struct victims *victims, const void *record, size_t size);

/* Is there a victim that this bucket belongs to? If not, its OOMPROF_BEGIN has yet to be read. */
bool victims_expects(struct victims *victims, const void *record, size_t size);

/* Take one record of the bucket ring. 0, -ENOENT: no such victim, -EBADMSG, -ENOMEM; the last two
 * are counted. */
int victims_bucket(struct victims *victims, const void *record, size_t size);

/* From here on, a victim whose last OOMPROF_END was seen has all its buckets on the ring. */
void victims_settle(struct victims *victims);

/* How many are on their way. */
size_t victims_count(const struct victims *victims);

/* Is there a victim whose walk is under way, or is to come as soon as it takes the signal? */
bool victims_awaited(const struct victims *victims);

/* Is there a victim whose buckets are coming just now? */
bool victims_walking(const struct victims *victims);

/* Is this the oomprof_id() of one of the last victims that were taken or dropped? */
bool victims_finished(const struct victims *victims, uint64_t id);

/*
 * A victim that is complete, or of which nothing more can come; the caller finishes and frees it.
 * NULL: none. With ALL, those still under way too. Killed by the kernel but not by the OOM killer:
 * dropped here, silently.
 */
struct victim *victims_take(struct victims *victims, bool all);
