/* A victim as it was told of, and as its recording tells of it: the same words. */
#include "unit/unit.h"

#include <errno.h>
#include <json-c/json.h>

#include "proc/clock.h"
#include "victim/site_table.h"
#include "victim/victim_recorded.h"
#include "victim/victim_sites.h"

#define TIME_LENGTH 8 /* of a line's: it is taken anew for each text */

static struct go_binary go_binary = {.version = "go1.24.4"};
static struct known_binary ready = {.kind = BINARY_READY, .binary = &go_binary};
static struct known_binary off = {.kind = BINARY_OFF, .binary = &go_binary};
static char obfuscated[] = "obfuscated: no profile";
static struct known_binary lost = {.kind = BINARY_NOT_FOUND, .reason = obfuscated};

static struct victim *make(enum victim_outcome outcome)
{
	struct oomprof_process process = {.pid = 4242};
	struct victim *v = victim_new(&process);

	assert_non_null(v);
	v->killed_ns = clock_monotonic_ns() - 1000000;
	v->written_ns = v->killed_ns + 7654321;
	v->outcome = outcome;
	v->binary = outcome == VICTIM_NOT_FOUND ? &lost : &ready;
	strcpy(v->comm, "sho\xffp\n");
	v->killed = true;
	v->sent = OOMPROF_SENT_BY_OOM;
	v->kill.time_ns = v->killed_ns;
	v->kill.victim_pid = 4242;
	v->kill.trigger_pid = 17;
	memcpy(v->kill.trigger_comm, "16 bytes, no \x1b[\xfe", OOMKILL_COMM_SIZE);
	strcpy(v->kill.victim_comm, "shop");
	strcpy(v->load.text, "1 2 3 4/5 6");
	return v;
}

static struct victim *make_whole(enum victim_outcome outcome)
{
	const struct heap_totals totals = {.sites = 3,
					   .inuse_bytes = 3 << 20,
					   .inuse_objects = 12,
					   .alloc_bytes = 5 << 20,
					   .since_gc_known = true,
					   .since_gc_bytes = 77};
	const struct heap_site sites[] = {
		{{"main.leak[...]", "/src/a b/leak.go", 11}, 2 << 20, 4, 3 << 20, 9, 70, 1, 0},
		{{"example.com/a/b.New", "/src/new.go", 5}, 1 << 20, 8, 9 << 20, 99, 7, 1, 0},
		{{"gone", "", 0}, 0, 0, 1 << 20, 1, 0, 0, 0},
	};
	struct victim *v = make(outcome);

	v->summed = true;
	v->rate = 524288;
	v->buckets = (struct victim_buckets){.read = 3, .cut = 1};
	strbuf_puts(&v->file_name, "/var/tmp/o\xc3\xb6m/\xe9/shop-4242.pb.gz");
	assert_int_equal(victim_sites_new(&totals, &v->kept), 0);
	for (size_t i = 0; i < ARRAY_SIZE(sites); i++)
		assert_int_equal(victim_sites_add(v->kept, &sites[i]), 0);
	return v;
}

static void write_line(const struct victim *v, struct strbuf *out)
{
	const struct victim_report_options all = {.rows = 1000};
	struct json_writer *w = json_writer_open();

	assert_non_null(w);
	assert_int_equal(victim_report_json(v, &all, w), 0);
	assert_int_equal(json_writer_line(w, out), 0);
}

/* V freed. WANTED is in it, too. */
static void check_same(struct victim *v, const struct victim_report_options *options,
		       const char *wanted)
{
	_cleanup_victim_recorded_ struct victim_recorded *recorded = NULL;
	_cleanup_strbuf_ struct strbuf line = {0}, text = {0}, again = {0}, why = {0};

	write_line(v, &line);
	assert_int_equal(victim_report_text(v, options, &text), 0);
	if (victim_recorded_read(line.data, line.length - 1, &recorded, &why) < 0)
		fail_msg("%s: %s", strbuf_text(&why), strbuf_text(&line));
	assert_int_equal(victim_recorded_text(recorded, options, &again), 0);
	assert_string_equal(strbuf_text(&again) + TIME_LENGTH, strbuf_text(&text) + TIME_LENGTH);
	assert_int_equal(victim_recorded_killed(recorded), v->killed);
	if (!strstr(strbuf_text(&again), wanted))
		fail_msg("'%s' is not in: %s", wanted, strbuf_text(&again));
	victim_free(v);
}

