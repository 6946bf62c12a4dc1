#include "go/heap_symbols.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "base/hash_index.h"
#include "go/frame_text.h"
#include "go/pclntab.h"

struct heap_symbols {
	const struct go_binary *binary;
	uint64_t bias;
	struct elf_image *image;
	struct pclntab *table; /* NULL: nothing can be named */
	bool named;

	struct heap_symbol *symbols;
	size_t count, size;
	struct hash_index index;

	char **texts;
	size_t text_count, text_size;
	struct hash_index text_index;

	uint32_t *shown; /* the answer of heap_symbols_stack() */
	size_t shown_size;
};

int heap_symbols_new(const struct go_binary *binary, uint64_t bias, struct heap_symbols **ret)
{
	struct heap_symbols *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return -ENOMEM;
	s->binary = binary;
	s->bias = bias;
	r = elf_image_open_fd(binary->fd, NULL, &s->image);
	if (r == 0)
		r = pclntab_open(s->image, NULL, &s->table);
	s->named = r == 0;
	if (r == -ENOMEM) {
		heap_symbols_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void heap_symbols_close(struct heap_symbols *s)
{
	pclntab_close(STEAL(s->table));
	elf_image_close(STEAL(s->image));
	free(STEAL(s->shown));
	s->shown_size = 0;
}

void heap_symbols_free(struct heap_symbols *s)
{
	if (!s)
		return;
	heap_symbols_close(s);
	for (size_t i = 0; i < s->text_count; i++)
		free(s->texts[i]);
	free(s->texts);
	hash_index_free(&s->text_index);
	free(s->symbols);
	hash_index_free(&s->index);
	free(s);
}

bool heap_symbols_named(const struct heap_symbols *s)
{
	return s->named;
}

const struct heap_symbol *heap_symbols_get(const struct heap_symbols *s, uint32_t position)
{
	return &s->symbols[position];
}

static bool same_text(const void *context, uint32_t position, const void *key)
{
	return strcmp(((const struct heap_symbols *)context)->texts[position], key) == 0;
}

/* Our own copy of a text, the same pointer for the same text; NULL: out of memory. */
static const char *intern(struct heap_symbols *s, const char *text)
{
	uint64_t hash = hash_bytes(0, text, strlen(text));
	uint32_t found = hash_index_find(&s->text_index, hash, same_text, s, text);
	_cleanup_free_ char *copy = NULL;

	if (found != HASH_INDEX_NONE)
		return s->texts[found];
	copy = strdup(text);
	if (!copy ||
	    array_reserve(&s->texts, &s->text_size, s->text_count, 1, sizeof(*s->texts)) < 0 ||
	    hash_index_add(&s->text_index, hash, (uint32_t)s->text_count) < 0)
		return NULL;
	s->texts[s->text_count++] = copy;
	return STEAL(copy);
}

static const char *intern_function(struct heap_symbols *s, const char *name)
{
	_cleanup_strbuf_ struct strbuf printed = {0};

	frame_function(&printed, name);
	return strbuf_error(&printed) < 0 ? NULL : intern(s, strbuf_text(&printed));
}

static int name_symbol(struct heap_symbols *s, struct heap_symbol *symbol)
{
	struct go_frame frame;
	char number[32];
	int r = -ENOENT;

	if (s->table)
		r = pclntab_frame(s->table, symbol->pc - 1 - s->bias, &frame);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		snprintf(number, sizeof(number), "0x%" PRIx64, symbol->pc - 1);
		symbol->frame = (struct heap_frame){intern(s, number), intern(s, ""), 0};
		symbol->symbol_name = symbol->frame.function;
	} else {
		symbol->known = true;
		symbol->entry = frame.entry;
		symbol->inlined = frame.inlined;
		symbol->start_line = frame.start_line;
		symbol->goexit = strcmp(frame.function, "runtime.goexit") == 0;
		symbol->symbol_name = intern(s, frame.function);
		symbol->frame.function = intern_function(s, frame.function);
		symbol->frame.file = intern(s, frame.file);
		symbol->frame.line = frame.line;
	}
	return symbol->symbol_name && symbol->frame.function && symbol->frame.file ? 0 : -ENOMEM;
}

static bool same_pc(const void *context, uint32_t position, const void *key)
{
	return ((const struct heap_symbols *)context)->symbols[position].pc ==
	       *(const uint64_t *)key;
}

static int look_up(struct heap_symbols *s, uint64_t pc, uint32_t *ret)
{
	uint64_t hash = hash_bytes(0, &pc, sizeof(pc));
	uint32_t found = hash_index_find(&s->index, hash, same_pc, s, &pc);
	struct heap_symbol symbol = {.pc = pc};
	int r = 0;

	if (found == HASH_INDEX_NONE) {
		found = (uint32_t)s->count;
		r = name_symbol(s, &symbol);
		if (r == 0)
			r = array_reserve(&s->symbols, &s->size, s->count, 1, sizeof(*s->symbols));
		if (r == 0)
			r = hash_index_add(&s->index, hash, found);
		if (r < 0)
			return r;
		s->symbols[s->count++] = symbol;
	}
	*ret = found;
	return 0;
}

/*
 * Is it the runtime's own? runtime/pprof asks for the return address itself (FuncForPC), so we do.
 * 1 or 0, or -ENOMEM.
 */
static int hide(struct heap_symbols *s, uint32_t position)
{
	struct heap_symbol *symbol = &s->symbols[position];
	struct go_frame frame;
	int r = -ENOENT;

	if (symbol->hide_known)
		return symbol->hide;
	if (s->table)
		r = pclntab_frame(s->table, symbol->pc - s->bias, &frame);
	if (r == -ENOMEM)
		return r;
	symbol->hide_known = true;
	if (r == 0)
		symbol->hide = strncmp(frame.function, "runtime.", 8) == 0 ||
			       (s->binary->minor >= 24 &&
				strncmp(frame.function, "internal/runtime/", 17) == 0);
	return symbol->hide;
}

static int show(struct heap_symbols *s, size_t n, uint64_t pc)
{
	int r = array_reserve(&s->shown, &s->shown_size, n, 1, sizeof(*s->shown));

	if (r < 0)
		return r;
	return look_up(s, pc, &s->shown[n]);
}

/* The funcID of generated wrappers (internal/abi/symtab.go, before 1.21 runtime/symtab.go). */
static bool is_wrapper(const struct heap_symbols *s, const struct go_frame *frame)
{
	return frame->function_kind == (s->binary->minor >= 25	 ? 23
					: s->binary->minor >= 22 ? 22
								 : 21);
}

/* runtime_expandFinalInlineFrame(): the frames of the last address, wrappers left out. */
static int show_last(struct heap_symbols *s, size_t n, uint64_t pc)
{
	struct go_frame chain[GO_CHAIN_MOST];
	int r = 0, frames = 0;

	if (s->table)
		frames = pclntab_chain(s->table, pc - 1 - s->bias, chain, ARRAY_SIZE(chain));
	if (frames == -ENOMEM)
		return frames;
	if (frames <= 1) {
		r = show(s, n, pc);
		return r < 0 ? r : (int)n + 1;
	}
	for (int i = 0; r == 0 && i < frames; i++) {
		if (is_wrapper(s, &chain[i]))
			continue;
		r = show(s, n, chain[i].pc + 1 + s->bias);
		n += r == 0;
	}
	return r < 0 ? r : (int)n;
}

int heap_symbols_stack(struct heap_symbols *s, const uint64_t *stack, size_t n,
		       const uint32_t **ret)
{
	size_t count = 0, head = 0, kept = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i + 1 < n; i++) {
		r = show(s, count, stack[i]);
		count++;
	}
	if (r == 0 && n) {
		r = show_last(s, count, stack[n - 1]);
		count = (size_t)r;
	}
	if (r < 0)
		return r;
	while (head < count && (r = hide(s, s->shown[head])) > 0)
		head++;
	if (r < 0)
		return r;
	if (head == count)
		head = 0; /* nothing but the runtime: show all */
	for (size_t i = head; i < count; i++)
		if (!s->symbols[s->shown[i]].goexit)
			s->shown[kept++] = s->shown[i];
	*ret = s->shown;
	return (int)kept;
}
