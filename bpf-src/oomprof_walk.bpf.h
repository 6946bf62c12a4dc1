/*
 * The walk over the buckets of one victim, by any number of its threads, each on its way out.
 *
 * The list from runtime.mbuckets on is walked until its end. A thread whose time is over, or that
 * finds the ring full, puts its place back (segments), and a later thread goes on from there. On
 * many CPUs the threads come at the same instant and none later: then those that find a large
 * profile being walked take part from places in the middle, which they find through the runtime's
 * hash table (runtime.buckhash: 179,999 chains). Where the list is broken (a page that cannot be
 * read, or a corrupt link) all chains are gone through for what lies behind. Without bpf_loop()
 * (before Linux 5.17) there are too few steps for that: the walk ends there.
 *
 * So that no bucket is sent twice, whoever takes one sets a bit for it before (claims). A walk ends
 * where it meets a set bit.
 */

#define HEADS 179999	      /* buckHashSize, runtime/mprof.go, Go 1.18 to 1.27 */
#define HEADS_AT_ONCE 64      /* 512 bytes: never across a page, as the table begins on one */
#define CHAIN_MOST 65536      /* a longer chain is a circle */
#define TRIES 64	      /* places in the middle that are looked at before a thread leaves */
#define SAMPLE 32	      /* heads that tell how large a profile is */
#define SAMPLE_LARGE 4	      /* so many of them in use: some 24,000 buckets */
#define WALKERS_MOST 4	      /* at a time */
#define SEGMENTS 32	      /* that wait; more than can be left over by WALKERS_MOST threads */
#define PATIENCE_NS 10000000  /* with a full ring; by then the reader has come, or cannot */
#define STEPS_PER_LOOK 32     /* at the clock */
#define GOROUTINES_AT_ONCE 64 /* whose addresses are read together */
#define GOROUTINES_PART 4     /* of the first thread's time goes to them at most */
#define STEPS_MOST (8u << 20)

#define MEM_PROFILE 1 /* bucket types, runtime/mprof.go */
#define MUTEX_PROFILE 3
#define HEADER_WORDS 6
enum { NEXT, ALLNEXT, TYP, HASH, SIZE, NSTK };

/* A 64-bit number that several CPUs change. Each gives the value from before. */
#ifdef HAVE_ATOMIC_FETCH
#define FETCH_ADD(p, v) __sync_fetch_and_add(p, v)
#define FETCH_OR(p, v) __sync_fetch_and_or(p, v)
#define FETCH_AND(p, v) __sync_fetch_and_and(p, v)
#define EXCHANGE(p, v) __sync_lock_test_and_set(p, v)
#else
/* Before Linux 5.12. There the walk runs under the victim's siglock: one thread at a time. */
#define FETCH_ADD(p, v) plainly(p, old_ + (v))
#define FETCH_OR(p, v) plainly(p, old_ | (v))
#define FETCH_AND(p, v) plainly(p, old_ &(v))
#define EXCHANGE(p, v) plainly(p, v)
#define plainly(p, new)          \
	({                       \
		u64 old_ = *(p); \
		*(p) = new;      \
		old_;            \
	})
#endif

/* In walk_state.work: threads that walk, and above them the parts that wait for one. */
#define WALKER 1ull
#define PENDING (1ull << 32)
#define HEAD_SEGMENT (1ull << 63) /* not a bucket, but an index into the hash table */

/* Of one victim; user space deletes it when the process has gone. */
struct walk_state {
	u64 id;
	u64 work;
	u64 begun;     /* user space has been told */
	u64 heads;     /* address of the hash table's heads; 0 not known */
	u64 next_head; /* of those that are to be gone through */
	u64 rescue;    /* the list is broken: they are */
	u64 dropped;   /* a part found no place to wait */
	u64 arrived;   /* threads that have come */
	u64 threads;   /* there were when the first one came */
	u64 killed_ns;
	u32 records_size;
	u32 swapped; /* it has memory in swap, as far as the kernel's rough count says */
	u64 segments[SEGMENTS];
};
BPF_HASH(walks, struct oomprof_process, struct walk_state, 512);

