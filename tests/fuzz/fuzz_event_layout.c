/* The types of a text's records, from an image that someone made up: read, and records with them.
 */
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "bpf/btf_value.h"
#include "bpf/event_layout.h"
#include "bpf/image_btf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct event {
	uint32_t kind, pid;
	uint64_t inode;
};

/* As in the seeds. */
static const struct event_member members[] = {{"kind", 0, 4}, {"pid", 4, 4}, {"key.inode", 8, 8}};
static const struct event_struct own = {"event", sizeof(struct event), members, 3};

/* A record of exactly the bytes that the layout asks for. */
static void use(const struct event_layout *l)
{
	size_t size = event_layout_size(l);
	unsigned char *record = malloc(size ? size : 1);
	struct named_values values = {0};
	struct event event;

	if (!record)
		abort();
	memset(record, 0xa5, size);
	if (event_layout_own(l, record, size, &event) < 0 ||
	    event_layout_values(l, record, size, &values) < 0)
		abort();
	for (size_t i = 0; i < values.count; i++)
		if (strcmp(values.list[i].name, event_layout_names(l)[i]))
			abort();
	if (event_layout_is_own(l) && values.count)
		abort();
	named_values_clear(&values);
	free(record);
}

/* Every type as that of a map's value. */
static void show(const struct btf *btf, uint32_t types)
{
	static const unsigned char bytes[64];
	_cleanup_strbuf_ struct strbuf out = {0};

	for (uint32_t id = 0; id <= types && id < 256; id++)
		for (size_t n = 1; n <= sizeof(bytes); n *= 2)
			btf_value_text(btf, id, bytes, n, &out);
}

/* What was whole is whole then, and simple enough. */
static void simplify(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size ? size : 1);

	if (!bytes)
		abort();
	memcpy(bytes, data, size);
	if (image_btf_simplify(bytes, size) == 0) {
		if (image_btf_simplify(bytes, size) < 0)
			abort();
	} else if (memcmp(bytes, data, size)) {
		abort();
	}
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct event_layout *l = NULL;
	struct btf *btf = NULL;
	int r;

	libbpf_set_print(NULL);
	r = event_layout_read(data, size, &own, &l, &why);
	if (r == 0) {
		use(l);
		if (why.length)
			abort();
	} else if (!why.length) {
		abort();
	}
	event_layout_free(l);
	simplify(data, size);
	if (image_btf_open(data, size, &btf) == 0) {
		show(btf, btf__type_cnt(btf));
		btf__free(btf);
	}
	return 0;
}
