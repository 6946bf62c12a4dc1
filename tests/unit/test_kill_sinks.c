/* What is made of a kill for other programs: environment variables, and counters for Prometheus. */
#include "unit/unit.h"

#include <errno.h>

#include "oom/kill_environment.h"
#include "oom/kill_metrics.h"

static struct kill *made_up(const char *cgroup, uint64_t pid)
{
	struct kill *k = kill_new();

	assert_non_null(k);
	k->time_ns = 1700000000123000000;
	k->domain.kind = strdup("memcg");
	k->domain.memcg_path = cgroup ? strdup(cgroup) : NULL;
	k->victim.pid = pid;
	k->victim.rss_bytes = 1009;
	k->victim.memcg_path = cgroup ? strdup(cgroup) : NULL;
	return k;
}

/* ---- environment ---- */

/* The value of NAME among texts closed by NUL; NULL: not there. Twice is an error. */
static const char *value(const struct strbuf *b, const char *name)
{
	const char *found = NULL;
	size_t n = strlen(name);

	for (const char *s = b->data; s < b->data + b->length; s += strlen(s) + 1)
		if (!strncmp(s, name, n) && s[n] == '=') {
			assert_null(found);
			found = s + n + 1;
		}
	return found;
}

static void test_environment_has_what_is_known(void **state)
{
	_cleanup_kill_ struct kill *k = made_up("/a b\n$(x)\xff\"", 4001);
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	k->order = -1;
	k->machine.pressure_some_avg10 = 12.34;
	k->course.complete = true;
	k->victim.oom_score_adj = -17;
	assert_int_equal(kill_environment(k, "the line\n", &out), 0);
	assert_string_equal(value(&out, "OOMKILL_TIME"), "2023-11-14T22:13:20.123Z");
	assert_string_equal(value(&out, "OOMKILL_VICTIM_PID"), "4001");
	assert_string_equal(value(&out, "OOMKILL_MEMCG_PATH"), "/a b\n$(x)\xff\"");
	assert_string_equal(value(&out, "OOMKILL_ORDER"), "-1");
	assert_string_equal(value(&out, "OOMKILL_VICTIM_OOM_SCORE_ADJ"), "-17");
	assert_string_equal(value(&out, "OOMKILL_PSI_SOME_AVG10_PERCENT"), "12.34");
	assert_string_equal(value(&out, "OOMKILL_IS_OVER"), "true");
	assert_string_equal(value(&out, "OOMKILL_LINE"), "the line");
	assert_string_equal(value(&out, "OOMKILL_MEMBERS"), "0");
	assert_string_equal(value(&out, "OOMKILL_MEMBER_PIDS"), "");
	assert_null(value(&out, "OOMKILL_VICTIM_COMM"));
	assert_null(value(&out, "OOMKILL_VICTIM_UID"));
	assert_null(value(&out, "OOMKILL_PSI_FULL_AVG10_PERCENT"));
	assert_null(value(&out, "OOMKILL_VICTIM_POINTS"));
}

/* With everything known, each key of the tables is there once, and nothing else. */
static void test_environment_has_each_key(void **state)
{
	_cleanup_kill_ struct kill *k = made_up("/x", 1);
	_cleanup_strbuf_ struct strbuf out = {0};
	size_t fields = 0, variables = 0;

	(void)state;
	for (size_t i = 0; i < kill_tables_count; i++)
		for (size_t f = 0; f < kill_tables[i].count; f++, fields++) {
			const struct kill_field *field = &kill_tables[i].fields[f];
			char *at = (char *)k + kill_tables[i].offset + field->offset;

			if (field->type == KILL_TEXT && !*(char **)at)
				*(char **)at = strdup("text");
			else if (field->type == KILL_SHARE)
				*(double *)at = 1;
			else if (field->type == KILL_UINT || field->type == KILL_INT)
				*(uint64_t *)at = 7;
		}
	assert_int_equal(kill_environment(k, "", &out), 0);
	for (size_t i = 0; i < kill_tables_count; i++)
		for (size_t f = 0; f < kill_tables[i].count; f++) {
			char name[128];

			snprintf(name, sizeof(name), "OOMKILL_%s%s", kill_tables[i].prefix,
				 kill_tables[i].fields[f].key);
			for (char *c = name; *c; c++)
				*c = (char)(*c >= 'a' && *c <= 'z' ? *c - 32 : *c);
			if (!value(&out, name))
				fail_msg("%s is missing", name);
		}
	for (size_t i = 0; i < out.length; i++)
		variables += out.data[i] == '\0';
	assert_int_equal(variables, fields + 3);
}

