/*
 * A probe is edited a hundred times under a storm of events, which differ in their layout from text
 * to text: each event must be told once, by the text that ran, and nothing may be left in the
 * kernel. Besides, some edits fail.
 */
#include "live/bpf_test.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <bpf/bpf.h>

#include "bpf/event_layout.h"
#include "bpf/event_ring.h"
#include "bpf/kernel_features.h"
#include "bpf/kernel_map.h"
#include "bpf/tracer.h"

#define SWAPS 100 /* OOMTOOLS_TEST_SWAPS: a multiple of TEXTS */
#define WORKERS 4
#define TEXTS 4
/* What a worker may be ahead of the reader: all of it has room in the ring. */
#define AHEAD 20000u
#define RING_PAGES "2048"
#define BURST 32

struct event {
	uint64_t number;
	uint32_t worker, from; /* FROM_... */
};

static const struct event_member members[] = {
	{"number", offsetof(struct event, number), 8},
	{"worker", offsetof(struct event, worker), 4},
	{"from", offsetof(struct event, from), 4},
};
static const struct event_struct own = {"event", sizeof(struct event), members,
					ARRAY_SIZE(members)};

/* Where the members that the texts have besides are put, and how they are filled. */
static const char *const before[TEXTS] = {"", "", "u32 twice;", "char name[8]; u64 zero;"};
static const char *const behind[TEXTS] = {"", "u64 twice;", "u8 filler[24]; u16 last;",
					  "u32 twice : 20;"};
static const char *const names[TEXTS] = {"", "twice", "twice,filler,last", "name,zero,twice"};
static const char *const fill[TEXTS] = {"", "e->twice = 2 * number;",
					"e->twice = 2 * number; e->last = 7;",
					"e->name[0] = 'x'; e->twice = 2 * number;"};
static const char *const programs[TEXTS] = {
	"", "", "int raw_tp__sched_process_exit(void *ctx) { return 0; }\n", ""};
/* What of it has room. */
static const uint64_t twice_mask[TEXTS] = {0, UINT64_MAX, UINT32_MAX, (1 << 20) - 1};

static const char text_form[] =
	"struct event { %s u64 number; u32 worker, from; %s };\n"
	"BPF_RINGBUF_OUTPUT(events, " RING_PAGES ");\n"
	"BPF_ARRAY(event__layout, struct event, 1);\n"
	"BPF_ARRAY(lost, u64, 1);\n"
	"BPF_PROG_ARRAY(parts, 2);\n"
	"static inline void tell(u64 number, u64 worker, u32 from)\n"
	"{\n"
	"	struct event *e = events.ringbuf_reserve(sizeof(*e));\n"
	"	if (!e) { lost.atomic_increment(0); return; }\n"
	"	__builtin_memset(e, 0, sizeof(*e));\n"
	"	e->number = number; e->worker = worker; e->from = from; %s\n"
	"	events.ringbuf_submit(e, 0);\n"
	"}\n"
	"int uprobe__marker(struct pt_regs *ctx)\n"
	"{\n"
	"	tell(PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 1);\n"
	"	return 0;\n"
	"}\n"
	"#ifdef PROBE_RAW_TP\n"
	"int tail__parts__1(struct bpf_raw_tracepoint_args *ctx)\n"
	"{\n"
	"	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];\n"
	"	u64 number = 0, worker = 0;\n"
	"	bpf_probe_read_kernel(&number, 8, &PT_REGS_PARM2(regs));\n"
	"	bpf_probe_read_kernel(&worker, 8, &PT_REGS_PARM3(regs));\n"
	"	tell(number, worker, 0);\n"
	"	return 0;\n"
	"}\n"
	"int raw_tp__sys_enter(struct bpf_raw_tracepoint_args *ctx)\n"
	"{\n"
	"	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];\n"
	"	u64 magic = 0;\n"
	"	if (ctx->args[1] != SYS_GETPGID) return 0;\n"
	"	bpf_probe_read_kernel(&magic, 8, &PT_REGS_PARM1(regs));\n"
	"	if (magic == MAGIC) parts.call(ctx, 1);\n"
	"	return 0;\n"
	"}\n"
	"#else\n"
	"static inline int told(struct pt_regs *regs)\n"
	"{\n"
	"	u64 magic = 0, number = 0, worker = 0;\n"
	"	bpf_probe_read_kernel(&magic, 8, &PT_REGS_PARM1(regs));\n"
	"	bpf_probe_read_kernel(&number, 8, &PT_REGS_PARM2(regs));\n"
	"	bpf_probe_read_kernel(&worker, 8, &PT_REGS_PARM3(regs));\n"
	"	if (magic == MAGIC) tell(number, worker, 0);\n"
	"	return 0;\n"
	"}\n"
	"#ifdef PROBE_FENTRY\n"
	"BPF_PROG(fentry____x64_sys_getpgid, struct pt_regs *regs) { return told(regs); }\n"
	"#else\n"
	"int kprobe____x64_sys_getpgid(struct pt_regs *ctx)\n"
	"{ return told((struct pt_regs *)PT_REGS_PARM1(ctx)); }\n"
	"#endif\n"
	"#endif\n"
	"%s";

