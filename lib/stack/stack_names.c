#include "stack/stack_names.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "base/text.h"
#include "oom/kill_stacks.h"
#include "stack/code_names.h"
#include "stack/kernel_symbols.h"
#include "stack/vdso.h"

struct stack_names {
	struct kernel_symbols *kernel;
};

int stack_names_open(struct stack_names **ret)
{
	struct stack_names *names = calloc(1, sizeof(*names));
	int r = names ? kernel_symbols_open("/proc/kallsyms", &names->kernel) : -ENOMEM;

	if (r < 0) {
		free(names);
		return r;
	}
	*ret = names;
	return 0;
}

void stack_names_close(struct stack_names *names)
{
	if (!names)
		return;
	kernel_symbols_close(names->kernel);
	free(names);
}

/* Take COUNT texts, each closed by a NUL, for the frames of a stack. */
static int fill(struct kill_stack *to, const struct strbuf *texts, size_t count)
{
	const char *p = strbuf_text(texts);

	if (strbuf_error(texts) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++, p += strlen(p) + 1)
		if (kill_stack_add(to, p, strlen(p)) < 0)
			return -ENOMEM;
	return 0;
}

static int explain(struct kill_stack *to, const char *why)
{
	to->error = strdup(why);
	return to->error ? 0 : -ENOMEM;
}

static int find_mapping(const struct oomkill_stack *s, uint64_t address)
{
	for (uint32_t i = 0; i < s->n_mappings; i++)
		if (address >= s->mappings[i].start && address < s->mappings[i].end)
			return (int)i;
	return -1;
}

/* Without a name: where it is, as far as that is known. */
static void put_address(struct strbuf *out, const struct oomkill_stack *s,
			const struct code_frame *f, const char *path)
{
	const struct oomkill_mapping *m = f->mapping < 0 ? NULL : &s->mappings[f->mapping];
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

	strbuf_printf(out, "0x%" PRIx64, f->link ? f->link : f->address);
	if (m) {
		strbuf_puts(out, " (");
		text_display(out, *name ? name : "?", strlen(*name ? name : "?"));
		if (!f->link)
			strbuf_printf(out, ", file offset 0x%" PRIx64,
				      (uint64_t)(f->address - m->start + m->offset * page));
		strbuf_putc(out, ')');
	}
	strbuf_putc(out, '\0');
}

static bool is_used(const struct code_frame *frames, size_t n, int mapping)
{
	for (size_t i = 0; i < n; i++)
		if (frames[i].mapping == mapping)
			return true;
	return false;
}

static int name_mapping(const struct oomkill_stack *s, int mapping, struct code_frame *frames,
			size_t n)
{
	struct code_file file;
	int r = 0;

	code_file_open(s, &s->mappings[mapping], &file);
	if (file.fd >= 0)
		r = code_names(&file, &s->mappings[mapping], mapping, frames, n);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (frames[i].mapping == mapping && !frames[i].text.length)
			put_address(&frames[i].text, s, &frames[i], file.path);
	code_file_close(&file);
	return r;
}

static int name_user(const struct oomkill_stack *s, struct code_frame *frames, size_t n)
{
	int r = vdso_names(s->vdso, frames, n);

	for (uint32_t i = 0; r == 0 && i < s->n_mappings; i++)
		if (is_used(frames, n, (int)i))
			r = name_mapping(s, (int)i, frames, n);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!frames[i].text.length)
			put_address(&frames[i].text, s, &frames[i], "");
	return r;
}

static size_t join(const struct code_frame *frames, size_t n, struct strbuf *texts)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		strbuf_append(texts, frames[i].text.data, frames[i].text.length);
		for (size_t k = 0; k < frames[i].text.length; k++)
			count += frames[i].text.data[k] == '\0';
		if (frames[i].text.failed)
			texts->failed = true;
	}
	return count;
}

static int put_user(const struct oomkill_stack *s, struct kill_stack *to)
{
	struct code_frame frames[OOMKILL_STACK_FRAMES] = {0};
	_cleanup_strbuf_ struct strbuf texts = {0};
	size_t n, count = 0;
	int r;

	kill_stack_clear(to);
	to->tid = s->tid;
	if (s->n_user <= 0)
		return explain(to, s->n_user == 0 || s->n_user == -EFAULT || s->n_user == -EINVAL
					   ? "it has no user stack"
					   : "the kernel could not read it");
	n = (size_t)s->n_user;
	for (size_t i = 0; i < n; i++) {
		frames[i].address = s->user[i];
		frames[i].is_return = i > 0;
		frames[i].mapping = find_mapping(s, s->user[i]);
	}
	to->cut = n == OOMKILL_STACK_FRAMES;
	r = name_user(s, frames, n);
	if (r == 0)
		count = join(frames, n, &texts);
	for (size_t i = 0; i < n; i++)
		strbuf_free(&frames[i].text);
	return r < 0 ? r : fill(to, &texts, count);
}

/*
 * The probe itself and how it was called stand before the OOM killer. On Linux 7.2 fentry jumps
 * to the probe before oom_kill_process() has a frame: then its caller is the first.
 */
static size_t behind_probe(const struct kernel_place *places, size_t n)
{
	static const char *const first[] = {"mark_oom_victim", "__oom_kill_process",
					    "oom_kill_process", "out_of_memory"};

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < ARRAY_SIZE(first); k++)
			if (strncmp(places[i].name, first[k], strlen(first[k])) == 0)
				return i;
	return 0;
}

static int put_kernel(struct stack_names *names, const struct oomkill_stack *s,
		      struct kill_stack *to)
{
	struct kernel_place places[OOMKILL_STACK_FRAMES];
	_cleanup_strbuf_ struct strbuf texts = {0};
	size_t n, begin;

	kill_stack_clear(to);
	to->tid = s->tid;
	if (s->n_kernel <= 0)
		return explain(to, "the kernel could not tell it");
	n = (size_t)s->n_kernel;
	for (size_t i = 0; i < n; i++)
		places[i].address = s->kernel[i];
	(void)kernel_symbols_name(names->kernel, places, n);
	begin = behind_probe(places, n);
	for (size_t i = begin; i < n; i++) {
		const struct kernel_place *p = &places[i];

		if (p->name[0]) {
			text_display(&texts, p->name, strlen(p->name));
			strbuf_printf(&texts, "+0x%" PRIx64, p->address - p->start);
		} else {
			strbuf_printf(&texts, "0x%" PRIx64, p->address);
		}
		if (p->module[0]) {
			strbuf_puts(&texts, " [");
			text_display(&texts, p->module, strlen(p->module));
			strbuf_putc(&texts, ']');
		}
		strbuf_putc(&texts, '\0');
	}
	to->cut = n == OOMKILL_STACK_FRAMES;
	return fill(to, &texts, n - begin);
}

int stack_names_put(struct stack_names *names, const struct oomkill_stack *s, struct kill *kill)
{
	int r;

	if (s->n_user > OOMKILL_STACK_FRAMES || s->n_kernel > OOMKILL_STACK_FRAMES ||
	    s->n_mappings > OOMKILL_STACK_MAPPINGS)
		return -EBADMSG;
	if (!s->of_trigger)
		return put_user(s, &kill->victim_stack);
	r = put_user(s, &kill->trigger_user_stack);
	return r < 0 ? r : put_kernel(names, s, &kill->trigger_kernel_stack);
}