static void test_environment_is_bounded(void **state)
{
	_cleanup_kill_ struct kill *k = made_up("/x", 1);
	_cleanup_strbuf_ struct strbuf out = {0};
	const char *pids;

	(void)state;
	k->victim.command_line = malloc(KILL_ENVIRONMENT_TEXT_MOST + 102);
	memset(k->victim.command_line, 'x', KILL_ENVIRONMENT_TEXT_MOST + 101);
	k->victim.command_line[KILL_ENVIRONMENT_TEXT_MOST + 101] = '\0';
	for (uint64_t i = 0; i < 20011; i++)
		kill_add_member(k)->process.pid = 100000 + i;
	assert_int_equal(kill_environment(k, "l\n\n", &out), 0);
	assert_int_equal(strlen(value(&out, "OOMKILL_VICTIM_COMMAND_LINE")),
			 KILL_ENVIRONMENT_TEXT_MOST);
	assert_string_equal(value(&out, "OOMKILL_MEMBERS"), "20011");
	pids = value(&out, "OOMKILL_MEMBER_PIDS");
	assert_true(strlen(pids) <= KILL_ENVIRONMENT_TEXT_MOST && strlen(pids) > 32000);
	assert_int_equal(strncmp(pids, "100000 100001 ", 14), 0);
	assert_int_equal(strlen(strrchr(pids, ' ')), 7);
	assert_string_equal(value(&out, "OOMKILL_LINE"), "l\n");
}

/* ---- metrics: a strict reader of the format ---- */

static const char *name_end(const char *s)
{
	return s + strspn(s, "abcdefghijklmnopqrstuvwxyz_0123456789");
}

static const char *labels_end(const char *s)
{
	if (*s != '{')
		return s;
	do {
		const char *end = name_end(++s);

		assert_true(end > s && !strncmp(end, "=\"", 2));
		for (s = end + 2; *s != '"'; s++) {
			assert_true((unsigned char)*s >= ' ');
			if (*s == '\\') {
				s++;
				assert_non_null(strchr("\\\"n", *s));
			}
		}
		s++;
	} while (*s == ',');
	assert_int_equal(*s, '}');
	return s + 1;
}

/* Each line is HELP, TYPE or a sample of the family just named, and no sample comes twice. */
static void read_strictly(const char *text, size_t *ret_samples)
{
	char family[100] = "", typed[100] = "";
	size_t samples = 0;

	for (const char *line = text; *line;) {
		const char *end = strchr(line, '\n'), *s = line;

		assert_non_null(end);
		if (!strncmp(line, "# HELP ", 7)) {
			snprintf(family, sizeof(family), "%.*s",
				 (int)(name_end(line + 7) - line - 7), line + 7);
			snprintf(typed, sizeof(typed), "\n# TYPE %s ", family);
			assert_int_equal(strncmp(end, typed, strlen(typed)), 0);
			end = strchr(end + 1, '\n');
		} else {
			char number[40], *stop, again[8192];

			assert_int_equal(name_end(s) - s, strlen(family));
			assert_int_equal(strncmp(s, family, strlen(family)), 0);
			s = labels_end(name_end(s));
			assert_int_equal(*s, ' ');
			snprintf(again, sizeof(again), "\n%.*s ", (int)(s - line), line);
			assert_null(strstr(end, again));
			snprintf(number, sizeof(number), "%.*s", (int)(end - s - 1), s + 1);
			(void)strtod(number, &stop);
			assert_true(stop > number && !*stop);
			samples++;
		}
		line = end + 1;
	}
	*ret_samples = samples;
}

static const char *sample(const struct strbuf *out, const char *name)
{
	static char number[64];
	_cleanup_strbuf_ struct strbuf want = {0};
	const char *found;

	strbuf_printf(&want, "\n%s ", name);
	found = strstr(strbuf_text(out), strbuf_text(&want));
	if (!found)
		return "none";
	snprintf(number, sizeof(number), "%.*s", (int)strcspn(found + want.length, "\n"),
		 found + want.length);
	return number;
}

static void format(const struct kill_metrics *m, struct strbuf *out, size_t samples)
{
	size_t n;

	strbuf_reset(out);
	assert_int_equal(kill_metrics_format(m, out), 0);
	read_strictly(strbuf_text(out), &n);
	assert_int_equal(n, samples);
}

static void count(struct kill_metrics *m, struct kill *k)
{
	assert_int_equal(kill_metrics_count(m, k), 0);
	kill_free(k);
}