struct claim_bits {
	u64 words[16];
};
/* 512 MiB of buckets. Beyond, one thread goes on without. User space deletes those of the dead. */
BPF_HASH(claims, struct oomprof_claim, struct claim_bits, 8192);
#define CLAIM_START \
	(1ull << 63) /* in oomprof_claim.region: not a region but where somebody began */

/* Those of a victim, while they are counted: see oomprof_goroutines.bpf.h. */
struct goroutines {
	u64 part[GOROUTINES_AT_ONCE]; /* addresses of some */
	u64 address;		      /* of the addresses of those that follow */
	u64 left, alive, deadline_ns;
	u64 status; /* offset of that in a struct g */
};

/* Of one thread that walks. In a map, as it is too large for the stack. */
struct walk {
	u64 busy;
	struct oomprof_process process;
	struct walk_state fresh; /* of a new victim; segments stay zero */
	struct claim_bits none;	 /* stays zero */
	u64 id, killed_ns, began_ns, deadline_ns;
	u64 address; /* of the bucket to take now; 0: look for one */
	u64 chain;   /* of a bucket in the chain that is looked through; 0: the next chain */
	u64 current; /* of the bucket that waits for room in the ring */
	u64 waiting_since_ns;
	u64 read, cut, unreadable, damaged, lost, heads_unread;
	u64 heads[HEADS_AT_ONCE];
	u32 head, head_end; /* chains to look through: their heads are in heads[] */
	u32 chain_length, tries, slot, steps, sent, flags;
	u32 records_size, swapped, held;
	u32 guess;     /* bytes that the next bucket may have */
	u32 got;       /* of these: read */
	u32 in_two;    /* the one at w->current is to be read in two */
	u32 bytes;     /* of the record that waits; 0 none */
	u32 first;     /* it found nobody else walking: it may wait for the reader */
	u32 from_head; /* it began with the newest bucket */
	u32 met_first; /* the first bucket of a segment may be taken already */
	u32 unclaimed; /* there are no more bits to set */
	u32 counting;  /* the ring is full, and nobody comes later: only count */
	u64 words[HEADER_WORDS + OOMPROF_FRAMES + 16];
	struct goroutines goroutines;
};
BPF_PERCPU_ARRAY(walk, struct walk, 1);

static inline u64 setting(int index)
{
	u64 *value = settings.lookup(&index);

	return value ? *value : 0;
}

/* How many threads there are, but for a first one that has ended before all others. */
static inline u64 threads_of(struct task_struct *task)
{
	struct signal_struct *signal = RD(task->signal);
	struct task_struct *leader = RD(task->group_leader);

	return RD(signal->nr_threads) - (leader != task && RD(leader->exit_state) != 0);
}

/*
 * Threads of the victim that have still to come, so that they can go on. Not signal->live: that is
 * counted down before a thread comes here, and some wait a while in between.
 */
static inline s64 others_of(struct walk_state *state)
{
	return (s64)(state->threads - state->arrived);
}

static inline struct claim_bits *claim_of(struct walk *w, u64 address, bool make)
{
	struct oomprof_claim key = {.victim = w->id, .region = address >> 16};
	struct claim_bits *bits = claims.lookup(&key);

	if (bits || !make)
		return bits;
	claims.insert(&key, &w->none);
	return claims.lookup(&key);
}

/* Is the bucket free? With MAKE it is taken by that. */
static inline bool is_free(struct walk *w, u64 address, bool make)
{
	struct claim_bits *bits = claim_of(w, address, make);
	u64 bit = 1ull << (address >> 6 & 63);
	u64 *word;

	if (!bits) {
		/* No room: the one on the list itself goes on, and cannot tell a circle. */
		if (make)
			w->unclaimed = 1;
		return make ? w->first : true;
	}
	word = &bits->words[address >> 12 & 15];
	return !((make ? FETCH_OR(word, bit) : *word) & bit);
}

