#include "go/pclntab_internal.h"

#include <errno.h>
#include <string.h>

#define NAME_MOST 1024 /* longer names are cut */
/* Of all pc-value tables together, so that a hostile program cannot keep us busy. */
#define STEPS_MOST ((uint64_t)1 << 28)

/* Indices into a function's pcdata and funcdata (internal/abi/symtab.go). */
#define PCDATA_INLINE_INDEX 2
#define FUNCDATA_INLINE_TREE 3
#define NO_FUNCDATA 0xffffffffu

/* The fixed part of _func, as far as it is used here. */
struct function {
	uint64_t address;
	uint64_t entry;
	uint32_t name, file_values, line_values, unit, start_line;
	uint32_t pcdata_count;
	uint32_t size;
	uint8_t kind, funcdata_count;
};

static bool same_address(const void *context, uint32_t position, const void *key)
{
	return ((const struct name *)context)[position].address == *(const uint64_t *)key;
}

/* A string that ends with NUL, read once and kept. */
static int text_at(struct pclntab *t, uint64_t address, const char **ret)
{
	uint64_t hash = hash_bytes(0, &address, sizeof(address));
	uint32_t i = hash_index_find(&t->pool_index, hash, same_address, t->pool, &address);
	_cleanup_free_ char *text = NULL;
	char buffer[NAME_MOST];
	struct name *pool;
	ssize_t n;

	if (i != HASH_INDEX_NONE) {
		*ret = t->pool[i].text;
		return 0;
	}
	n = elf_image_read_some(t->image, address, buffer, sizeof(buffer));
	if (n < 0)
		return n == -EFAULT ? -EBADMSG : (int)n;
	text = strndup(buffer, (size_t)n);
	pool = text ? reallocarray(t->pool, t->pool_count + 1, sizeof(*pool)) : NULL;
	if (!pool)
		return -ENOMEM;
	t->pool = pool;
	if (hash_index_add(&t->pool_index, hash, t->pool_count) < 0)
		return -ENOMEM;
	*ret = text;
	pool[t->pool_count++] = (struct name){address, STEAL(text)};
	return 0;
}

/* The function whose code holds PC: its position in functab, which is sorted. */
static int function_at(struct pclntab *t, uint64_t pc, uint32_t *ret)
{
	uint32_t low = 0, high = t->function_count, start, offset;
	int r = fetch32(t, t->functions + (uint64_t)high * 8, &start);

	if (r < 0)
		return r;
	if (pc < t->text || pc - t->text >= start)
		return -ENOENT;
	offset = (uint32_t)(pc - t->text);
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		r = fetch32(t, t->functions + (uint64_t)middle * 8, &start);
		if (r < 0)
			return r;
		if (start <= offset)
			low = middle;
		else
			high = middle;
	}
	r = fetch32(t, t->functions + (uint64_t)low * 8, &start);
	if (r == 0 && start > offset)
		return -ENOENT;
	*ret = low;
	return r;
}

static int read_function(struct pclntab *t, uint32_t position, struct function *f)
{
	uint32_t size = t->since_120 ? 44 : 40, at[2];
	uint8_t b[44];
	int r = fetch(t, t->functions + (uint64_t)position * 8, at, sizeof(at));

	if (r == 0)
		r = fetch(t, t->functions + at[1], b, size);
	if (r < 0)
		return r;
	*f = (struct function){
		.address = t->functions + at[1],
		.entry = t->text + at[0],
		.name = get32(b + 4),
		.file_values = get32(b + 20),
		.line_values = get32(b + 24),
		.pcdata_count = get32(b + 28),
		.unit = get32(b + 32),
		.start_line = t->since_120 ? get32(b + 36) : 0,
		.size = size,
		.kind = b[size - 4],
		.funcdata_count = b[size - 1],
	};
	return 0;
}

/* Reads a stream of bytes from the image. */
struct cursor {
	struct elf_image *image;
	uint64_t address; /* behind what is in the buffer */
	size_t at, held;
	uint8_t buffer[64];
};

static int next_number(struct cursor *c, uint32_t *ret)
{
	uint32_t value = 0;

	for (int shift = 0; shift < 35; shift += 7) {
		if (c->at == c->held) {
			ssize_t n = elf_image_read_some(c->image, c->address, c->buffer,
							sizeof(c->buffer));

			if (n < 0)
				return n == -EFAULT ? -EBADMSG : (int)n;
			c->address += (size_t)n;
			c->held = (size_t)n;
			c->at = 0;
		}
		value |= (uint32_t)(c->buffer[c->at] & 0x7f) << shift;
		if (!(c->buffer[c->at++] & 0x80)) {
			*ret = value;
			return 0;
		}
	}
	return -EBADMSG;
}

/*
 * What the pc-value table at OFFSET says of PC: pairs of (zigzag difference of the value,
 * difference of the address), a zero value ends it. -1: nothing.
 */
