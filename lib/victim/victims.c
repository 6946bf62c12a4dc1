#include "victim/victims.h"

#include <errno.h>
#include <string.h>

#include "proc/clock.h"

/* The mark follows the signal within milliseconds; without one it was no OOM kill. */
#define MARK_TIMEOUT_NS 5000000000ull

struct entry {
	struct entry *next;
	struct victim *victim;
	bool settled;
};

struct victims {
	struct known_binaries *known;
	struct entry *entries;
};

int victims_new(struct known_binaries *known, struct victims **ret)
{
	struct victims *v = calloc(1, sizeof(*v));

	if (!v)
		return -ENOMEM;
	v->known = known;
	*ret = v;
	return 0;
}

void victims_free(struct victims *victims)
{
	struct entry *e, *next;

	if (!victims)
		return;
	for (e = victims->entries; e; e = next) {
		next = e->next;
		victim_free(e->victim);
		free(e);
	}
	free(victims);
}

static struct entry *find(const struct victims *victims, const struct oomprof_process *p)
{
	struct entry *e = victims->entries;

	while (e &&
	       (e->victim->process.pid != p->pid || e->victim->process.start_ns != p->start_ns))
		e = e->next;
	return e;
}

static struct victim *find_or_add(struct victims *victims, const struct oomprof_process *p)
{
	struct entry *e = find(victims, p);

	if (e)
		return e->victim;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->victim = victim_new(p);
	if (!e->victim) {
		free(e);
		return NULL;
	}
	e->next = victims->entries;
	victims->entries = e;
	return e->victim;
}

static int on_kill(struct victims *victims, const struct oomprof_kill *kill,
		   const struct loadavg *load)
{
	struct victim *v = find_or_add(victims, &kill->process);
	int r;

	if (!v)
		return -ENOMEM;
	if (v->marked)
		return 0;
	v->marked = true;
	v->kill = kill->event;
	v->load = *load;
	if (!v->killed_ns)
		v->killed_ns = kill->event.time_ns;
	memcpy(v->comm, kill->event.victim_comm, OOMKILL_COMM_SIZE);
	v->comm[OOMKILL_COMM_SIZE - 1] = '\0';
	v->not_go = kill->not_go;
	if (v->binary || v->not_go)
		return 0;
	/* A program too young to have been looked into may still be there. */
	r = known_binaries_learn(victims->known, (pid_t)kill->process.pid, &kill->key, &v->binary);
	v->not_go = r == BINARY_NOT_GO;
	return r == -ENOMEM ? r : 0;
}

static int on_begin(struct victims *victims, const struct oomprof_begin *begin)
{
	const struct known_binary *binary = known_binaries_find(victims->known, &begin->key);
	struct victim *v = find_or_add(victims, &begin->process);

	if (!v)
		return -ENOMEM;
	if (v->begun || !binary || !known_binary_readable(binary))
		return -EBADMSG;
	v->begun = true;
	v->binary = binary;
	v->killed_ns = begin->killed_ns;
	v->runtime_bytes = begin->runtime;
	v->cycle = begin->cycle;
	memcpy(v->comm, begin->comm, OOMKILL_COMM_SIZE);
	v->comm[OOMKILL_COMM_SIZE - 1] = '\0';
	v->error = victim_begin(v, begin->bias, begin->rate);
	return v->error;
}

static int on_end(struct victims *victims, const struct oomprof_end *end)
{
	struct entry *e = find(victims, &end->process);
	struct victim *v = e ? e->victim : NULL;

	if (!v || !v->begun)
		return -EBADMSG;
	v->ended = true;
	v->buckets.cut = end->cut;
	v->buckets.unreadable = end->unreadable;
	v->buckets.lost += end->lost; /* besides those there was no memory for */
	v->buckets.more = end->stop == OOMPROF_STOP_LIMIT;
	return 0;
}

static int on_exit_of(struct victims *victims, const struct oomprof_exit *gone)
{
	struct entry *e = find(victims, &gone->process);

	if (e)
		e->victim->exited = true;
	return 0;
}