struct worker {
	pthread_t thread;
	unsigned int number;
	uint64_t made, seen; /* atomic */
	uint8_t *counts;     /* of each of its events: how often it was told */
};

/* A ring and the layout of the text that writes to it. */
struct stream {
	struct event_ring *ring; /* NULL: a free place */
	struct event_layout *layout;
	unsigned int text;
	uint64_t events;
	bool over; /* nobody writes any more */
};

static struct storm {
	bool stop, stop_reading; /* atomic */
	struct worker workers[WORKERS];
	pthread_t reader;
	pthread_mutex_t lock; /* of what follows */
	struct stream streams[4];
	struct stream *coming, *current;
	unsigned int text; /* that is coming */
	uint64_t by_text[TEXTS];
	uint64_t damaged;
} storm;

#define MOST_EVENTS (1u << 24)
#define MAGIC (0x6e000000u + (uint32_t)getpid())
#define NUMBER_(n) #n
#define NUMBER(n) NUMBER_(n)

/* ---- the workers: one of each kind a CPU ---- */

static void hit(struct worker *w)
{
	if (w->number % 2)
		bpf_test_marker(w->made, w->number);
	else
		syscall(SYS_getpgid, MAGIC, w->made, w->number);
	__atomic_add_fetch(&w->made, 1, __ATOMIC_RELEASE);
}

static void *work(void *data)
{
	struct worker *w = data;
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET(w->number / 2 % (unsigned int)sysconf(_SC_NPROCESSORS_ONLN), &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
	while (!__atomic_load_n(&storm.stop, __ATOMIC_RELAXED) && w->made < MOST_EVENTS) {
		/* Some time of the CPU is for the edits. */
		if (w->made % BURST == 0)
			usleep(3000);
		if (w->made - __atomic_load_n(&w->seen, __ATOMIC_ACQUIRE) < AHEAD)
			hit(w);
		else
			usleep(1000);
	}
	return NULL;
}

/* ---- the reader ---- */

static bool values_are_right(const struct stream *s, const struct event *e, const void *record,
			     size_t size)
{
	struct named_values values = {0};
	const struct named_value *twice;
	bool right = event_layout_values(s->layout, record, size, &values) == 0;

	twice = named_values_find(&values, "twice");
	if (s->text)
		right &= twice && twice->kind == NAMED_UINT &&
			 twice->number == ((2 * e->number) & twice_mask[s->text]);
	named_values_clear(&values);
	return right;
}

static void on_event(const void *record, size_t size, void *user)
{
	struct stream *s = user;
	struct worker *w;
	struct event e;

	s->events++;
	storm.by_text[s->text]++;
	if (event_layout_own(s->layout, record, size, &e) < 0 || e.worker >= WORKERS ||
	    e.number >= MOST_EVENTS || e.from != e.worker % 2 ||
	    (e.number % 16 == 0 && !values_are_right(s, &e, record, size))) {
		storm.damaged++;
		return;
	}
	w = &storm.workers[e.worker];
	if (w->counts[e.number] < UINT8_MAX)
		w->counts[e.number]++;
	__atomic_add_fetch(&w->seen, 1, __ATOMIC_RELEASE);
}

static void end_source(struct stream *s)
{
	event_ring_close(s->ring);
	event_layout_free(s->layout);
	*s = (struct stream){0};
}

static void *keep_reading(void *data)
{
	(void)data;
	while (!__atomic_load_n(&storm.stop_reading, __ATOMIC_ACQUIRE)) {
		int events = 0;

		pthread_mutex_lock(&storm.lock);
		for (size_t i = 0; i < ARRAY_SIZE(storm.streams); i++) {
			struct stream *s = &storm.streams[i];
			int n = s->ring ? event_ring_consume(s->ring) : 0;

			events += n;
			storm.damaged += n < 0;
			if (s->ring && s->over && n == 0)
				end_source(s);
		}
		pthread_mutex_unlock(&storm.lock);
		if (!events)
			usleep(200);
	}
	return NULL;
}

/* Before the new text is attached: read its ring, as it lays its records out. */
static int open_source(struct tracer *t, void *data)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct stream *s = storm.streams;
	struct event_layout *layout = NULL;
	size_t size;
	const void *btf = tracer_btf(t, &size);
	int r = btf ? event_layout_read(btf, size, &own, &layout, &why) : -ENOENT;

	(void)data;
	if (r < 0)
		return r;
	pthread_mutex_lock(&storm.lock);
	while (s < storm.streams + ARRAY_SIZE(storm.streams) - 1 && s->ring)
		s++;
	r = s->ring ? -EBUSY : event_ring_open(tracer_map_fd(t, "events"), on_event, s, &s->ring);
	if (r == 0) {
		s->layout = layout;
		s->text = storm.text;
		storm.coming = s;
	} else {
		event_layout_free(layout);
	}
	pthread_mutex_unlock(&storm.lock);
	return r;
}

