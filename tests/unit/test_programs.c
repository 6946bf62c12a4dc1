/* The table of Go programs: rows, columns, orders; which processes are looked into; what is let go.
 */
#include "unit/unit.h"

#include <errno.h>
#include <json.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "alloc/process_scan.h"
#include "alloc/program_table.h"
#include "tiny_go.h"

#define S 1000000000ull

/* Two programs, of which the second is known by its process only. */
static int set_up(void **state)
{
	struct go_program *p = calloc(2, sizeof(*p));

	for (int i = 0; i < 2; i++) {
		p[i].image.binary = tiny_go_open(24);
		p[i].process.pid = 7 + 4000000 * i;
		p[i].process.resident_bytes = (10 + (uint64_t)i) << 20;
		p[i].now = p[i].before = (struct go_program_numbers){0, -1, -1, -1, -1, 0};
		assert_int_equal(heap_snapshot_new(p[i].image.binary, 0, &p[i].snapshot), 0);
	}
	strcpy(p[0].process.comm, "shop\033");
	strcpy(p[1].process.comm, "fifteen letters");
	strcpy(p[0].image.binary->version, "go1.24.4 X:nocoverageredesign");
	p[1].image.binary->version[0] = '\0';
	p[0].before = (struct go_program_numbers){3 * S, 1000, 5, 100, 6400, 0};
	p[0].now = (struct go_program_numbers){5 * S, 1000 + (3 << 20), 12, 400100, 6400, 0};
	go_runtime_set(&p[0].runtime, GO_HEAP_INUSE, 5 << 20);
	go_runtime_set(&p[0].runtime, GO_GOROUTINES, 1009);
	go_runtime_set(&p[0].runtime, GO_GC_PERCENT, -1);
	go_runtime_set(&p[0].runtime, GO_MEMORY_LIMIT, GO_NO_MEMORY_LIMIT);
	p[0].cgroup_path = strdup("/shop");
	p[0].cgroup = (struct cgroup_room){256 << 20, 23 << 20, 256 << 20};
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	struct go_program *p = *state;

	for (int i = 0; i < 2; i++) {
		heap_snapshot_free(p[i].snapshot);
		go_binary_close(p[i].image.binary);
		free(p[i].cgroup_path);
	}
	free(p);
	return 0;
}

static void text(void **state)
{
	struct go_program *p = *state, *both[] = {&p[0], &p[1]};
	_cleanup_strbuf_ struct strbuf out = {0};

	p[1].state = GO_PROGRAM_EXITED;
	assert_int_equal(program_table_text(both, 2, 20, 0, 0, &out), 0);
	assert_string_equal(
		strbuf_text(&out),
		"    PID COMM            GO         RSS    HEAP ALLOC/s OBJS/s GCS  GOROS GOGC "
		"MEMLIMIT CGLIMIT FULL% PROF\n"
		"      7 shop\\x1b        1.24.4   10.0M    5.0M    1.5M 200.0k   7   1009  off "
		"    none  256.0M   9.0 ?\n"
		"4000007 fifteen letters -        11.0M       -       -      -   -      -    - "
		"       -       -     - exited\n");
	strbuf_reset(&out);
	assert_int_equal(program_table_text(both, 2, 1, 0, 80, &out), 0);
	assert_string_equal(
		strbuf_text(&out),
		"    PID COMM                RSS    HEAP ALLOC/s OBJS/s GCS  GOROS FULL% PROF\n"
		"      7 shop\\x1b          10.0M    5.0M    1.5M 200.0k   7   1009   9.0 ?\n");
}

static void gaps(void **state)
{
	struct go_program *p = *state, *both[] = {&p[0], &p[1]};
	_cleanup_strbuf_ struct strbuf out = {0};

	program_table_gaps(both, 2, &out);
	assert_string_equal(strbuf_text(&out), "");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(alloc_heap_new(p[i].image.binary, 0, &p[i].heap), 0);
		alloc_heap_set_gaps(p[i].heap, &(struct alloc_gaps){.unreadable = 3, .lost = 7});
	}
	alloc_heap_set_gaps(p[1].heap, &(struct alloc_gaps){.damaged = 11, .more = true});
	strbuf_puts(&out, "before\n");
	program_table_gaps(both, 2, &out);
	assert_string_equal(
		strbuf_text(&out),
		"before\nnot complete: 3 records unreadable, 11 records damaged, 1 circular "
		"list of records, 7 events lost\n");
	alloc_heap_free(p[0].heap);
	alloc_heap_free(p[1].heap);
}

static void fits_its_width(void **state)
{
	struct go_program *p = *state, *both[] = {&p[0], &p[1]};

	p[1].state = GO_PROGRAM_STOPPED;
	for (int width = 80; width < 130; width++) {
		_cleanup_strbuf_ struct strbuf out = {0};

		assert_int_equal(program_table_text(both, 2, 2, 0, width, &out), 0);
		for (char *line = strtok(out.data, "\n"); line; line = strtok(NULL, "\n")) {
			assert_true(strlen(line) <= (size_t)width);
			assert_null(strstr(line, "..."));
		}
	}
}

