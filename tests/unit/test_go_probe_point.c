/* Where functions of the Go runtime are probed, and what a probe follows there. */
#include "unit/unit.h"

#include <elf.h>

#include "go/go_binary.h"
#include "go/go_layout.h"
#include "go/go_probe_point.h"

#define CODE(text) (const uint8_t *)(text), sizeof(text) - 1

/* What Go 1.19 to 1.27 puts at the entry of functions, and what comes next. */
static void finds_the_jump_of_the_check(void **state)
{
	(void)state;
	/* cmp rsp, [r14+16]; jbe, 32 bits; sub rsp, 0x28 */
	assert_int_equal(go_stack_check_jump(EM_X86_64, CODE("\x49\x3b\x66\x10\x0f\x86\x80\0\0\0"
							     "\x48\x83\xec\x28")),
			 4);
	/* the same with a near jump; push rbp */
	assert_int_equal(go_stack_check_jump(EM_X86_64, CODE("\x49\x3b\x66\x10\x76\x1b\x55")), 4);
	/* lea r12, [rsp-8]; cmp r12, [r14+16]; jbe */
	assert_int_equal(go_stack_check_jump(EM_X86_64, CODE("\x4c\x8d\x64\x24\xf8\x4d\x3b\x66\x10"
							     "\x76\x1b\x55")),
			 9);
	/* lea r12, [rsp-0x130]; cmp; jbe, 32 bits */
	assert_int_equal(go_stack_check_jump(EM_X86_64, CODE("\x4c\x8d\xa4\x24\xd0\xfe\xff\xff"
							     "\x4d\x3b\x66\x10\x0f\x86\x7a\x0c\0\0"
							     "\x48")),
			 12);
	/* ldr x16, [x28, #16]; cmp sp, x16; b.ls; str x30, [sp, #-80]! */
	assert_int_equal(go_stack_check_jump(EM_AARCH64, CODE("\x90\x0b\x40\xf9\xff\x63\x30\xeb"
							      "\xe9\x13\x00\x54\xfe\x0f\x1b\xf8")),
			 8);
	/* the same with sub x17, sp, #0x1b0; cmp x17, x16 */
	assert_int_equal(go_stack_check_jump(EM_AARCH64,
					     CODE("\x90\x0b\x40\xf9\xf1\xc3\x06\xd1\x3f\x02\x10\xeb"
						  "\xe9\x66\x00\x54\xf4\xc3\x08\xd1")),
			 12);
	/* ldr x16, [x28, #16]; mov x17, sp; cmp x17, x16; b.ls */
	assert_int_equal(go_stack_check_jump(EM_AARCH64,
					     CODE("\x90\x0b\x40\xf9\xf1\x03\x00\x91\x3f\x02\x10\xeb"
						  "\x09\x05\x00\x54\xfe\x0f\x1c\xf8")),
			 12);
}

static void takes_nothing_else_for_one(void **state)
{
	const uint8_t whole[] =
		"\x4c\x8d\xa4\x24\xd0\xfe\xff\xff\x4d\x3b\x66\x10\x0f\x86\x7a\x0c\0";

	(void)state;
	assert_int_equal(go_stack_check_jump(EM_X86_64, CODE("\x55\x48\x89\xe5")), 0);
	/* another register; no jump behind it; R12 compared, but never loaded */
	assert_int_equal(go_stack_check_jump(EM_X86_64, CODE("\x49\x3b\x67\x10\x76\x1b\x55")), 0);
	assert_int_equal(go_stack_check_jump(EM_X86_64, CODE("\x49\x3b\x66\x10\x90\x90\x55")), 0);
	assert_int_equal(go_stack_check_jump(EM_X86_64, CODE("\x4d\x3b\x66\x10\x76\x1b\x55")), 0);
	assert_int_equal(go_stack_check_jump(EM_AARCH64, CODE("\xfe\x0f\x1c\xf8")), 0);
	assert_int_equal(go_stack_check_jump(EM_386, CODE("\x49\x3b\x66\x10\x76\x1b\x55")), 0);
	/* cut anywhere */
	for (size_t n = 0; n < sizeof(whole); n++) {
		_cleanup_free_ uint8_t *copy = malloc(n + 1);

		memcpy(copy, whole, n);
		assert_int_equal(go_stack_check_jump(EM_X86_64, copy, n), 0);
		assert_int_equal(go_stack_check_jump(EM_AARCH64, copy, n), 0);
	}
}

static void knows_tested_versions_only(void **state)
{
	struct go_layout layout;

	(void)state;
	for (int minor = 21; minor <= GO_NEWEST_MINOR; minor++)
		assert_true(go_layout_of(minor, &layout));
	assert_true(go_layout_of(19, &layout));
	assert_int_equal(layout.g_goid, 0x98);
	assert_int_equal(layout.m_curg, 0xc0);
	assert_true(go_layout_of(24, &layout));
	assert_int_equal(layout.g_goid, 0xa0);
	assert_int_equal(layout.mcache_alloc, 0x30);
	assert_true(go_layout_of(27, &layout));
	assert_int_equal(layout.g_goid, 0x98);
	assert_int_equal(layout.m_curg, 0xb8);
	assert_false(go_layout_of(0, &layout));
	assert_false(go_layout_of(18, &layout));
	assert_false(go_layout_of(20, &layout));
	assert_false(go_layout_of(GO_NEWEST_MINOR + 1, &layout));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_jump_of_the_check),
		cmocka_unit_test(takes_nothing_else_for_one),
		cmocka_unit_test(knows_tested_versions_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
