#include "bpf/image.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <nettle/sha2.h>

#include "base/macro.h"

/* Bounds that no honest image comes near; the kernel's own limit is a million instructions. */
#define MAPS_MOST 64
#define PROGRAMS_MOST 128
#define INSTRUCTIONS_MOST 1000000
#define STRING_MOST 4096

static const char magic[8] = "OOMIMAGE";

struct header {
	char magic[8];
	uint32_t format;
	uint32_t size; /* of the payload */
	uint8_t digest[SHA256_DIGEST_SIZE];
};

static void digest(const struct header *header, const void *payload, size_t n, uint8_t *ret)
{
	struct sha256_ctx c;

	sha256_init(&c);
	sha256_update(&c, offsetof(struct header, digest), (const uint8_t *)header);
	sha256_update(&c, n, payload);
	sha256_digest(&c, SHA256_DIGEST_SIZE, ret);
}

void image_seal(const void *payload, size_t n, struct strbuf *out)
{
	struct header header = {.format = IMAGE_FORMAT, .size = (uint32_t)n};

	memcpy(header.magic, magic, sizeof(magic));
	digest(&header, payload, n, header.digest);
	strbuf_append(out, &header, sizeof(header));
	strbuf_append(out, payload, n);
}

static void put_u32(struct strbuf *out, size_t value)
{
	uint32_t v = (uint32_t)value;

	strbuf_append(out, &v, sizeof(v));
}

static void put_bytes(struct strbuf *out, const void *bytes, size_t n, size_t each)
{
	put_u32(out, n);
	strbuf_append(out, bytes, n * each);
}

static void put_string(struct strbuf *out, const char *s)
{
	put_bytes(out, s ? s : "", s ? strlen(s) : 0, 1);
}

static void put_program(struct strbuf *out, const struct image_program *p)
{
	put_string(out, p->name);
	put_u32(out, p->attach_btf_id);
	put_bytes(out, p->instructions, p->n_instructions, sizeof(*p->instructions));
	put_bytes(out, p->references, p->n_references, sizeof(*p->references));
	put_bytes(out, p->functions, p->n_functions, sizeof(*p->functions));
	put_bytes(out, p->lines, p->n_lines, sizeof(*p->lines));
}

/* What is left to read. */
struct cursor {
	const char *at;
	size_t left;
	bool failed; /* something did not fit, or a bound was passed */
	bool no_memory;
};

static void take(struct cursor *c, void *to, size_t n)
{
	if (c->failed || n > c->left) {
		c->failed = true;
		memset(to, 0, n);
		return;
	}
	if (n)
		memcpy(to, c->at, n);
	c->at += n;
	c->left -= n;
}

static uint32_t take_u32(struct cursor *c)
{
	uint32_t v;

	take(c, &v, sizeof(v));
	return v;
}

/* A count of at most MOST elements, each of EACH bytes at least, that still can follow. */
static size_t take_count(struct cursor *c, size_t most, size_t each)
{
	size_t n = take_u32(c);

	if (n > most || n > c->left / each)
		c->failed = true;
	return c->failed ? 0 : n;
}

static void *take_array(struct cursor *c, size_t most, size_t each, size_t *ret_n)
{
	size_t n = take_count(c, most, each);
	void *array;

	*ret_n = n;
	if (!n)
		return NULL;
	array = calloc(n, each);
	if (!array) {
		c->no_memory = c->failed = true;
		*ret_n = 0;
		return NULL;
	}
	take(c, array, n * each);
	return array;
}

static char *take_string(struct cursor *c)
{
	size_t n = take_count(c, STRING_MOST, 1);
	char *s = calloc(n + 1, 1);

	if (!s) {
		c->no_memory = c->failed = true;
		return NULL;
	}
	take(c, s, n);
	if (strlen(s) != n)
		c->failed = true;
	return s;
}

static void take_name(struct cursor *c, char *name)
{
	size_t n = take_count(c, IMAGE_NAME_SIZE - 1, 1);

	memset(name, 0, IMAGE_NAME_SIZE);
	take(c, name, n);
	if (!n || strlen(name) != n)
		c->failed = true;
}

static void take_map(struct cursor *c, struct image_map *m)
{
	take_name(c, m->name);
	m->type = take_u32(c);
	m->key_size = take_u32(c);
	m->value_size = take_u32(c);
	m->max_entries = take_u32(c);
	m->flags = take_u32(c);
}