static void orders(void **state)
{
	struct go_program *p = *state, *both[] = {&p[0], &p[1]};
	static const struct {
		enum program_sort sort;
		int first;
	} cases[] = {
		{PROGRAM_SORT_PID, 0},	{PROGRAM_SORT_RSS, 1},	      {PROGRAM_SORT_ALLOC, 0},
		{PROGRAM_SORT_RSS, 1},	{PROGRAM_SORT_OBJECTS, 0},    {PROGRAM_SORT_RSS, 1},
		{PROGRAM_SORT_HEAP, 0}, {PROGRAM_SORT_RSS, 1},	      {PROGRAM_SORT_GC, 0},
		{PROGRAM_SORT_RSS, 1},	{PROGRAM_SORT_GOROUTINES, 0}, {PROGRAM_SORT_RSS, 1},
		{PROGRAM_SORT_FULL, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		program_table_sort(both, 2, cases[i].sort);
		assert_ptr_equal(both[0], &p[cases[i].first]);
	}
	program_table_sort(both, 0, PROGRAM_SORT_RSS);
}

static struct json_object *json_of(const struct go_program *p)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	struct json_writer *w = json_writer_open();

	program_table_json(p, w);
	assert_int_equal(json_writer_line(w, &out), 0);
	return json_tokener_parse(strbuf_text(&out));
}

static void json(void **state)
{
	struct go_program *p = *state;
	struct json_object *a, *b;
	static const struct {
		const char *key, *first, *second;
	} cases[] = {
		{"pid", "7", "4000007"},
		{"go_version", "\"go1.24.4 X:nocoverageredesign\"", "null"},
		{"state", "\"running\"", "\"unreadable\""},
		{"rss_bytes", "10485760", "11534336"},
		{"heap_inuse_bytes", "5242880", "null"},
		{"alloc_bytes_per_second", "1572864", "null"},
		{"alloc_objects_per_second", "200000", "null"},
		{"collections", "7", "null"},
		{"goroutines", "1009", "null"},
		{"go_gc_percent", "-1", "null"},
		{"go_memory_limit_bytes", "null", "null"},
		{"cgroup", "\"\\/shop\"", "null"},
		{"cgroup_limit_bytes", "268435456", "null"},
		{"cgroup_used_bytes", "24117248", "null"},
		{"cgroup_full_percent", "9", "null"},
		{"profiling", "null", "null"},
	};

	p[1].state = GO_PROGRAM_UNREADABLE;
	a = json_of(&p[0]);
	b = json_of(&p[1]);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct json_object *v = NULL;

		assert_true(json_object_object_get_ex(a, cases[i].key, &v));
		assert_string_equal(v ? json_object_to_json_string(v) : "null", cases[i].first);
		assert_true(json_object_object_get_ex(b, cases[i].key, &v));
		assert_string_equal(v ? json_object_to_json_string(v) : "null", cases[i].second);
	}
	json_object_put(a);
	json_object_put(b);
}

/* Where the runtime's own count is not known, the samples tell. A count that goes back is none. */
static void rates(void **state)
{
	struct go_program *p = *state;
	double rate;
	int64_t n;

	p->now.total_alloc_bytes = -1;
	p->now.alloc_bytes = 6400 + 2000;
	assert_true(go_program_alloc_rate(p, &rate));
	assert_true(rate == 1000);
	p->now.alloc_bytes = 0;
	assert_true(go_program_alloc_rate(p, &rate));
	assert_true(rate == 0);
	p->now.collections = 4;
	assert_true(go_program_collections(p, &n));
	assert_int_equal(n, 0);
	p->now.sample_rate = 4096; /* of before it was another */
	assert_false(go_program_object_rate(p, &rate));
	assert_false(go_program_alloc_rate(p, &rate));
	p->before.sample_rate = 4096;
	assert_true(go_program_object_rate(p, &rate));
	p->before.time_ns = 0;
	assert_false(go_program_alloc_rate(p, &rate));
	assert_false(go_program_object_rate(p, &rate));
	assert_false(go_program_collections(p, &n));
}

struct looks {
	pid_t pid;
	int n, answer;
};

static int look(pid_t pid, void *user)
{
	struct looks *l = user;

	if (pid == l->pid)
		l->n++;
	return pid == l->pid ? l->answer : 0;
}

static pid_t child_that_sleeps(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
		signal(SIGUSR1, SIG_IGN);
		execl("/bin/sleep", "sleep", "60", NULL);
		_exit(127);
	}
	return pid;
}

static void continue_it(int signal)
{
	(void)signal;
}