static void says_why_not(void **state)
{
	static const struct {
		enum victim_outcome outcome;
		const char *wanted;
	} cases[] = {
		{VICTIM_NOT_GO, "(\"sho\\xffp\\x0a\"), go1.24.4, not a Go program"},
		{VICTIM_UNKNOWN, ", gone before its executable"},
		{VICTIM_NOT_FOUND, "(\"sho\\xffp\\x0a\"), obfuscated: no profile\n"},
		{VICTIM_OFF_LINKER, "--enable-profiling"},
		{VICTIM_OFF_RATE, "leave the rate alone"},
		{VICTIM_MISSED, ", ended before its memory could be read"},
		{VICTIM_SWAPPED, ", its memory was swapped out"},
	};
	struct victim *v;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_same(make(cases[i].outcome), &(struct victim_report_options){0},
			   cases[i].wanted);
	v = make(VICTIM_MISSED);
	v->start_unreadable = true;
	check_same(v, &(struct victim_report_options){0}, ", what leads to its heap profile");
}

static void says_what_was_read(void **state)
{
	const struct victim_report_options rows = {.rows = 10};
	const struct victim_report_options other = {
		.rows = 1, .columns = 0x70, .sort = site_columns_sort("allocs")};
	struct victim *v;

	(void)state;
	check_same(make_whole(VICTIM_WRITTEN), &rows,
		   ", 3.0M in 12 objects in use, 3 sites, buckets 3 read 1 cut 0 unreadable 0 "
		   "lost, 7 ms, /var/tmp/o\xc3\xb6m/\\xe9/shop-4242.pb.gz\n    INUSE ");
	check_same(make_whole(VICTIM_WRITTEN), &rows, " 66.7      70B main.leak[...] (leak.go:11)");
	check_same(make_whole(VICTIM_WRITTEN), &other, "   9.0M        99 example.com/a/b.New");
	check_same(make_whole(VICTIM_WRITTEN), &(struct victim_report_options){0}, ".pb.gz\n");

	v = make_whole(VICTIM_WRITTEN);
	v->buckets = (struct victim_buckets){
		.read = 1, .unreadable = 2, .lost = 3, .damaged = 4, .heads_unread = 1};
	v->removed = (struct output_removed){.files = 6, .bytes = 7};
	v->kill.victim_pid_in_namespace = 7;
	check_same(v, &rows,
		   " 2 unreadable 3 lost 4 damaged and perhaps more not reached, 7 ms, "
		   "6 older removed, ");
	v = make_whole(VICTIM_WRITTEN);
	v->buckets.unreadable = 1;
	v->buckets.more = true;
	v->enabled = (struct victim_enabled){.at_ns = 1, .after_ns = 1050999999};
	check_same(v, &rows, " lost and more not reached, its first 1.1 s missing, 7 ms");
	v = make_whole(VICTIM_WRITTEN);
	v->binary = &off;
	check_same(v, &rows, " lost, its beginning missing, 7 ms");
}

static void says_what_failed(void **state)
{
	const struct victim_report_options rows = {.rows = 10};
	struct victim *v;

	(void)state;
	v = make_whole(VICTIM_FAILED);
	v->error = -ENOSPC;
	check_same(v, &rows, "/shop-4242.pb.gz: No space left on device\n    INUSE ");
	v = make(VICTIM_FAILED);
	v->error = -ENOMEM;
	check_same(v, &rows, "), go1.24.4, 7 ms, NOT written: Cannot allocate memory\n");
}

static void add_number(struct victim *v, const char *name, enum named_value_kind kind, uint64_t n)
{
	struct named_value *value = named_values_add(&v->more, name);

	assert_non_null(value);
	value->kind = kind;
	value->number = n;
}

/* Who has killed it, if anybody; and what an edited probe adds. */
static void says_who(void **state)
{
	const struct victim_report_options rows = {.rows = 10};
	struct victim *v = make_whole(VICTIM_WRITTEN);

	(void)state;
	v->sent = OOMPROF_SENT_BY_PROCESS;
	check_same(
		v, &rows,
		" PID 4242 (\"sho\\xffp\\x0a\") killed by PID 17 (\"16 bytes, no \\x1b[\\xfe\"), ");
	v = make_whole(VICTIM_WRITTEN);
	v->killed = false;
	v->killed_ns = 0;
	check_same(v, &rows, " lost, /var/tmp/");
	v = make_whole(VICTIM_WRITTEN);
	add_number(v, "nice", NAMED_INT, (uint64_t)-3);
	add_number(v, "probe_pid", NAMED_UINT, UINT64_MAX);
	add_number(v, "is_root", NAMED_BOOL, 1);
	check_same(v, &rows,
		   "\n  nice -3\n  probe_pid 18446744073709551615\n  is_root true\n    INU");
}