static inline void set_free(struct walk *w, u64 address)
{
	struct claim_bits *bits = claim_of(w, address, false);

	if (bits)
		FETCH_AND(&bits->words[address >> 12 & 15], ~(1ull << (address >> 6 & 63)));
}

#ifdef HAVE_BPF_LOOP
/* The list cannot be followed: look through all chains for what lies behind. */
static inline void list_broken(struct walk *w)
{
	struct walk_state *state = walks.lookup(&w->process);

	w->address = 0;
	if (!state || !state->heads || w->unclaimed)
		w->flags |= OOMPROF_END_BROKEN;
	else if (!EXCHANGE(&state->rescue, 1))
		FETCH_ADD(&state->work, PENDING);
}

/* A bucket that was taken already: somebody began there, or the list runs in a circle. */
static inline void list_meets(struct walk *w)
{
	struct oomprof_claim key = {.victim = w->id, .region = w->address | CLAIM_START};
	struct walk_state *state = walks.lookup(&w->process);

	if (!w->met_first && state && !state->rescue && !claims.lookup(&key)) {
		w->damaged++;
		list_broken(w);
	}
	w->address = 0;
}
#else
static inline void list_broken(struct walk *w)
{
	w->address = 0;
	w->flags |= OOMPROF_END_BROKEN;
}

static inline void list_meets(struct walk *w)
{
	w->address = 0;
	if (!w->met_first) {
		w->damaged++;
		w->flags |= OOMPROF_END_BROKEN;
	}
}
#endif

/* Put the record onto the ring, or let it wait. */
static inline void send(struct walk *w)
{
	u32 bytes = w->bytes;

	if (bytes > OOMPROF_BUCKET_BYTES(OOMPROF_FRAMES)) /* for the verifier */
		return;
	if (buckets.ringbuf_output(&w->words[TYP], bytes,
				   w->sent++ % 256 ? NO_WAKEUP : FORCE_WAKEUP))
		return;
	w->read++;
	w->bytes = 0;
	w->waiting_since_ns = 0;
}

/* The ring is full. 1: leave, and let another thread go on later. */
static inline int wait_for_room(struct walk *w)
{
	u64 now = bpf_ktime_get_ns(), patience = PATIENCE_NS;
	struct walk_state *state;
	bool last;

	if (!w->waiting_since_ns)
		w->waiting_since_ns = now;
	state = walks.lookup(&w->process);
	last = state && others_of(state) <= 0;
	if (setting(OOMPROF_SETTING_CPUS) <= 1 || !w->first)
		patience = 0;
	else if (last)
		patience = (w->deadline_ns - w->began_ns) / 2;
	if (now - w->waiting_since_ns > patience) {
		if (!last)
			return 1;
		w->lost++;
		w->bytes = 0;
		w->counting = 1;
		return 0;
	}
#ifdef HAVE_BPF_LOOP
	for (int i = 0; i < 16; i++)
		bpf_ktime_get_ns();
#endif
	send(w);
	return 0;
}

/*
 * Of the four records {allocs, frees, alloc_bytes, free_bytes} keep the first two of each; those of
 * Go 1.27 have no others.
 */
static inline void drop_bytes(u64 *r)
{
	r[2] = r[4];
	r[3] = r[5];
	r[4] = r[8];
	r[5] = r[9];
	r[6] = r[12];
	r[7] = r[13];
}

/*
 * The runtime puts a bucket on the list before it counts in it (runtime/mprof.go, mProf_Malloc),
 * and a page fault of that very store is a likely moment to run out of memory: one victim in 250 is
 * killed there. Then the page that is to hold the counters has never been: they are 0. That can be
 * so of the newest bucket of each thread only; any other page that is missing was taken away. The
 * reaper does that 2 seconds after the kill (mm/oom_kill.c, OOM_REAPER_DELAY).
 */
