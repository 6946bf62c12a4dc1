#include "victim/victims.h"

#include <errno.h>
#include <string.h>

#include "proc/clock.h"

/* The mark follows the signal within milliseconds; without one it was no OOM kill. */
#define MARK_TIMEOUT_NS 5000000000ull
/* The same where all kills are of interest, so that somebody waits for the line. */
#define OOM_TIMEOUT_NS 1000000000ull
/*
 * When all threads of a victim have gone and part of its list is left: one of them may still be on
 * its last steps, for it was counted down before. Longer, where one is known to walk.
 */
#define LAST_STEPS_NS 100000000ull
#define LAST_WALK_NS 5000000000ull
#define FINISHED 64

struct entry {
	struct entry *next;
	struct victim *victim;
	uint64_t id;
	bool settled;
};

struct victims {
	struct known_binaries *known;
	struct entry *entries;
	struct entry *last; /* the one that the last bucket was of, or NULL */
	uint64_t finished[FINISHED];
	size_t finished_count;
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

static struct entry *find_id(struct victims *victims, uint64_t id)
{
	struct entry *e = victims->last;

	if (e && e->id == id)
		return e;
	for (e = victims->entries; e && e->id != id; e = e->next)
		;
	if (e)
		victims->last = e;
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
	e->id = oomprof_id(p);
	e->next = victims->entries;
	victims->entries = e;
	return e->victim;
}

static int on_kill(struct victims *victims, const struct oomprof_kill *kill,
		   const struct loadavg *load, const struct named_values *more)
{
	struct victim *v;
	int r;

	if (kill->sent > OOMPROF_SENT_BY_KERNEL)
		return -EBADMSG;
	/* The OOM killer marks other threads of a victim too, if they ask for memory as they end.
	 */
	if (!find(victims, &kill->process) && victims_finished(victims, oomprof_id(&kill->process)))
		return 0;
	v = find_or_add(victims, &kill->process);
	if (!v)
		return -ENOMEM;
	/* The first to kill it has killed it. But the OOM killer's signal is told of twice. */
	if (v->killed && (v->sent != OOMPROF_SENT_BY_KERNEL || kill->sent != OOMPROF_SENT_BY_OOM))
		return 0;
	v->killed = true;
	v->sent = kill->sent;
	v->kill = kill->event;
	v->faceless = !kill->key.inode;
	v->load = *load;
	if (!v->killed_ns)
		v->killed_ns = kill->event.time_ns;
	memcpy(v->comm, kill->event.victim_comm, OOMKILL_COMM_SIZE);
	v->comm[OOMKILL_COMM_SIZE - 1] = '\0';
	victim_add_more(v, more);
	if (v->binary)
		return 0;
	v->not_go = kill->not_go;
	if (v->not_go)
		return 0;
	/* A program too young to have been looked into may still be there. */
	r = known_binaries_learn(victims->known, (pid_t)kill->process.pid, &kill->key, &v->binary);
	v->not_go = r == BINARY_NOT_GO;
	return r == -ENOMEM ? r : 0;
}

/*
 * Where the page of MemProfileRate could not be read: what the file has there. Hardly any program
 * changes it, so the page is clean, and is the first to go when memory runs out.
 */
static int64_t rate_in_file(const struct go_binary *binary)
{
	const int64_t usual = 512 << 10;
	struct elf_image *image;
	int64_t rate = 0;

	if (elf_image_open_fd(binary->fd, NULL, &image) < 0)
		return usual;
	if (elf_image_read(image, binary->mem_profile_rate, &rate, sizeof(rate)) < 0)
		rate = 0;
	elf_image_close(image);
	return rate > 0 ? rate : usual; /* Go 1.19 sets it when the program starts */
}

static int on_begin(struct victims *victims, const struct oomprof_begin *begin,
		    const struct named_values *more)
{
	const struct known_binary *binary = known_binaries_find(victims->known, &begin->key);
	struct victim *v = find_or_add(victims, &begin->process);
	int64_t rate = begin->rate;

	if (!v)
		return -ENOMEM;
	if (v->begun)
		return 0; /* by two threads at once: the same */
	if (!binary || !known_binary_readable(binary))
		return -EBADMSG;
	victim_add_more(v, more);
	v->begun = true;
	v->binary = binary;
	v->not_go = false;
	v->killed_ns = begin->killed_ns;
	v->walk.began_ns = begin->time_ns;
	v->runtime_bytes = begin->runtime;
	v->cycle = begin->cycle;
	memcpy(v->comm, begin->comm, OOMKILL_COMM_SIZE);
	v->comm[OOMKILL_COMM_SIZE - 1] = '\0';
	if (!(begin->runtime.known & OOMPROF_KNOWS_RATE))
		rate = rate_in_file(binary->binary);
	v->error = victim_begin(v, begin->bias, rate);
	return v->error;
}

static int on_end(struct victims *victims, const struct oomprof_end *end,
		  const struct named_values *more)
{
	struct entry *e = find(victims, &end->process);
	struct victim *v = e ? e->victim : NULL;

	/* It can come when the victim was handed over, if its last thread took too long. */
	if (!v || !v->begun)
		return 0;
	victim_add_more(v, more);
	v->buckets.cut += end->cut;
	v->buckets.unreadable += end->unreadable;
	v->buckets.damaged += end->damaged;
	v->buckets.lost += end->lost;
	v->buckets.heads_unread += end->heads_unread;
	if (end->goroutines) {
		v->runtime_bytes.goroutines = end->goroutines;
		v->runtime_bytes.known |= OOMPROF_KNOWS_GOROUTINES;
	}
	v->walk.threads += end->read || !v->walk.threads;
	v->walk.longest_ns = MAX(v->walk.longest_ns, (uint64_t)end->held_ns);
	v->walk.total_ns += end->held_ns;
	v->walk.broken |= end->flags & OOMPROF_END_BROKEN;
	v->walk.others = end->walkers > 0;
	v->walk.changed_ns = clock_monotonic_ns();
	v->ended |= end->flags & OOMPROF_END_FINAL;
	return 0;
}

static int on_exit_of(struct victims *victims, const struct oomprof_exit *gone,
		      const struct named_values *more)
{
	struct entry *e = find(victims, &gone->process);

	if (!e)
		return 0;
	victim_add_more(e->victim, more);
	e->victim->exited = true;
	e->victim->start_unreadable = gone->unreadable && !gone->begun;
	e->victim->walk.others = gone->walkers > 0;
	e->victim->walk.changed_ns = clock_monotonic_ns();
	return 0;
}

bool victims_follow(const struct victims *victims, const void *record, size_t size)
{
	const struct oomprof_exit *gone = record;
	const struct oomprof_end *end = record;
	const struct entry *e;

	if (size >= sizeof(*end) && end->kind == OOMPROF_END) {
		e = find(victims, &end->process);
		return e ? e->victim->begun : victims_finished(victims, oomprof_id(&end->process));
	}
	if (size >= sizeof(*gone) && gone->kind == OOMPROF_EXIT)
		return find(victims, &gone->process) ||
		       victims_finished(victims, oomprof_id(&gone->process));
	return true;
}

int victims_event(struct victims *victims, const void *record, size_t size,
		  const struct loadavg *load, const struct named_values *more)
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
		return on_kill(victims, record, load, more);
	case OOMPROF_BEGIN:
		return on_begin(victims, record, more);
	case OOMPROF_END:
		return on_end(victims, record, more);
	case OOMPROF_EXIT:
		return on_exit_of(victims, record, more);
	}
	return 0;
}