static void names_are(const struct stream *s)
{
	_cleanup_strbuf_ struct strbuf got = {0};

	for (const char *const *name = event_layout_names(s->layout); *name; name++)
		strbuf_printf(&got, "%s%s", got.length ? "," : "", *name);
	assert_string_equal(strbuf_text(&got), names[s->text]);
}

/* ---- what there is in the kernel of this process ---- */

static struct ids {
	uint32_t *list;
	size_t count;
} programs_seen, maps_seen;

static void add_id(struct ids *ids, uint32_t id)
{
	for (size_t i = 0; i < ids->count; i++)
		if (ids->list[i] == id)
			return;
	ids->list = realloc(ids->list, (ids->count + 1) * sizeof(*ids->list));
	assert_non_null(ids->list);
	ids->list[ids->count++] = id;
}

/* How many there are now; each is remembered. */
static size_t look_at_descriptors(const char *key, struct ids *ids)
{
	DIR *directory = opendir("/proc/self/fdinfo");
	const struct dirent *entry;
	size_t n = 0;

	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		char path[300], line[128];
		unsigned int id;
		FILE *f;

		snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", entry->d_name);
		f = fopen(path, "re");
		while (f && fgets(line, sizeof(line), f))
			if (!strncmp(line, key, strlen(key)) &&
			    sscanf(line + strlen(key), ":%u", &id) == 1) {
				add_id(ids, id);
				n++;
			}
		if (f)
			fclose(f);
	}
	closedir(directory);
	return n;
}

static size_t descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	size_t n = 0;

	assert_non_null(directory);
	while (readdir(directory))
		n++;
	closedir(directory);
	return n;
}

/* Wait until none of them is left; they are freed some time after they were closed. */
static size_t still_there(struct ids *ids, int (*open_by_id)(__u32 id))
{
	size_t left = ids->count;

	for (int tries = 0; tries < 1000 && left; tries++) {
		left = 0;
		for (size_t i = 0; i < ids->count; i++) {
			int fd = open_by_id(ids->list[i]);

			left += fd >= 0;
			if (fd >= 0)
				close(fd);
		}
		if (left)
			usleep(20000);
	}
	free(ids->list);
	*ids = (struct ids){0};
	return left;
}

/* ---- the edits ---- */

static char text[8192];
static char magic_flag[32];
static const char *flags[] = {"-DSYS_GETPGID=" NUMBER(SYS_getpgid), magic_flag, NULL};

/* The line that MORE, behind the text, begins at. */
static unsigned int write_text(unsigned int which, const char *more)
{
	unsigned int lines = 1;
	int n = snprintf(text, sizeof(text), text_form, before[which], behind[which], fill[which],
			 programs[which]);

	assert_true(n > 0 && (size_t)n + strlen(more) < sizeof(text));
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	strcat(text, more);
	storm.text = which;
	return lines;
}

static struct tracer_config config_for(const struct tracer_variant *variant)
{
	static const char *const renewed[] = {"events", NULL};
	static const char *const held[] = {"lost", NULL};

	return (struct tracer_config){
		.name = "test",
		.text = text,
		.file = "edited.c",
		.variants = variant,
		.flags = flags,
		.swappable = true,
		.keep_btf = true,
		.renewed_maps = renewed,
		.held_maps = held,
		.prepare = open_source,
	};
}

