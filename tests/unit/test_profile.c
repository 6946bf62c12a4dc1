/* Profiles: what is written is what was given, and obeys the rules that pprof checks. */
#include "unit/unit.h"

#include <errno.h>

#include "pprof/profile.h"
#include "unit/read_profile.h"

/* CheckValid() of github.com/google/pprof/profile, and that ids are sequential, as others want. */
static void check_valid(const Pprof__Profile *p)
{
	assert_string_equal(p->string_table[0], "");
	for (size_t i = 0; i < p->n_mapping; i++)
		assert_int_equal(p->mapping[i]->id, i + 1);
	for (size_t i = 0; i < p->n_function; i++)
		assert_int_equal(p->function[i]->id, i + 1);
	for (size_t i = 0; i < p->n_location; i++) {
		assert_int_equal(p->location[i]->id, i + 1);
		assert_true(p->location[i]->mapping_id <= p->n_mapping);
		for (size_t k = 0; k < p->location[i]->n_line; k++) {
			uint64_t function = p->location[i]->line[k]->function_id;

			assert_true(function >= 1 && function <= p->n_function);
		}
	}
	for (size_t i = 0; i < p->n_sample; i++) {
		assert_int_equal(p->sample[i]->n_value, p->n_sample_type);
		for (size_t k = 0; k < p->sample[i]->n_location_id; k++)
			assert_true(p->sample[i]->location_id[k] >= 1 &&
				    p->sample[i]->location_id[k] <= p->n_location);
		for (size_t k = 0; k < p->sample[i]->n_label; k++)
			assert_true(profile_text(p, p->sample[i]->label[k]->key)[0] != '\0');
	}
}

static void comes_back_as_it_was_given(void **state)
{
	_cleanup_profile_ struct profile *b = NULL;
	_cleanup_strbuf_ struct strbuf file = {0};
	struct profile_label labels[] = {{.key = "bytes", .number = 48, .unit = "bytes"},
					 {.key = "kind", .text = "leak"}};
	struct profile_line lines[2];
	uint64_t mapping, inner, outer, locations[2];
	int64_t values[] = {7, INT64_MIN};
	Pprof__Profile *p;

	(void)state;
	assert_int_equal(profile_new(&b), 0);
	profile_add_sample_type(b, "inuse_objects", "count");
	profile_add_sample_type(b, "inuse_space", "bytes");
	profile_set_default_sample_type(b, "inuse_space");
	profile_set_period(b, "space", "bytes", 524288);
	profile_set_time(b, 1700000000000000001, 5);
	profile_add_comment(b, "first");
	profile_add_comment(b, "second \xc3\xa9");
	mapping = profile_add_mapping(b, &(struct profile_mapping){.start = 0x400000,
								   .limit = 0x500000,
								   .offset = 0x1000,
								   .file_name = "/bin/x",
								   .build_id = "abcd",
								   .has_functions = true,
								   .has_inline_frames = true});
	inner = profile_add_function(b, "main.inner", "/src/a.go", 9);
	outer = profile_add_function(b, "main.outer", "/src/a.go", 20);
	assert_int_equal(profile_add_function(b, "main.inner", "/src/a.go", 9), inner);
	assert_int_equal(profile_add_function(b, "main.inner", "/src/b.go", 9), 3);
	lines[0] = (struct profile_line){inner, 10};
	lines[1] = (struct profile_line){outer, 21};
	locations[0] = profile_add_location(b, mapping, 0x401000, lines, 2);
	locations[1] = profile_add_location(b, 0, 0x7f0000000000, lines + 1, 1);
	assert_int_equal(profile_add_location(b, mapping, 0x401000, lines, 2), locations[0]);
	assert_int_equal(profile_add_location(b, mapping, 0x401000, lines, 1), 3);
	profile_add_sample(b, locations, 2, values, labels, 2);
	profile_add_sample(b, locations, 0, values, NULL, 0);
	assert_int_equal(profile_write(b, &file), 0);

	p = read_profile(&file);
	check_valid(p);
	assert_int_equal(p->n_sample_type, 2);
	assert_string_equal(profile_text(p, p->sample_type[1]->type), "inuse_space");
	assert_string_equal(profile_text(p, p->sample_type[1]->unit), "bytes");
	assert_string_equal(profile_text(p, p->default_sample_type), "inuse_space");
	assert_string_equal(profile_text(p, p->period_type->type), "space");
	assert_int_equal(p->period, 524288);
	assert_int_equal(p->time_nanos, 1700000000000000001);
	assert_int_equal(p->n_comment, 2);
	assert_string_equal(profile_text(p, p->comment[1]), "second \xc3\xa9");
	assert_int_equal(p->n_mapping, 1);
	assert_int_equal(p->mapping[0]->memory_limit, 0x500000);
	assert_string_equal(profile_text(p, p->mapping[0]->build_id), "abcd");
	assert_true(p->mapping[0]->has_inline_frames && !p->mapping[0]->has_filenames);
	assert_int_equal(p->n_function, 3);
	assert_string_equal(profile_text(p, p->function[1]->system_name), "main.outer");
	assert_int_equal(p->function[1]->start_line, 20);
	assert_int_equal(p->n_location, 3);
	assert_int_equal(p->location[0]->n_line, 2);
	assert_int_equal(p->location[0]->line[1]->line, 21);
	assert_int_equal(p->location[1]->mapping_id, 0);
	assert_int_equal(p->n_sample, 2);
	assert_int_equal(p->sample[0]->n_location_id, 2);
	assert_int_equal(p->sample[0]->value[1], INT64_MIN);
	assert_int_equal(p->sample[0]->label[0]->num, 48);
	assert_string_equal(profile_text(p, p->sample[0]->label[0]->num_unit), "bytes");
	assert_string_equal(profile_text(p, p->sample[0]->label[1]->str), "leak");
	assert_int_equal(p->sample[1]->n_location_id, 0);
	pprof__profile__free_unpacked(p, NULL);
}

