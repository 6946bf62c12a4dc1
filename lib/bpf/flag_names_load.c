#include <errno.h>
#include <fcntl.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "base/file.h"
#include "bpf/flag_names.h"
#include "bpf/kernel_enum.h"
#include "bpf/kernel_features.h"

#define LARGEST_FORMAT (1 << 20)

/* BTF takes megabytes and some 10 ms, so it is read only if a table has a name in it. */
static int from_btf(void *user, const char *name, uint64_t *ret)
{
	struct btf **btf = user;

	if (!*btf) {
		libbpf_print_fn_t printer = libbpf_set_print(NULL);

		*btf = btf__load_vmlinux_btf();
		libbpf_set_print(printer);
	}
	return *btf ? kernel_enum_value(*btf, name, ret) : -ENOENT;
}

int flag_names_load(const char *category, const char *event, const char *field,
		    struct flag_names **ret)
{
	_cleanup_strbuf_ struct strbuf path = {0}, format = {0};
	_cleanup_close_ int tracefs = kernel_tracefs_open(), fd = -1;
	struct btf *btf = NULL;
	int r;

	if (tracefs < 0)
		return tracefs;
	strbuf_printf(&path, "events/%s/%s/format", category, event);
	if (strbuf_error(&path) < 0)
		return -ENOMEM;
	fd = openat(tracefs, strbuf_text(&path), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = file_read_fd(fd, LARGEST_FORMAT, &format);
	if (r == 0)
		r = flag_names_parse(strbuf_text(&format), field, from_btf, &btf, ret);
	btf__free(btf);
	return r;
}