bool victims_expects(struct victims *victims, const void *record, size_t size)
{
	const uint64_t *id = record;
	struct entry *e = size < sizeof(*id) ? NULL : find_id(victims, *id);

	return e && e->victim->profile;
}

/* A bucket as it came, of so many bytes. */
static int decode(const struct oomprof_bucket *b, size_t size, struct heap_bucket *ret)
{
	const __u64 *records;

	if (b->held > OOMPROF_FRAMES || b->held > b->depth || b->depth > OOMPROF_FRAMES_SANE ||
	    size < OOMPROF_BUCKET_BYTES(b->held))
		return -EBADMSG;
	*ret = (struct heap_bucket){
		.hash = b->hash,
		.size = b->size,
		.depth = b->depth,
		.held = b->held,
		.stack = (const uint64_t *)b->words,
	};
	records = b->words + b->held;
	for (int i = 0; i < HEAP_RECORDS; i++)
		ret->records[i] = (struct heap_counts){
			.allocs = records[2 * i],
			.frees = records[2 * i + 1],
			.alloc_bytes = records[2 * i] * b->size,
			.free_bytes = records[2 * i + 1] * b->size,
		};
	return heap_bucket_intact(ret) ? 0 : -EBADMSG;
}

int victims_bucket(struct victims *victims, const void *record, size_t size)
{
	const struct oomprof_bucket *b = record;
	struct heap_bucket bucket;
	struct entry *e;
	int r;

	if (size < OOMPROF_BUCKET_BYTES(0))
		return -EBADMSG;
	e = find_id(victims, b->victim);
	if (!e || !e->victim->profile)
		return -ENOENT;
	r = decode(b, size, &bucket);
	if (r == 0)
		r = heap_profile_add(e->victim->profile, &bucket);
	if (r == 0)
		e->victim->buckets.read++;
	else if (r == -EBADMSG)
		e->victim->buckets.damaged++;
	else
		e->victim->buckets.lost++;
	return r;
}