/* More than any buffer or table starts with. */
static void grows(void **state)
{
	_cleanup_profile_ struct profile *b = NULL;
	_cleanup_strbuf_ struct strbuf file = {0};
	Pprof__Profile *p;

	(void)state;
	assert_int_equal(profile_new(&b), 0);
	profile_add_sample_type(b, "objects", "count");
	for (int64_t i = 0; i < 20000; i++) {
		struct profile_line line = {.line = i};
		char name[32];
		uint64_t location;

		snprintf(name, sizeof(name), "f%d", (int)(i % 5000));
		line.function = profile_add_function(b, name, "file", 0);
		location = profile_add_location(b, 0, (uint64_t)i, &line, 1);
		assert_int_equal(location, i + 1);
		profile_add_sample(b, &location, 1, &i, NULL, 0);
	}
	assert_int_equal(profile_write(b, &file), 0);
	p = read_profile(&file);
	check_valid(p);
	assert_int_equal(p->n_function, 5000);
	assert_int_equal(p->n_location, 20000);
	assert_int_equal(p->n_sample, 20000);
	assert_int_equal(p->n_string_table, 1 + 2 + 5000 + 1);
	for (int64_t i = 0; i < 20000; i++) {
		const Pprof__Line *line = p->location[p->sample[i]->location_id[0] - 1]->line[0];

		assert_int_equal(p->sample[i]->value[0], i);
		assert_int_equal(line->line, i);
		assert_int_equal(
			atoi(profile_text(p, p->function[line->function_id - 1]->name) + 1),
			i % 5000);
	}
	pprof__profile__free_unpacked(p, NULL);
}

static void refuses_contradictions(void **state)
{
	struct profile_line line = {.function = 1};
	uint64_t location = 1;
	int64_t value = 1;

	(void)state;
	for (int i = 0; i < 5; i++) {
		_cleanup_profile_ struct profile *b = NULL;
		_cleanup_strbuf_ struct strbuf file = {0};

		assert_int_equal(profile_new(&b), 0);
		profile_add_sample_type(b, "objects", "count");
		if (i == 0)
			profile_add_sample(b, &location, 1, &value, NULL, 0);
		if (i == 1)
			profile_add_location(b, 0, 0, &line, 1);
		if (i == 2)
			profile_add_location(b, 1, 0, NULL, 0);
		if (i == 3)
			profile_add_sample(b, NULL, 0, &value, &(struct profile_label){0}, 1);
		if (i == 4) {
			profile_add_sample(b, NULL, 0, &value, NULL, 0);
			profile_add_sample_type(b, "late", "count");
		}
		assert_int_equal(profile_write(b, &file), -EINVAL);
		assert_int_equal(file.length, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_was_given),
		cmocka_unit_test(grows),
		cmocka_unit_test(refuses_contradictions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
