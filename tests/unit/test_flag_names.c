/* Masks in words: the tables that kernels have in their format files, and what else may be there.
 */
#include "unit/unit.h"

#include <errno.h>

#include "base/strbuf.h"
#include "bpf/flag_names.h"

#define BEGIN "print fmt: \"a=%d\", REC->a, (REC->a) ? __print_flags(REC->gfp_flags, \"|\", "
#define END " ) : \"none\"\n"

static int value_of(void *user, const char *name, uint64_t *ret)
{
	(void)user;
	if (strcmp(name, "___GFP_IO_BIT"))
		return -ENOENT;
	*ret = 6;
	return 0;
}

static int parse(const char *format, struct flag_names **ret)
{
	return flag_names_parse(format, "gfp_flags", value_of, NULL, ret);
}

static void says(const char *table, uint64_t mask, const char *words)
{
	_cleanup_flag_names_ struct flag_names *names = NULL;
	_cleanup_strbuf_ struct strbuf format = {0}, out = {0};

	strbuf_puts(&format, BEGIN);
	strbuf_puts(&format, table);
	strbuf_puts(&format, END);
	print_message("%s\n", table);
	assert_int_equal(parse(strbuf_text(&format), &names), 0);
	assert_int_equal(flag_names_text(names, mask, &out), 0);
	assert_string_equal(strbuf_text(&out), words);
}

static void refuses(const char *format, int error)
{
	struct flag_names *names = NULL;

	print_message("%.200s\n", format);
	assert_int_equal(parse(format, &names), error);
	assert_null(names);
}

/* The words are compared with the kernel's own by tests/live/oomkill-explain.sh. */
static void words_a_mask(void **state)
{
	static const char old[] =
		"{(unsigned long)((( gfp_t)(0x400u|0x800u)) | (( gfp_t)0x40u)), \"GFP_NOFS\"}, "
		"{(unsigned long)(( gfp_t)(0x400u|0x800u)), \"__GFP_RECLAIM\"}, "
		"{(unsigned long)(( gfp_t)0x40u), \"__GFP_IO\"}, "
		"{(unsigned long)(( gfp_t)0x400u), \"__GFP_DIRECT_RECLAIM\"}";

	(void)state;
	says(old, 0xc40, "GFP_NOFS");
	says(old, 0xc00, "__GFP_RECLAIM");
	says(old, 0x440, "__GFP_IO|__GFP_DIRECT_RECLAIM");
	says(old, 0x100c40, "GFP_NOFS|0x100000");
	says(old, 0x8000000000000000, "0x8000000000000000");
	says(old, 0, "");
}

static void reads_each_form(void **state)
{
	(void)state;
	says("{ ( unsigned long)(( gfp_t)((((1UL))) << (10))), \"A\"}", 0x400, "A");
	says("{ 0x3UL & ~0x1, \"A\" }, { 1, \"B\" }", 3, "A|B");
	says("{(( gfp_t)((((1UL))) << (___GFP_IO_BIT))), \"A\"}, { 0, ((void *)0) }", 0x41,
	     "A|0x1");
	says("{1 | 2 & 4 | 1 << 1 | 0, \"A\"}", 3, "A");
	says("{(unsigned long)~(gfp_t)~4ull, \"A\"}", 4, "A");
	/* The kernel names what has no bit, too. */
	says("{0, \"NOTHING\"}, {1, \"A\"}", 1, "NOTHING|A");
}

static void refuses_the_rest(void **state)
{
	_cleanup_strbuf_ struct strbuf deep = {0};

	(void)state;
	refuses("", -ENOENT);
	refuses("print fmt: \"%d\", REC->gfp_flags", -ENOENT);
	refuses("__print_flags(REC->gfp_flags_too, \"|\", {1, \"A\"} )", -ENOENT);
	refuses("__print_flags(REC->gfp_flags", -ENOENT);
	refuses(BEGIN "{", -EBADMSG);
	refuses(BEGIN "{1, \"A", -EBADMSG);
	refuses(BEGIN "{1, \"A\"}, {2, \"B\"}", -EBADMSG);
	refuses(BEGIN "{1, \"A\"}; )", -EBADMSG);
	refuses(BEGIN "{1, \"\"}" END, -EBADMSG);
	refuses(BEGIN "{1, \"A\\n\"}" END, -EBADMSG);
	refuses(BEGIN "{1 << 64, \"A\"}" END, -EBADMSG);
	refuses(BEGIN "{1 + 1, \"A\"}" END, -EBADMSG);
	refuses(BEGIN "{99999999999999999999, \"A\"}" END, -EBADMSG);
	refuses(BEGIN "{0x, \"A\"}" END, -EBADMSG);
	refuses(BEGIN "{(1, \"A\"}" END, -EBADMSG);
	refuses(BEGIN "{1 << ___GFP_OTHER_BIT, \"A\"}" END, -ENOENT);
	strbuf_puts(&deep, BEGIN "{");
	for (int i = 0; i < 100000; i++)
		strbuf_putc(&deep, '(');
	refuses(strbuf_text(&deep), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_a_mask),
		cmocka_unit_test(reads_each_form),
		cmocka_unit_test(refuses_the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