/* Nothing more will be walked. */
static bool is_over(const struct victim *v)
{
	uint64_t limit = v->walk.others ? LAST_WALK_NS : LAST_STEPS_NS;

	return v->ended || (v->exited && clock_monotonic_ns() - v->walk.changed_ns > limit);
}

void victims_settle(struct victims *victims)
{
	for (struct entry *e = victims->entries; e; e = e->next)
		e->settled = is_over(e->victim);
}

/* A walk is to be expected, as soon as one of its threads takes the signal. */
static bool may_begin(const struct victim *v)
{
	return v->faceless || (v->binary && known_binary_readable(v->binary));
}

size_t victims_count(const struct victims *victims)
{
	size_t n = 0;

	for (const struct entry *e = victims->entries; e; e = e->next)
		n++;
	return n;
}

bool victims_awaited(const struct victims *victims)
{
	for (const struct entry *e = victims->entries; e; e = e->next) {
		const struct victim *v = e->victim;

		if (v->begun ? !is_over(v) : v->killed && !v->exited && may_begin(v))
			return true;
	}
	return false;
}

bool victims_walking(const struct victims *victims)
{
	for (const struct entry *e = victims->entries; e; e = e->next)
		if (e->victim->begun && !e->victim->ended && !e->victim->exited)
			return true;
	return false;
}

bool victims_finished(const struct victims *victims, uint64_t id)
{
	for (size_t i = 0; i < FINISHED; i++)
		if (victims->finished[i] == id)
			return true;
	return false;
}

/* It is clear who has killed it: the OOM killer would have said so by now. */
static bool is_judged(const struct victim *v)
{
	return v->killed && (v->sent != OOMPROF_SENT_BY_KERNEL ||
			     clock_monotonic_ns() - v->seen_ns > OOM_TIMEOUT_NS);
}

/* Nothing more is to come: every bucket, or no walk that could bring any. */
static bool is_done(const struct entry *e)
{
	const struct victim *v = e->victim;

	if (!is_judged(v))
		return false;
	return v->begun ? e->settled : v->exited || !may_begin(v);
}

static bool is_stray(const struct victim *v)
{
	return !v->killed && clock_monotonic_ns() - v->seen_ns > MARK_TIMEOUT_NS;
}

/* Of programs that are not Go only those are told of that the OOM killer takes. */
static bool is_of_interest(const struct victim *v)
{
	return v->killed && (victim_of_oom(v) || v->binary || !v->not_go);
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
		victims->last = NULL;
		victims->finished[victims->finished_count++ % FINISHED] = e->id;
		free(e);
		v->buckets.more = v->begun && (v->walk.broken || !v->ended);
		if (is_of_interest(v))
			return v;
		victim_free(v);
	}
	return NULL;
}
