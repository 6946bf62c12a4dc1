/* What the tests in C share that load BPF programs for real. */
#pragma once

#include "unit/unit.h"

/* A directory of this test's own: the image cache. */
#define BPF_TEST_DIRECTORY "/tmp/oomtools-test.XXXXXX"
extern char bpf_test_directory[sizeof(BPF_TEST_DIRECTORY)];

/* For cmocka_run_group_tests(). */
int bpf_test_setup(void **state);
int bpf_test_teardown(void **state);

/* No BPF here: it has been said, and the test program's exit status is this; else -1. */
int bpf_test_unavailable(void);

/* A function to put uprobes at, in this program, and its offset in /proc/self/exe. */
void bpf_test_marker(unsigned long a, unsigned long b);
uint64_t bpf_test_marker_offset(void);