/* A process is looked into when it is new, and when it runs something else. */
static void scans(void **state)
{
	struct process_scan scan = {0};
	struct looks l;
	struct stat st = {0}, self;
	char link[64];

	(void)state;
	signal(SIGUSR1, continue_it);
	l = (struct looks){.pid = child_that_sleeps()};
	for (int i = 0; i < 3; i++)
		assert_int_equal(process_scan_run(&scan, look, &l), 0);
	assert_int_equal(l.n, 1);
	snprintf(link, sizeof(link), "/proc/%d/exe", (int)l.pid);
	assert_int_equal(stat("/proc/self/exe", &self), 0);
	while (stat(link, &st) < 0 || st.st_ino == self.st_ino) {
		kill(l.pid, SIGUSR1); /* again: it may have come before pause() */
		usleep(1000);
	}
	l.answer = 1;
	assert_int_equal(process_scan_run(&scan, look, &l), 0);
	assert_int_equal(l.n, 2);
	/* What is of interest is asked for each time. */
	assert_int_equal(process_scan_run(&scan, look, &l), 0);
	assert_int_equal(l.n, 3);
	/* Or where nothing could be told yet. */
	l.answer = -EAGAIN;
	assert_int_equal(process_scan_run(&scan, look, &l), 0);
	assert_int_equal(process_scan_run(&scan, look, &l), 0);
	assert_int_equal(l.n, 5);
	process_scan_free(&scan);
	l.answer = -ENOMEM;
	assert_int_equal(process_scan_run(&scan, look, &l), -ENOMEM);
	kill(l.pid, SIGKILL);
	waitpid(l.pid, NULL, 0);
	l.n = 0;
	assert_int_equal(process_scan_run(&scan, look, &l), 0);
	assert_int_equal(l.n, 0);
	process_scan_free(&scan);
}

/* After a second it is looked into again, but only if it has mapped something. */
static void looks_again(void **state)
{
	struct process_scan scan = {0};
	struct looks l = {.n = 0};
	int pipes[2];
	char byte = 0;

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	l.pid = fork();
	if (l.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (read(pipes[0], &byte, 1) == 1)
			mmap(NULL, 1 << 24, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (read(pipes[0], &byte, 1) == 1)
			_exit(0);
		_exit(1);
	}
	assert_int_equal(process_scan_run(&scan, look, &l), 0);
	assert_int_equal(l.n, 1);
	usleep(1100000);
	assert_int_equal(process_scan_run(&scan, look, &l), 0);
	assert_int_equal(l.n, 1);
	assert_int_equal(write(pipes[1], &byte, 1), 1);
	for (int i = 0; l.n == 1 && i < 600; i++) {
		usleep(100000);
		assert_int_equal(process_scan_run(&scan, look, &l), 0);
	}
	assert_int_equal(l.n, 2);
	assert_int_equal(write(pipes[1], &byte, 1), 1);
	waitpid(l.pid, NULL, 0);
	process_scan_free(&scan);
	close(pipes[0]);
	close(pipes[1]);
}

static bool is_used(const struct known_binary *b, void *user)
{
	return b->key.inode == *(const uint64_t *)user;
}

/* More executables than are kept: those that are not used go. */
static void lets_go_of_executables(void **state)
{
	_cleanup_strbuf_ struct strbuf file = {0};
	const struct known_binary *b, *used = NULL;
	struct known_binaries *known;
	struct oomprof_key key;
	uint64_t inode = 3;
	int fd;

	(void)state;
	tiny_go_build(&(struct tiny_go){.minor = 24}, &file);
	fd = tiny_file(file.data, file.length);
	assert_int_equal(known_binaries_new(7, &known), 0);
	for (int round = 0; round < 3; round++) {
		for (uint64_t i = 1; i <= 7; i++) {
			struct stat st;

			assert_int_equal(fstat(fd, &st), 0);
			key = (struct oomprof_key){.inode = i,
						   .size = (uint64_t)st.st_size,
						   .mtime_s = (uint64_t)st.st_mtim.tv_sec,
						   .mtime_ns = (uint32_t)st.st_mtim.tv_nsec};
			assert_int_equal(known_binaries_learn_fd(known, fd, "/tiny", &key, &b),
					 BINARY_OFF);
			used = i == inode ? b : used;
		}
		known_binaries_trim(known, 7, is_used, &inode);
		assert_ptr_equal(known_binaries_find(known, &key), b);
		known_binaries_trim(known, 6, is_used, &inode);
		assert_null(known_binaries_find(known, &key));
		key.inode = inode;
		assert_ptr_equal(known_binaries_find(known, &key), used);
	}
	known_binaries_free(known);
	close(fd);
}

#define WITH(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(text),
		WITH(gaps),
		WITH(fits_its_width),
		WITH(orders),
		WITH(json),
		WITH(rates),
		cmocka_unit_test(scans),
		cmocka_unit_test(looks_again),
		cmocka_unit_test(lets_go_of_executables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