int victims_event(struct victims *victims, const void *record, size_t size,
		  const struct loadavg *load)
{
	static const size_t sizes[] = {
		[OOMPROF_KILL] = sizeof(struct oomprof_kill),
		[OOMPROF_BEGIN] = sizeof(struct oomprof_begin),
		[OOMPROF_END] = sizeof(struct oomprof_end),
		[OOMPROF_EXIT] = sizeof(struct oomprof_exit),
	};
	const __u32 *kind = record;

	if (size < sizeof(*kind) || *kind >= ARRAY_SIZE(sizes))
		return -EBADMSG;
	if (size < sizes[*kind])
		return -EBADMSG;
	switch (*kind) {
	case OOMPROF_KILL:
		return on_kill(victims, record, load);
	case OOMPROF_BEGIN:
		return on_begin(victims, record);
	case OOMPROF_END:
		return on_end(victims, record);
	case OOMPROF_EXIT:
		return on_exit_of(victims, record);
	}
	return 0;
}

bool victims_expects(const struct victims *victims, const void *record, size_t size)
{
	struct entry *e = size < sizeof(struct oomprof_process) ? NULL : find(victims, record);

	return e && e->victim->profile;
}

int victims_bucket(struct victims *victims, const void *record, size_t size)
{
	const struct oomprof_bucket *b = record;
	struct heap_bucket bucket;
	struct entry *e;
	int r;

	if (size < OOMPROF_BUCKET_BYTES(0, 0))
		return -EBADMSG;
	e = find(victims, &b->process);
	if (!e || !e->victim->profile)
		return -ENOENT;
	if (b->held > OOMPROF_FRAMES || b->records_size > 8 * OOMPROF_RECORD_WORDS ||
	    size < OOMPROF_BUCKET_BYTES(b->held, b->records_size))
		return -EBADMSG;
	r = heap_bucket_decode(b->words, (const uint64_t *)b->words + OOMPROF_HEADER_WORDS, b->held,
			       b->words + OOMPROF_HEADER_WORDS + b->held,
			       b->records_size / HEAP_RECORDS, &bucket);
	if (r == 0 && !heap_bucket_intact(&bucket))
		r = -EBADMSG;
	if (r == 0)
		r = heap_profile_add(e->victim->profile, &bucket);
	if (r == 0)
		e->victim->buckets.read++;
	else if (r == -ENOMEM)
		e->victim->buckets.lost++;
	else
		e->victim->buckets.damaged++;
	return r;
}

void victims_settle(struct victims *victims)
{
	for (struct entry *e = victims->entries; e; e = e->next)
		e->settled = e->victim->ended;
}

bool victims_awaited(const struct victims *victims)
{
	for (const struct entry *e = victims->entries; e; e = e->next) {
		const struct victim *v = e->victim;
		bool may_begin = v->marked && v->binary && known_binary_readable(v->binary);

		if (!v->ended && !v->exited && (v->begun || may_begin))
			return true;
	}
	return false;
}

/* Nothing more is to come: every bucket, or no walk that could bring any. */
static bool is_done(const struct entry *e)
{
	const struct victim *v = e->victim;

	if (v->begun)
		return e->settled && v->marked;
	return v->marked && (v->exited || !v->binary || !known_binary_readable(v->binary));
}

static bool is_stray(const struct victim *v)
{
	return !v->marked && clock_monotonic_ns() - v->seen_ns > MARK_TIMEOUT_NS;
}

struct victim *victims_take(struct victims *victims, bool all)
{
	struct entry **link = &victims->entries;

	while (*link) {
		struct entry *e = *link;
		struct victim *v = e->victim;
		bool done = is_done(e), stray = is_stray(v);

		if (!done && !stray && !all) {
			link = &e->next;
			continue;
		}
		*link = e->next;
		free(e);
		if (v->marked)
			return v;
		victim_free(v);
	}
	return NULL;
}