#define NEWEST_BUCKETS 256
#define REAPER_NS 1900000000ull
#define PAGE_BYTES 4096

static inline int read_newest(struct walk *w, u64 *to, u64 from, u32 size)
{
	u32 here = -from & (PAGE_BYTES - 1);

	if (w->swapped || !w->from_head || w->read >= NEWEST_BUCKETS ||
	    bpf_ktime_get_ns() - w->killed_ns > REAPER_NS)
		return 1;
	__builtin_memset(to, 0, 128);
	return here < size && bpf_probe_read_user(to, here, (void *)from);
}

/* What is read of a stack; the verifier is not to know more of it. */
static inline u32 held_of(struct walk *w)
{
	u32 held = *(volatile u32 *)&w->held;

	return held > OOMPROF_FRAMES ? OOMPROF_FRAMES : held;
}

/* Make a record of the bucket at w->current, whose stack and records have been read. */
static inline void make_record(struct walk *w)
{
	u32 held = held_of(w);
	u64 depth = w->words[NSTK];

	w->cut += depth > OOMPROF_FRAMES;
	if (w->records_size != 64)
		drop_bytes(&w->words[HEADER_WORDS + held]);
	w->words[TYP] = w->id;
	w->words[NSTK] = depth | (u64)held << 32;
	w->bytes = OOMPROF_BUCKET_BYTES(held);
	send(w);
}

/* The bucket at w->current, whose stack and records could not be read at once: in two. */
static inline void take_in_two(struct walk *w)
{
	u64 address = w->current + 8 * HEADER_WORDS, records = address + 8 * w->words[NSTK];
	u32 held = held_of(w), size = w->records_size == 64 ? 64 : 128;
	u64 *to = &w->words[HEADER_WORDS + held];

	w->in_two = 0;
	if (bpf_probe_read_user(&w->words[HEADER_WORDS], 8 * held, (void *)address) ||
	    (bpf_probe_read_user(to, size, (void *)records) && read_newest(w, to, records, size)))
		w->unreadable++;
	else
		make_record(w);
}

/* The verifier is to know no more of it than that it is small enough. */
static inline u32 guess_of(struct walk *w)
{
	u32 guess = *(volatile u32 *)&w->guess;

	return guess > sizeof(w->words) ? sizeof(w->words) : guess;
}

/* A bucket's header; with it what follows, as far as its size is like that of the last ones: a
 * second read would cost more than all that is not reading. */
static inline int read_header(struct walk *w, u64 address)
{
	w->got = w->guess;
	if (!bpf_probe_read_user(w->words, guess_of(w), (void *)address))
		return 0;
	w->got = 0;
	return bpf_probe_read_user(w->words, 8 * HEADER_WORDS, (void *)address);
}

/* The bucket at w->current, whose header has been read: the stack and the records follow it. */
static inline void take_rest(struct walk *w)
{
	u64 address = w->current + 8 * HEADER_WORDS;
	u32 size = w->records_size == 64 ? 64 : 128, held, bytes;

	w->held = w->words[NSTK] > OOMPROF_FRAMES ? OOMPROF_FRAMES : w->words[NSTK];
	held = held_of(w);
	bytes = 8 * (HEADER_WORDS + held) + size;
	w->guess = bytes > w->guess ? bytes : w->guess - (w->guess - bytes) / 8;
	if (w->words[NSTK] > OOMPROF_FRAMES ||
	    (bytes > w->got &&
	     bpf_probe_read_user(&w->words[HEADER_WORDS], 8 * held + size, (void *)address)))
		w->in_two = 1;
	else
		make_record(w);
}

