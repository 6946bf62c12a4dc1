/* The format file of a tracepoint, as a kernel, or what stands in for its tracefs, writes it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "bpf/flag_names.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int value_of(void *user, const char *name, uint64_t *ret)
{
	(void)user;
	*ret = strlen(name);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_flag_names_ struct flag_names *names = NULL;
	_cleanup_free_ char *format = malloc(size + 1);
	_cleanup_strbuf_ struct strbuf out = {0};

	if (!format)
		abort();
	if (size)
		memcpy(format, data, size);
	format[size] = '\0';
	if (flag_names_parse(format, "gfp_flags", value_of, NULL, &names) < 0)
		return 0;
	/* All bits: something must be said of them. */
	if (flag_names_text(names, UINT64_MAX, &out) < 0 || !out.length)
		abort();
	return 0;
}