/* The reason is there for programs, too, and null where there is a profile. */
static void has_a_reason(void **state)
{
	_cleanup_strbuf_ struct strbuf with = {0}, without = {0};
	struct victim *v = make_whole(VICTIM_WRITTEN);

	(void)state;
	write_line(v, &with);
	victim_free(v);
	assert_non_null(strstr(strbuf_text(&with), "\"reason\":null,"));
	assert_non_null(strstr(strbuf_text(&with), "\"buckets_not_reached\":false,"));
	v = make(VICTIM_NOT_FOUND);
	write_line(v, &without);
	victim_free(v);
	assert_non_null(strstr(strbuf_text(&without), "\"reason\":\"obfuscated: no profile\","));
	assert_true(victim_report_has_key("reason") &&
		    victim_report_has_key("buckets_not_reached") &&
		    victim_report_has_key("file_hex") && victim_report_has_key("comm_hex"));
}

static int read_text(const char *line, struct strbuf *text)
{
	const struct victim_report_options options = {.date = true, .rows = 10};
	_cleanup_victim_recorded_ struct victim_recorded *recorded = NULL;
	int r = victim_recorded_read(line, strlen(line), &recorded, text);

	return r < 0 ? r : victim_recorded_text(recorded, &options, text);
}

static void refuses(void **state)
{
#define VICTIM(more) \
	"{\"time\":\"2026-11-22T13:03:27.123Z\",\"outcome\":\"missed\",\"pid\":1" more "}"
	static const struct {
		const char *line, *why;
	} cases[] = {
		{"", "cut off"},
		{"[]", "no JSON object"},
		{"{\"time\":\"2026-11-22T13:03:27Z\",\"pid\":1", "cut off"},
		{"{\"time\":\"2026-11-22T13:03:27Z\",\"pid\":1}", "no victim of oomprof's"},
		{"{\"pid\":1,\"outcome\":\"missed\"}", "no victim of oomprof's"},
		{"{\"time\":\"today\",\"pid\":1,\"outcome\":\"missed\"}", "time is not a time"},
		{"{\"time\":\"2026-11-22T13:03:27Z\",\"pid\":1,\"outcome\":\"well\"}",
		 "outcome is not one that is known"},
		{VICTIM(",\"pid\":2"), "the same key twice"},
		{VICTIM(",\"pid_in_namespace\":4294967296"), "pid_in_namespace is not a whole"},
		{VICTIM(",\"pid_in_namespace\":-1"), "pid_in_namespace is not a whole"},
		{VICTIM(",\"comm\":7"), "comm is not a text"},
		{VICTIM(",\"comm\":\"a\\u0000b\""), "comm is not a text without a NUL"},
		{VICTIM(",\"inuse_bytes\":\"many\""), "inuse_bytes is not a whole number"},
		{VICTIM(",\"inuse_bytes\":1,\"buckets_not_reached\":1"), "is not true or false"},
		{VICTIM(",\"inuse_bytes\":1,\"profiling_enabled_after_ms\":18446744073709551615"),
		 "after_ms is not a whole"},
		{VICTIM(",\"inuse_bytes\":1,\"top\":{}"), "top is not an array"},
		{VICTIM(",\"inuse_bytes\":1,\"top\":[1]"), "top is not an array of objects"},
		{VICTIM(",\"inuse_bytes\":1,\"top\":[{},{\"line\":-1}]"), "line is not a whole"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_strbuf_ struct strbuf why = {0};

		assert_int_equal(read_text(cases[i].line, &why), -EBADMSG);
		if (!strstr(strbuf_text(&why), cases[i].why))
			fail_msg("%s: %s", cases[i].line, strbuf_text(&why));
	}
}

static void bounds_the_sites(void **state)
{
	_cleanup_strbuf_ struct strbuf line = {0}, why = {0};

	(void)state;
	strbuf_puts(&line, "{\"time\":\"2026-11-22T13:03:27Z\",\"outcome\":\"written\",\"pid\":1,"
			   "\"inuse_bytes\":1,\"top\":[{}");
	for (int i = 0; i < VICTIM_RECORDED_SITES; i++)
		strbuf_puts(&line, ",{}");
	strbuf_puts(&line, "]}");
	assert_int_equal(read_text(strbuf_text(&line), &why), -EBADMSG);
	assert_string_equal(strbuf_text(&why), "top is not an array of 1000 sites at most");
}

/* Unknown keys and what is missing do no harm; its own time is kept. */
static void reads_little(void **state)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	(void)state;
	setenv("TZ", "UTC", 1);
	assert_int_equal(read_text(VICTIM(",\"other\":[{\"a\":1}],\"go_gc_percent\":null"), &text),
			 0);
	assert_string_equal(strbuf_text(&text), "2026-11-22 13:03:27.123 PID 1 (\"\"), missed\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_why_not),	    cmocka_unit_test(says_what_was_read),
		cmocka_unit_test(says_what_failed), cmocka_unit_test(says_who),
		cmocka_unit_test(has_a_reason),	    cmocka_unit_test(refuses),
		cmocka_unit_test(bounds_the_sites), cmocka_unit_test(reads_little),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