static inline void take_bucket(struct walk *w)
{
	u64 address = w->address;

	if (!is_free(w, address, true)) {
		list_meets(w);
		return;
	}
	w->met_first = 0;
	if (read_header(w, address)) {
		w->unreadable++;
		list_broken(w);
		return;
	}
	if (w->words[TYP] != MEM_PROFILE || w->words[NSTK] > OOMPROF_FRAMES_SANE || address % 8) {
		w->damaged++;
		list_broken(w);
		return;
	}
	w->address = w->words[ALLNEXT];
	w->current = address;
	if (w->counting)
		w->lost++;
	else
		take_rest(w);
}

#ifdef HAVE_BPF_LOOP
/* One bucket of a chain: is the list to be followed from there? */
static inline void look_at(struct walk *w, struct walk_state *state)
{
	u64 header[TYP + 1], node = w->chain;
	bool is_new = is_free(w, node, false);

	w->chain = 0;
	if (bpf_probe_read_user(header, sizeof(header), (void *)node)) {
		if (is_new && state->rescue && is_free(w, node, true))
			w->unreadable++;
		return;
	}
	if (!header[TYP] || header[TYP] > MUTEX_PROFILE || ++w->chain_length > CHAIN_MOST) {
		w->damaged += is_new;
		return;
	}
	if (state->rescue || !is_new)
		w->chain = header[NEXT];
	if (header[TYP] != MEM_PROFILE || !is_new)
		return;
	w->address = node;
	w->met_first = 1;
	if (!state->rescue) {
		struct oomprof_claim start = {.victim = w->id, .region = node | CLAIM_START};

		claims.insert(&start, &w->none);
	}
}

/* Which chains to look through: HEADS_AT_ONCE heads from FROM on, or from within them. */
static inline void read_heads(struct walk *w, struct walk_state *state, u64 from)
{
	u64 start = from / HEADS_AT_ONCE * HEADS_AT_ONCE;
	u64 end = start + HEADS_AT_ONCE;

	w->head = from;
	w->head_end = end < HEADS ? end : HEADS;
	if (from >= HEADS) {
		w->head = w->head_end;
	} else if (bpf_probe_read_user(w->heads, sizeof(w->heads),
				       (void *)(state->heads + 8 * start))) {
		/* Never used, or swapped out: nobody knows. */
		w->heads_unread += w->head_end - w->head;
		w->head = w->head_end;
	}
}

/* A chain at random, to take part from its first free bucket on. */
static inline void try_anywhere(struct walk *w, struct walk_state *state)
{
	u64 head = state->heads + 8 * (bpf_get_prandom_u32() % HEADS);

	w->tries--;
	w->chain_length = 0;
	bpf_probe_read_user(&w->chain, 8, (void *)head);
}

static inline void take_heads(struct walk *w, struct walk_state *state)
{
	u64 from = FETCH_ADD(&state->next_head, HEADS_AT_ONCE);

	if (from >= HEADS)
		return;
	/* As long as we walk, what we have taken counts. */
	if (from + HEADS_AT_ONCE >= HEADS)
		FETCH_ADD(&state->work, -PENDING);
	read_heads(w, state, from);
}

#endif

/* A part that another thread has left. */
static inline void take_segment(struct walk *w, struct walk_state *state)
{
	u64 *slot = &state->segments[w->slot++ % SEGMENTS], segment;

	if (!*slot)
		return;
	segment = EXCHANGE(slot, 0);
	if (!segment)
		return;
	FETCH_ADD(&state->work, -PENDING);
#ifdef HAVE_BPF_LOOP
	if (segment & HEAD_SEGMENT) {
		read_heads(w, state, segment & ~HEAD_SEGMENT);
		return;
	}
#endif
	w->address = segment;
	w->met_first = 1;
}

#ifdef HAVE_BPF_LOOP
/* By way of the hash table. 1: there is nothing left to do for this thread. */
static inline int find_in_table(struct walk *w, struct walk_state *state)
{
	if (w->chain) {
		look_at(w, state);
	} else if (w->head < w->head_end) {
		w->chain = w->heads[w->head++ % HEADS_AT_ONCE];
		w->chain_length = 0;
	} else if (state->rescue && state->next_head < HEADS) {
		take_heads(w, state);
	} else if (w->tries && !(state->work >> 32) && (u32)state->work > 1 && !w->unclaimed) {
		try_anywhere(w, state);
	} else {
		return 1;
	}
	return 0;
}
#endif