static void take_program(struct cursor *c, struct image_program *p)
{
	take_name(c, p->name);
	p->attach_btf_id = take_u32(c);
	p->instructions =
		take_array(c, INSTRUCTIONS_MOST, sizeof(*p->instructions), &p->n_instructions);
	p->references = take_array(c, INSTRUCTIONS_MOST, sizeof(*p->references), &p->n_references);
	p->functions = take_array(c, INSTRUCTIONS_MOST, sizeof(*p->functions), &p->n_functions);
	p->lines = take_array(c, INSTRUCTIONS_MOST, sizeof(*p->lines), &p->n_lines);
}

static bool is_wide_load(const struct bpf_insn *i)
{
	return i->code == (BPF_LD | BPF_DW | BPF_IMM);
}

/* Does instruction I, which holds a distance, mean a function behind the first? */
static bool refers_to_function(const struct image_program *p, size_t i)
{
	int64_t target = (int64_t)i + p->instructions[i].imm + 1;

	for (size_t f = 0; f < p->n_functions && target > 0; f++)
		if (p->functions[f].insn_off == target)
			return true;
	return false;
}

/*
 * Every map load must be one of the listed references, so that no number in the image can ever be
 * taken for a descriptor of the loading process; every callback reference and call must hit the
 * start of a function. The verifier checks all else.
 */
static const char *check_instructions(const struct image_program *p)
{
	size_t references = 0;

	for (size_t i = 0; i < p->n_instructions; i++) {
		const struct bpf_insn *in = &p->instructions[i];

		if (in->code == (BPF_JMP | BPF_CALL) && in->src_reg) {
			if (in->src_reg != BPF_PSEUDO_CALL)
				return "a call of something else than a helper";
			if (!refers_to_function(p, i))
				return "a call of no function";
		}
		if (!is_wide_load(in))
			continue;
		if (i + 1 >= p->n_instructions)
			return "half an instruction at the end of a program";
		if (in->src_reg == BPF_PSEUDO_MAP_FD) {
			if (references >= p->n_references ||
			    p->references[references].instruction != i || in->imm || in[1].imm)
				return "a map load that is not listed";
			references++;
		} else if (in->src_reg == BPF_PSEUDO_FUNC) {
			if (!refers_to_function(p, i))
				return "a callback reference to no function";
		} else if (in->src_reg) {
			return "a load of an unknown kind";
		}
		i++;
	}
	return references == p->n_references ? NULL : "a map reference without a load";
}

static const char *check_debug(const struct image_program *p)
{
	for (size_t i = 0; i < p->n_functions; i++)
		if (p->functions[i].insn_off >= p->n_instructions ||
		    (i ? p->functions[i].insn_off <= p->functions[i - 1].insn_off
		       : p->functions[i].insn_off != 0))
			return "function information out of order";
	for (size_t i = 0; i < p->n_lines; i++)
		if (p->lines[i].insn_off >= p->n_instructions ||
		    (i && p->lines[i].insn_off <= p->lines[i - 1].insn_off))
			return "line information out of order";
	return NULL;
}

static const char *check(const struct image *image)
{
	for (size_t i = 0; i < image->n_programs; i++) {
		const struct image_program *p = &image->programs[i];
		const char *why;

		if (!p->n_instructions)
			return "an empty program";
		for (size_t r = 0; r < p->n_references; r++)
			if (p->references[r].map >= image->n_maps)
				return "a reference to a map that is not there";
		why = check_instructions(p);
		if (!why)
			why = check_debug(p);
		if (why)
			return why;
		if (image_program(image, p->name) != p)
			return "two programs of one name";
	}
	for (size_t i = 0; i < image->n_maps; i++)
		if (image_map(image, image->maps[i].name) != &image->maps[i])
			return "two maps of one name";
	return image->n_programs ? NULL : "no program";
}

static void take_image(struct cursor *c, struct image *image)
{
	char **strings[] = {&image->tool,    &image->version, &image->flags,	&image->release,
			    &image->machine, &image->kernel,  &image->btf_hash, &image->license};
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		*strings[i] = take_string(c);
	/* Smallest map and program: a name of one byte and their fixed words. */
	n = take_count(c, MAPS_MOST, 25);
	image->maps = calloc(n + 1, sizeof(*image->maps));
	c->no_memory |= !image->maps;
	for (; image->maps && image->n_maps < n && !c->failed; image->n_maps++)
		take_map(c, &image->maps[image->n_maps]);
	n = take_count(c, PROGRAMS_MOST, 25);
	image->programs = calloc(n + 1, sizeof(*image->programs));
	c->no_memory |= !image->programs;
	for (; image->programs && image->n_programs < n && !c->failed; image->n_programs++)
		take_program(c, &image->programs[image->n_programs]);
	image->btf = take_array(c, IMAGE_SIZE_MOST, 1, &image->btf_size);
}