/* What ran before, and writes no more. */
static void retire(struct stream **s, struct stream *next)
{
	pthread_mutex_lock(&storm.lock);
	if (*s)
		(*s)->over = true;
	*s = next;
	pthread_mutex_unlock(&storm.lock);
}

static uint64_t count_of(unsigned int which)
{
	uint64_t n;

	pthread_mutex_lock(&storm.lock);
	n = storm.by_text[which];
	pthread_mutex_unlock(&storm.lock);
	return n;
}

/* Until the text that runs has told more. */
static void wait_for_events(unsigned int which)
{
	uint64_t n = count_of(which);

	for (int tries = 0; count_of(which) == n; tries++) {
		if (tries > 60000)
			fail_msg("text %u tells nothing", which);
		usleep(1000);
	}
}

static void edit(struct tracer *t, const struct tracer_variant *variant, unsigned int which)
{
	struct tracer_config config = config_for(variant);

	write_text(which, "");
	if (tracer_swap(t, &config) < 0)
		fail_msg("%s", tracer_error(t));
	names_are(storm.coming);
	retire(&storm.current, storm.coming);
	storm.coming = NULL;
	wait_for_events(which);
}

/* MORE makes the text a bad one; what is told must name its line. */
static void edit_badly(struct tracer *t, const struct tracer_variant *variant, unsigned int which,
		       const char *more, const char *message)
{
	struct tracer_config config = config_for(variant);
	unsigned int line = write_text(which, more), running = storm.current->text;

	assert_true(tracer_swap(t, &config) < 0);
	if (!strstr(tracer_error(t), message))
		fail_msg("no '%s' in: %s", message, tracer_error(t));
	assert_int_equal(tracer_error_line(t), line);
	if (storm.coming) {
		assert_int_equal(storm.coming->events, 0);
		retire(&storm.coming, NULL);
	}
	wait_for_events(running);
}

static void edit_badly_in_turn(struct tracer *t, const struct tracer_variant *variant, int i)
{
	unsigned int which = (unsigned int)(i + 1) % TEXTS;

	if (i % 3 == 0)
		edit_badly(t, variant, which, "int raw_tp__nothing(void *ctx) { return 0; }\n",
			   "no such tracepoint");
	else if (i % 3 == 1)
		edit_badly(
			t, variant, which,
			"int uprobe__bad(struct pt_regs *ctx)"
			" { int n = PT_REGS_PARM1(ctx); u64 *p = lost.lookup(&n); return *p; }\n",
			"verifier");
	else
		edit_badly(t, variant, which, "int uprobe__bad(void *ctx) { return nothing; }\n",
			   "edited.c:");
}

static void begin(struct tracer *t)
{
	uint64_t number;

	assert_int_equal(tracer_attach_uprobe(t, "uprobe__marker", "/proc/self/exe",
					      bpf_test_marker_offset(), getpid(), &number),
			 0);
	retire(&storm.current, storm.coming);
	storm.coming = NULL;
	for (unsigned int i = 0; i < WORKERS; i++) {
		storm.workers[i] = (struct worker){.number = i, .counts = calloc(MOST_EVENTS, 1)};
		assert_non_null(storm.workers[i].counts);
		assert_int_equal(
			pthread_create(&storm.workers[i].thread, NULL, work, &storm.workers[i]), 0);
	}
	assert_int_equal(pthread_create(&storm.reader, NULL, keep_reading, NULL), 0);
}

/* No more events; those made are read. Each must have been told once. */
static void end_and_count(void)
{
	uint64_t made = 0, lost = 0, twice = 0;

	__atomic_store_n(&storm.stop, true, __ATOMIC_RELAXED);
	for (unsigned int i = 0; i < WORKERS; i++)
		pthread_join(storm.workers[i].thread, NULL);
	usleep(1000);
	retire(&storm.current, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(storm.streams);) {
		pthread_mutex_lock(&storm.lock);
		i += !storm.streams[i].ring;
		pthread_mutex_unlock(&storm.lock);
	}
	__atomic_store_n(&storm.stop_reading, true, __ATOMIC_RELEASE);
	pthread_join(storm.reader, NULL);
	for (unsigned int i = 0; i < WORKERS; i++) {
		struct worker *w = &storm.workers[i];

		for (uint64_t k = 0; k < w->made; k++) {
			lost += w->counts[k] == 0;
			twice += w->counts[k] > 1;
		}
		assert_true(w->made > 0);
		made += w->made;
		free(w->counts);
	}
	printf("# %llu events, %llu lost, %llu told twice, %llu damaged\n",
	       (unsigned long long)made, (unsigned long long)lost, (unsigned long long)twice,
	       (unsigned long long)storm.damaged);
	assert_int_equal(lost, 0);
	assert_int_equal(twice, 0);
	assert_int_equal(storm.damaged, 0);
}