static void test_metrics(void **state)
{
	struct kill_metrics *m = kill_metrics_new(1600000000500000000);
	_cleanup_strbuf_ struct strbuf out = {0};
	struct kill_member *member;
	struct kill *k;

	(void)state;
	format(m, &out, 15);
	assert_string_equal(sample(&out, "oomkill_kills_total{domain=\"machine\",cgroup=\"\"}"),
			    "0");
	assert_string_equal(sample(&out, "oomkill_last_kill_timestamp_seconds"), "none");
	assert_string_equal(sample(&out, "oomkill_start_time_seconds"), "1600000000.500");

	count(m, made_up("/x", 1));
	k = made_up("/x", 2);
	member = kill_add_member(k);
	member->why = strdup("memory.oom.group");
	member->process.memcg_path = strdup("/x/y");
	member->process.rss_bytes = 211;
	member = kill_add_member(k);
	member->why = strdup("shares memory");
	member->process.memcg_path = strdup("/x/y");
	member->process.rss_bytes = 1009;
	count(m, k);
	k = kill_new(); /* nothing is known */
	count(m, k);
	kill_metrics_lost(m, 5);
	format(m, &out, 24);
	assert_string_equal(sample(&out, "oomkill_kills_total{domain=\"memcg\",cgroup=\"/x\"}"),
			    "2");
	assert_string_equal(sample(&out, "oomkill_kills_total{domain=\"memcg\",cgroup=\"/x/y\"}"),
			    "none");
	assert_string_equal(sample(&out, "oomkill_victims_total{domain=\"memcg\",cgroup=\"/x\"}"),
			    "2");
	assert_string_equal(sample(&out, "oomkill_victims_total{domain=\"memcg\",cgroup=\"/x/y\"}"),
			    "2");
	assert_string_equal(
		sample(&out, "oomkill_victim_bytes_total{domain=\"memcg\",cgroup=\"/x\"}"), "2018");
	assert_string_equal(
		sample(&out, "oomkill_victim_bytes_total{domain=\"memcg\",cgroup=\"/x/y\"}"),
		"211");
	assert_string_equal(sample(&out, "oomkill_kills_total{domain=\"unknown\",cgroup=\"\"}"),
			    "1");
	assert_string_equal(sample(&out, "oomkill_lost_total"), "5");
	assert_string_equal(sample(&out, "oomkill_last_kill_timestamp_seconds"), "1700000000.123");
	kill_metrics_free(m);
}

static void test_metrics_of_hostile_names(void **state)
{
	struct kill_metrics *m = kill_metrics_new(0);
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	count(m, made_up("/a\"} 7\nx{b=\"\\\x1b[2J\xff\xc3\xbc\xe2\x80\xae", 1));
	format(m, &out, 19);
	assert_string_equal(sample(&out, "oomkill_kills_total{domain=\"memcg\",cgroup=\"/a\\\"} "
					 "7\\\\x0ax{b=\\\"\\\\\\\\x1b[2J\\\\xff\xc3\xbc"
					 "\\\\xe2\\\\x80\\\\xae\"}"),
			    "1");
	kill_metrics_free(m);
}

static void test_metrics_are_bounded(void **state)
{
	struct kill_metrics *m = kill_metrics_new(0);
	_cleanup_strbuf_ struct strbuf out = {0};
	char path[32];

	(void)state;
	for (int i = 0; i < KILL_METRICS_CGROUPS_MOST; i++) {
		snprintf(path, sizeof(path), "/c%d", i);
		count(m, made_up(path, 1));
	}
	format(m, &out, 16 + 3 * KILL_METRICS_CGROUPS_MOST);
	assert_string_equal(sample(&out, "oomkill_cgroup_overflow_total"), "0");
	count(m, made_up("/one-more", 1));
	count(m, made_up("/and-one", 1));
	count(m, made_up("/c999", 1));
	format(m, &out, 16 + 3 * KILL_METRICS_CGROUPS_MOST);
	/* The kill's and the victim's. */
	assert_string_equal(sample(&out, "oomkill_cgroup_overflow_total"), "4");
	assert_string_equal(sample(&out, "oomkill_kills_total{domain=\"memcg\",cgroup=\"\"}"), "2");
	assert_string_equal(sample(&out, "oomkill_victims_total{domain=\"memcg\",cgroup=\"\"}"),
			    "2");
	assert_string_equal(sample(&out, "oomkill_kills_total{domain=\"memcg\",cgroup=\"/c999\"}"),
			    "2");
	kill_metrics_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_environment_has_what_is_known),
		cmocka_unit_test(test_environment_has_each_key),
		cmocka_unit_test(test_environment_is_bounded),
		cmocka_unit_test(test_metrics),
		cmocka_unit_test(test_metrics_of_hostile_names),
		cmocka_unit_test(test_metrics_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