/* 1: there is nothing left to do for this thread. */
static inline int find_bucket(struct walk *w)
{
	struct walk_state *state = walks.lookup(&w->process);

	if (!state)
		return 1;
	if (!state->begun)
		return 0; /* in a moment */
#ifdef HAVE_BPF_LOOP
	if (state->heads && !find_in_table(w, state))
		return 0;
#endif
	if (!(state->work >> 32))
		return 1;
#ifdef HAVE_BPF_LOOP
	take_segment(w, state);
#else
	for (int i = 0; i < SEGMENTS && !w->address; i++)
		take_segment(w, state);
#endif
	return 0;
}

/* What is not done for each bucket. 1: this thread has done its part. */
static inline int step_aside(struct walk *w)
{
	if (w->bytes)
		return wait_for_room(w);
	if (w->in_two) {
		take_in_two(w);
		return 0;
	}
	return find_bucket(w);
}

/* 1: the way does not go on here: see step_aside(); 2: the time is over. */
static inline int walk_step(struct walk *w)
{
	if (!(w->steps++ % STEPS_PER_LOOK) && bpf_ktime_get_ns() >= w->deadline_ns)
		return 2;
	if (w->bytes || w->in_two || !w->address)
		return 1;
	take_bucket(w);
	return 0;
}

/* Put back what another thread is to do. */
static inline void put_back(struct walk_state *state, u64 segment)
{
	FETCH_ADD(&state->work, PENDING);
	for (int i = 0; i < SEGMENTS && segment; i++)
		if (!state->segments[i])
			segment = EXCHANGE(&state->segments[i], segment);
	if (segment) {
		state->dropped = 1;
		FETCH_ADD(&state->work, -PENDING);
	}
}

/* All words of what this thread has not done. */
static inline void put_back_rest(struct walk *w, struct walk_state *state)
{
	if (w->bytes || w->in_two) {
		/* It found no room in the ring: another one sends it. */
		set_free(w, w->current);
		w->address = w->current;
	}
	if (w->address)
		put_back(state, w->address);
	if (w->chain && state->rescue && w->head)
		w->head--; /* from its begin: what is taken is passed quickly */
	if (w->head < w->head_end)
		put_back(state, w->head | HEAD_SEGMENT);
}

static inline void walk_leave(struct walk *w)
{
	struct walk_state *state = walks.lookup(&w->process);
	struct oomprof_end *end;
	u64 left = 0;

	if (state) {
		put_back_rest(w, state);
		left = FETCH_ADD(&state->work, -WALKER) - WALKER;
		if (state->dropped)
			w->flags |= OOMPROF_END_BROKEN;
	}
	w->busy = 0;
	end = control.ringbuf_reserve(sizeof(*end));
	if (!end) {
		lost_event();
		return;
	}
	end->kind = OOMPROF_END;
	end->flags = w->flags | (left ? 0 : OOMPROF_END_FINAL);
	end->process = w->process;
	end->time_ns = bpf_ktime_get_ns();
	end->held_ns = end->time_ns - w->began_ns;
	end->read = w->read;
	end->cut = w->cut;
	end->unreadable = w->unreadable;
	end->damaged = w->damaged;
	end->lost = w->lost;
	end->heads_unread = w->heads_unread;
	end->goroutines = w->goroutines.alive;
	end->walkers = left;
	end->pending = left >> 32;
	control.ringbuf_submit(end, FORCE_WAKEUP);
}