/* Fewer where a machine is emulated. */
static int swaps(void)
{
	const char *given = getenv("OOMTOOLS_TEST_SWAPS");
	int n = given ? atoi(given) : SWAPS;

	assert_true(n > 0 && n % TEXTS == 0);
	return n;
}

static void edits_under_a_storm(const char *define)
{
	const char *variant_flags[] = {define, NULL};
	struct tracer_variant variant[] = {{.name = "wanted", .flags = variant_flags}, {0}};
	struct tracer_config config = config_for(variant);
	size_t at_first = descriptors(), programs_first, maps_first;
	uint32_t zero = 0;
	uint64_t lost;
	struct tracer *t;

	memset(&storm, 0, sizeof(storm));
	pthread_mutex_init(&storm.lock, NULL);
	snprintf(magic_flag, sizeof(magic_flag), "-DMAGIC=%u", MAGIC);
	write_text(0, "");
	assert_int_equal(tracer_new(&config, &t), 0);
	if (tracer_start(t) < 0)
		fail_msg("%s", tracer_error(t));
	begin(t);
	programs_first = look_at_descriptors("prog_id", &programs_seen);
	maps_first = look_at_descriptors("map_id", &maps_seen);
	for (int i = 1, n = swaps(); i <= n; i++) {
		edit(t, variant, (unsigned int)i % TEXTS);
		look_at_descriptors("prog_id", &programs_seen);
		look_at_descriptors("map_id", &maps_seen);
		if (i % 16 == 0)
			edit_badly_in_turn(t, variant, i / 16);
	}
	assert_int_equal(look_at_descriptors("prog_id", &programs_seen), programs_first);
	/* The reader may have a last look at the ring before. */
	for (int tries = 0; tries < 1000; tries++) {
		if (look_at_descriptors("map_id", &maps_seen) == maps_first)
			break;
		usleep(10000);
	}
	assert_int_equal(look_at_descriptors("map_id", &maps_seen), maps_first);
	end_and_count();
	assert_int_equal(kernel_map_lookup(tracer_map_fd(t, "lost"), &zero, &lost), 0);
	assert_int_equal(lost, 0);
	tracer_close(t);
	assert_int_equal(descriptors(), at_first);
	printf("# %zu programs and %zu maps were made\n", programs_seen.count, maps_seen.count);
	assert_true(programs_seen.count > (size_t)swaps());
	assert_int_equal(still_there(&programs_seen, bpf_prog_get_fd_by_id), 0);
	assert_int_equal(still_there(&maps_seen, bpf_map_get_fd_by_id), 0);
}

static void by_raw_tracepoint(void **state)
{
	(void)state;
	edits_under_a_storm("-DPROBE_RAW_TP");
}

static void by_fentry(void **state)
{
	(void)state;
	edits_under_a_storm("-DPROBE_FENTRY");
}

static void by_kprobe(void **state)
{
	(void)state;
	edits_under_a_storm("-DPROBE_KPROBE");
}

/* What this kernel cannot do is for the guests. */
int main(void)
{
	struct CMUnitTest tests[3] = {cmocka_unit_test(by_raw_tracepoint)};
	const struct CMUnitTest fentry = cmocka_unit_test(by_fentry);
	const struct CMUnitTest kprobe = cmocka_unit_test(by_kprobe);
	int unavailable = bpf_test_unavailable();
	struct kernel_features features;
	size_t n = 1;

	if (unavailable >= 0)
		return unavailable;
	if (kernel_features_read(&features) < 0)
		return 1;
	if (!*features.no_fentry)
		tests[n++] = fentry;
	if (!*features.no_kprobe)
		tests[n++] = kprobe;
	/* Emulated, each takes minutes: only that which other machines have not. */
	if (getenv("OOMTOOLS_TEST_SWAPS") && !*features.no_fentry) {
		tests[0] = fentry;
		n = 1;
	}
	return _cmocka_run_group_tests("storm", tests, n, bpf_test_setup, bpf_test_teardown);
}