int image_write(const struct image *image, struct strbuf *out, const char **ret_why)
{
	_cleanup_strbuf_ struct strbuf payload = {0};
	const char *strings[] = {image->tool,	 image->version, image->flags,	  image->release,
				 image->machine, image->kernel,	 image->btf_hash, image->license};

	*ret_why = check(image);
	if (*ret_why)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(strings); i++)
		put_string(&payload, strings[i]);
	put_u32(&payload, image->n_maps);
	for (size_t i = 0; i < image->n_maps; i++) {
		const struct image_map *m = &image->maps[i];

		put_string(&payload, m->name);
		put_u32(&payload, m->type);
		put_u32(&payload, m->key_size);
		put_u32(&payload, m->value_size);
		put_u32(&payload, m->max_entries);
		put_u32(&payload, m->flags);
	}
	put_u32(&payload, image->n_programs);
	for (size_t i = 0; i < image->n_programs; i++)
		put_program(&payload, &image->programs[i]);
	put_bytes(&payload, image->btf, image->btf_size, 1);
	if (strbuf_error(&payload) < 0)
		return -ENOMEM;
	if (payload.length > IMAGE_SIZE_MOST) {
		*ret_why = "it is too large";
		return -EINVAL;
	}
	image_seal(payload.data, payload.length, out);
	return strbuf_error(out);
}

static const char *check_header(const void *bytes, size_t n)
{
	struct header header;
	uint8_t got[SHA256_DIGEST_SIZE];

	if (n < sizeof(header))
		return "it is too short";
	memcpy(&header, bytes, sizeof(header));
	if (memcmp(header.magic, magic, sizeof(magic)))
		return "it is not an image";
	if (header.format != IMAGE_FORMAT)
		return "it is of another format";
	if (header.size != n - sizeof(header) || header.size > IMAGE_SIZE_MOST)
		return "its size is wrong";
	digest(&header, (const char *)bytes + sizeof(header), header.size, got);
	return memcmp(got, header.digest, sizeof(got)) ? "its checksum is wrong" : NULL;
}

int image_parse(const void *bytes, size_t n, struct image **ret, const char **ret_why)
{
	_cleanup_image_ struct image *image = NULL;
	struct cursor c = {0};

	*ret_why = check_header(bytes, n);
	if (*ret_why)
		return -EBADMSG;
	image = calloc(1, sizeof(*image));
	if (!image)
		return -ENOMEM;
	c.at = (const char *)bytes + sizeof(struct header);
	c.left = n - sizeof(struct header);
	take_image(&c, image);
	if (c.no_memory)
		return -ENOMEM;
	*ret_why = c.failed || c.left ? "its parts do not fit" : check(image);
	if (*ret_why)
		return -EBADMSG;
	*ret = STEAL(image);
	return 0;
}

struct image_program *image_program(const struct image *image, const char *name)
{
	for (size_t i = 0; i < image->n_programs; i++)
		if (strcmp(image->programs[i].name, name) == 0)
			return &image->programs[i];
	return NULL;
}

struct image_map *image_map(const struct image *image, const char *name)
{
	for (size_t i = 0; i < image->n_maps; i++)
		if (strcmp(image->maps[i].name, name) == 0)
			return &image->maps[i];
	return NULL;
}

void image_program_clear(struct image_program *p)
{
	free(p->instructions);
	free(p->references);
	free(p->functions);
	free(p->lines);
	*p = (struct image_program){0};
}

void image_free(struct image *image)
{
	if (!image)
		return;
	free(image->tool);
	free(image->version);
	free(image->flags);
	free(image->release);
	free(image->machine);
	free(image->kernel);
	free(image->btf_hash);
	free(image->license);
	for (size_t i = 0; i < image->n_programs; i++)
		image_program_clear(&image->programs[i]);
	free(image->programs);
	free(image->maps);
	free(image->btf);
	free(image);
}

void image_freep(struct image **image)
{
	image_free(*image);
}