static int value_at(struct pclntab *t, uint32_t offset, uint64_t entry, uint64_t pc, int32_t *ret)
{
	struct cursor c = {.image = t->image, .address = t->values + offset};
	uint32_t value = UINT32_MAX, change, distance;
	uint64_t end = entry;
	int r;

	*ret = -1;
	for (uint32_t step = 0; offset && t->steps < STEPS_MOST; step++, t->steps++) {
		r = next_number(&c, &change);
		if (r < 0 || (change == 0 && step > 0))
			return r;
		r = next_number(&c, &distance);
		if (r < 0)
			return r;
		value += change & 1 ? ~(change >> 1) : change >> 1;
		end += (uint64_t)distance * t->quantum;
		if (pc < end) {
			*ret = (int32_t)value;
			return 0;
		}
	}
	return offset ? -EBADMSG : 0;
}

static int file_and_line(struct pclntab *t, const struct function *f, uint64_t pc,
			 struct go_frame *frame)
{
	int32_t line, number = -1;
	uint32_t file;
	int r = value_at(t, f->line_values, f->entry, pc, &line);

	frame->file = "";
	frame->line = r == 0 && line > 0 ? (uint32_t)line : 0;
	if (r == 0)
		r = value_at(t, f->file_values, f->entry, pc, &number);
	if (r < 0 || number < 0)
		return r;
	/* A file is a number within the compilation unit. */
	r = fetch32(t, t->units + 4 * ((uint64_t)f->unit + (uint32_t)number), &file);
	if (r == 0 && file != UINT32_MAX)
		r = text_at(t, t->files + file, &frame->file);
	return r;
}

/* Where the function's inline tree and the table of indices into it are; 0 if nothing was inlined.
 */
static int inline_tree(struct pclntab *t, const struct function *f, uint64_t *ret_tree,
		       uint32_t *ret_indices)
{
	uint64_t behind = f->address + f->size;
	uint32_t tree;
	int r;

	*ret_tree = 0;
	if (!t->inline_trees || f->funcdata_count <= FUNCDATA_INLINE_TREE ||
	    f->pcdata_count <= PCDATA_INLINE_INDEX)
		return 0;
	r = fetch32(t, behind + 4 * (uint64_t)(f->pcdata_count + FUNCDATA_INLINE_TREE), &tree);
	if (r < 0 || tree == NO_FUNCDATA)
		return r;
	*ret_tree = t->inline_trees + tree;
	return fetch32(t, behind + 4 * PCDATA_INLINE_INDEX, ret_indices);
}

/* runtime.inlinedCall number INDEX: the inlined function, and where it was called in the outer one.
 */
static int inlined_call(struct pclntab *t, uint64_t tree, uint32_t index, struct go_frame *frame,
			uint32_t *ret_parent)
{
	uint32_t size = t->since_120 ? 16 : 20, name;
	uint8_t b[20];
	int r = fetch(t, tree + (uint64_t)index * size, b, size);

	if (r < 0)
		return r;
	frame->inlined = true;
	if (t->since_120) {
		frame->function_kind = b[0];
		name = get32(b + 4);
		*ret_parent = get32(b + 8);
		frame->start_line = get32(b + 12);
	} else {
		frame->function_kind = b[2];
		name = get32(b + 12);
		*ret_parent = get32(b + 16);
	}
	return text_at(t, t->names + name, &frame->function);
}

int pclntab_chain(struct pclntab *t, uint64_t pc, struct go_frame *frames, size_t most)
{
	uint32_t position, indices = 0, parent;
	struct function f;
	uint64_t tree;
	int r = function_at(t, pc, &position);

	if (r == 0)
		r = read_function(t, position, &f);
	if (r == 0)
		r = inline_tree(t, &f, &tree, &indices);
	for (size_t n = 0; r == 0 && n < most; n++) {
		struct go_frame *frame = &frames[n];
		int32_t index = -1;

		*frame = (struct go_frame){.entry = f.entry, .pc = pc};
		r = file_and_line(t, &f, pc, frame);
		if (r == 0 && tree)
			r = value_at(t, indices, f.entry, pc, &index);
		if (r < 0)
			break;
		if (index < 0) {
			frame->start_line = f.start_line;
			frame->function_kind = f.kind;
			r = text_at(t, t->names + f.name, &frame->function);
			return r < 0 ? r : (int)n + 1;
		}
		r = inlined_call(t, tree, (uint32_t)index, frame, &parent);
		pc = f.entry + parent;
	}
	return r < 0 ? r : (int)most;
}

int pclntab_frame(struct pclntab *t, uint64_t pc, struct go_frame *ret)
{
	int r = pclntab_chain(t, pc, ret, 1);

	return r < 0 ? r : 0;
}
