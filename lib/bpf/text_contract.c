#include "bpf/text_contract.h"

#include <errno.h>
#include <linux/bpf.h>

#include "bpf/event_layout.h"
#include "bpf/image.h"

static bool has_a_value_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_HASH || type == BPF_MAP_TYPE_LRU_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

/* NAME is at fault: begin the message with its line. */
static void blame(const struct source *source, const char *name, struct strbuf *why)
{
	unsigned int line = source ? source_line_of(source, name) : 0;

	if (!line)
		return;
	source_error_at(source, line);
	source_put_place(source, line, why);
	strbuf_puts(why, ": ");
}

static bool is_as_needed(const struct image_map *map, const struct text_map *needed)
{
	if (needed->type ? map->type != needed->type : has_a_value_per_cpu(map->type))
		return false;
	return (!needed->key_size || map->key_size == needed->key_size) &&
	       (!needed->value_size || map->value_size == needed->value_size);
}

int text_contract_refuse_map(const char *map, bool missing, const struct source *source,
			     struct strbuf *why)
{
	if (!missing)
		blame(source, map, why);
	strbuf_printf(why,
		      "map %s %s, but the tool works with it as it is: leave it as it was (`diff "
		      "draft` shows what has changed)\n",
		      map, missing ? "is missing" : "has another type or size");
	return -ENOEXEC;
}

static int check_struct(const struct text_contract *contract, const struct event_struct *own,
			const struct image *image, const struct source *source, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf reason = {0};
	struct event_layout *layout = NULL;
	int r = image->btf_size
			? event_layout_read(image->btf, image->btf_size, own, &layout, &reason)
			: -ENOENT;
	bool is_own = r == 0 && event_layout_is_own(layout);

	event_layout_free(layout);
	if (r == -ENOENT || r == -ENOMEM || is_own)
		return r == -ENOMEM ? r : 0;
	blame(source, own->name, why);
	if (r < 0)
		strbuf_puts(why, strbuf_text(&reason));
	else
		strbuf_printf(why,
			      "struct %s has other members than the tool reads: those of your own "
			      "belong to %s\n",
			      own->name, contract->extensible);
	return -ENOEXEC;
}

int text_contract_check(const struct text_contract *contract, const struct image *image,
			const struct source *source, struct strbuf *why)
{
	int r = 0;

	if (!contract)
		return 0;
	for (const struct text_map *needed = contract->maps; needed && needed->name; needed++) {
		const struct image_map *map = image_map(image, needed->name);

		if (map && !is_as_needed(map, needed))
			return text_contract_refuse_map(needed->name, false, source, why);
	}
	for (const struct event_struct *const *own = contract->structs; own && *own && r == 0;
	     own++)
		r = check_struct(contract, *own, image, source, why);
	return r;
}
