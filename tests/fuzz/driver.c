/*
 * Runs a fuzz target (LLVMFuzzerTestOneInput, tests/fuzz/fuzz_NAME.c) without a fuzzer: every seed
 * in $srcdir/tests/fuzz/corpus/NAME, then a fixed number of mutations of them, the same ones on
 * every run. TAP: one point a seed, one for the mutations; a crash leaves the plan unfulfilled.
 *
 *   fuzz_NAME FILE...    run these files only
 *   FUZZ_RUNS=N          that many mutations (default 2000)
 *
 * The input that crashed is left in crash-NAME. The same targets link with clang -fsanitize=fuzzer
 * in the place of this file.
 */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/strbuf.h"

#define LARGEST_SEED (16 << 20)
#define LARGEST_GROWTH 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* There when a sanitizer is. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

struct seed {
	char *name;
	struct strbuf bytes;
};

static struct seed *seeds;
static size_t seed_count;
static const char *target;
static const uint8_t *current;
static size_t current_size;

/* The sanitizer has found something: keep what provoked it. */
static void keep_input(void)
{
	char name[128];
	FILE *f;

	if (!current)
		return;
	snprintf(name, sizeof(name), "crash-%s", target);
	f = fopen(name, "we");
	if (!f)
		return;
	fwrite(current, 1, current_size, f);
	fclose(f);
	fprintf(stderr, "# the input is in %s\n", name);
}

static void on_signal(int sig)
{
	keep_input();
	signal(sig, SIG_DFL);
	raise(sig);
}

/* The bytes in a block of exactly their size, so that the sanitizer sees a read past the end. */
static void run(const void *bytes, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);

	if (!copy)
		abort();
	if (n)
		memcpy(copy, bytes, n);
	current = copy;
	current_size = n;
	LLVMFuzzerTestOneInput(copy, n);
	current = NULL;
	free(copy);
}

/* splitmix64: the mutations depend on the run's number only. */
static uint64_t random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static size_t random_below(uint64_t *state, size_t n)
{
	return n ? random_next(state) % n : 0;
}

/* Values that break arithmetic: bounds of each width, small numbers, sign changes. */
static uint64_t interesting(uint64_t *state)
{
	static const uint64_t values[] = {0,
					  1,
					  2,
					  7,
					  8,
					  16,
					  0x20,
					  0x7f,
					  0x80,
					  0xff,
					  0x100,
					  0x7fff,
					  0x8000,
					  0xffff,
					  0x10000,
					  0x7fffffff,
					  0x80000000,
					  0xffffffff,
					  0x100000000,
					  0x7fffffffffffffff,
					  0x8000000000000000,
					  0xfffffffffffffff8,
					  UINT64_MAX};

	return values[random_below(state, ARRAY_SIZE(values))];
}

static void mutate_once(uint64_t *state, uint8_t *p, size_t *n, size_t room)
{
	static const size_t widths[] = {1, 2, 4, 8};
	size_t width = widths[random_below(state, ARRAY_SIZE(widths))];
	size_t at = random_below(state, *n), length, to;
	uint64_t value;

	switch (random_below(state, 8)) {
	case 0: /* cut the tail off */
		*n = at;
		break;
	case 1: /* cut something out */
		length = random_below(state, MIN(*n - at, (size_t)64) + 1);
		memmove(p + at, p + at + length, *n - at - length);
		*n -= length;
		break;
	case 2: /* repeat something */
		length = random_below(state, MIN(MIN(*n - at, room - *n), (size_t)64) + 1);
		memmove(p + at + length, p + at, *n - at);
		*n += length;
		break;
	case 3: /* copy something over something else */
		length = random_below(state, MIN(*n - at, (size_t)64) + 1);
		to = random_below(state, *n - length + 1);
		memmove(p + to, p + at, length);
		break;
	case 4: /* one bit */
		if (*n)
			p[at] ^= (uint8_t)(1u << random_below(state, 8));
		break;
	default: /* a number of some width, often where one stands */
		value = random_below(state, 4) ? interesting(state) : random_next(state);
		if (random_below(state, 2))
			at -= at % width;
		if (at + width <= *n)
			memcpy(p + at, &value, width);
	}
}

static void run_mutation(uint64_t number)
{
	uint64_t state = number * 0x632be59bd9b4e019;
	const struct seed *seed = &seeds[random_below(&state, seed_count)];
	size_t n = seed->bytes.length, room = n + LARGEST_GROWTH;
	uint8_t *p = malloc(room);

	if (!p)
		abort();
	if (n)
		memcpy(p, seed->bytes.data, n);
	for (size_t left = 1 + random_below(&state, 8); left; left--)
		mutate_once(&state, p, &n, room);
	run(p, n);
	free(p);
}

static void add_seed(const char *directory, const char *name)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	struct seed seed = {.name = strdup(name)};
	int r;

	strbuf_printf(&path, "%s/%s", directory, name);
	r = file_read(strbuf_text(&path), LARGEST_SEED, &seed.bytes);
	seeds = realloc(seeds, (seed_count + 1) * sizeof(*seeds));
	if (r < 0 || !seed.name || !seeds) {
		printf("Bail out! %s: %s\n", strbuf_text(&path), strerror(-r));
		exit(1);
	}
	seeds[seed_count++] = seed;
}

static int seed_compare(const void *a, const void *b)
{
	return strcmp(((const struct seed *)a)->name, ((const struct seed *)b)->name);
}

static void read_seeds(void)
{
	_cleanup_strbuf_ struct strbuf directory = {0};
	const char *source = getenv("srcdir");
	struct dirent *entry;
	DIR *d;

	strbuf_printf(&directory, "%s/tests/fuzz/corpus/%s", source ? source : ".", target);
	d = opendir(strbuf_text(&directory));
	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.')
			add_seed(strbuf_text(&directory), entry->d_name);
	if (d)
		closedir(d);
	if (!seed_count) {
		printf("Bail out! no seeds in %s\n", strbuf_text(&directory));
		exit(1);
	}
	qsort(seeds, seed_count, sizeof(*seeds), seed_compare);
}

static int run_files(int count, char **names)
{
	for (int i = 0; i < count; i++) {
		_cleanup_strbuf_ struct strbuf bytes = {0};
		int r = file_read(names[i], LARGEST_SEED, &bytes);

		if (r < 0) {
			fprintf(stderr, "%s: %s\n", names[i], strerror(-r));
			return 1;
		}
		run(bytes.data, bytes.length);
		printf("# %s: no crash\n", names[i]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/'), *runs = getenv("FUZZ_RUNS");
	unsigned long mutations = runs ? strtoul(runs, NULL, 10) : 2000;

	name = name ? name + 1 : argv[0];
	target = strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name;
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(keep_input);
	else
		signal(SIGSEGV, on_signal);
	signal(SIGABRT, on_signal);
	if (argc > 1)
		return run_files(argc - 1, argv + 1);

	read_seeds();
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%zu\n", seed_count + 1);
	for (size_t i = 0; i < seed_count; i++) {
		run(seeds[i].bytes.data, seeds[i].bytes.length);
		printf("ok %zu - %s\n", i + 1, seeds[i].name);
	}
	for (unsigned long i = 0; i < mutations; i++)
		run_mutation(i);
	printf("ok %zu - %lu mutations\n", seed_count + 1, mutations);
	for (size_t i = 0; i < seed_count; i++) {
		free(seeds[i].name);
		strbuf_free(&seeds[i].bytes);
	}
	free(seeds);
	return 0;
}