#ifdef HAVE_BPF_LOOP
OOMTOOLS_CALLBACK(1)
{
	int zero = 0, r;
	struct walk *w = walk.lookup(&zero);

	if (!w)
		return 1;
	r = walk_step(w);
	return r == 1 ? step_aside(w) : r != 0;
}

static inline void walk_on(void *ctx, struct walk *w)
{
	bpf_loop(STEPS_MOST, OOMTOOLS_CALLBACK_REF(1), NULL, 0);
	walk_leave(w);
}
#else
/* No bpf_loop: a part at a time, with at most 32 tail calls. What comes seldom is not in the loop.
 */
#define WALK_PART 384
BPF_PROG_ARRAY(walk_parts, 1);

static inline void walk_on(void *ctx, struct walk *w)
{
	int i, r = 0;

	for (i = 0; i < WALK_PART && !r; i++)
		r = walk_step(w);
	if (r == 1)
		r = step_aside(w) ? 2 : 0;
	if (r != 2)
		walk_parts.call(ctx, 0);
	/* Here this thread is done, or the kernel allows no further tail call. */
	walk_leave(w);
}

int tail__walk_parts__0(void *ctx)
{
	int zero = 0;
	struct walk *w = walk.lookup(&zero);

	if (w)
		walk_on(ctx, w);
	return 0;
}
#endif

/* Does the hash table say that the profile is large? */
static inline bool is_large(struct walk *w, struct walk_state *state)
{
	u64 from = bpf_get_prandom_u32() % (HEADS / HEADS_AT_ONCE) * HEADS_AT_ONCE;
	u32 used = 0;

	if (bpf_probe_read_user(w->heads, 8 * SAMPLE, (void *)(state->heads + 8 * from)))
		return false;
		/* Without a branch for each, or the verifier would follow 2^32 ways. */
#pragma clang loop unroll(disable)
	for (int i = 0; i < SAMPLE; i++)
		used += (w->heads[i] + ~0ull / 2) >> 63;
	return used >= SAMPLE_LARGE;
}

/* May this thread walk beside others? One CPU is left to the reader, where there are enough. */
static inline bool may_join(struct walk *w, struct walk_state *state, u64 work)
{
#if defined(HAVE_ATOMIC_FETCH) && defined(HAVE_BPF_LOOP)
	u64 most = setting(OOMPROF_SETTING_CPUS);

	if (work >> 32)
		return true;
	most = most < WALKERS_MOST ? most : WALKERS_MOST;
	return (u32)work < most && state->heads && is_large(w, state);
#else
	return !(u32)work;
#endif
}

/* What all threads that walk begin with. */
static inline void walk_prepare(struct walk *w, struct oomprof_process *process, u32 records_size)
{
	w->process = *process;
	w->id = oomprof_id(process);
	w->began_ns = bpf_ktime_get_ns();
	w->deadline_ns = w->began_ns + setting(OOMPROF_SETTING_MAX_WALK_NS);
	w->address = w->chain = w->current = w->waiting_since_ns = 0;
	w->read = w->cut = w->unreadable = w->damaged = w->lost = w->heads_unread = 0;
	w->head = w->head_end = w->chain_length = w->slot = w->steps = w->sent = w->flags = 0;
	w->records_size = records_size;
	w->bytes = w->in_two = w->first = w->met_first = w->unclaimed = w->counting = 0;
	w->from_head = 0;
	w->goroutines.alive = 0;
	w->guess = 8 * HEADER_WORDS;
	w->tries = TRIES;
}

/* A thread that comes when the walk was begun already. 1: it has something to do. */
static inline int walk_join(struct walk *w, struct oomprof_process *process,
			    struct walk_state *state)
{
	u64 work = state->work;

	FETCH_ADD(&state->arrived, 1);
	walk_prepare(w, process, state->records_size);
	w->killed_ns = state->killed_ns;
	w->swapped = state->swapped;
	if (!work || !may_join(w, state, work))
		return 0;
	w->first = !(u32)FETCH_ADD(&state->work, WALKER);
	return 1;
}
