#include "bpf/tracer.h"

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <bpf/libbpf.h>

#include "base/macro.h"
#include "bpf/attachment.h"
#include "bpf/image_supply.h"
#include "bpf/program_wait.h"
#include "bpf/text_contract.h"
#include "bpf/tracer_internal.h"

static const struct tracer_variant plain[] = {{.name = "default"}, {0}};

/* Log a text line by line. */
static void log_lines(const char *text, void *data)
{
	const struct tracer *t = data;

	while (t->config.log && *text) {
		size_t n = strcspn(text, "\n");
		_cleanup_free_ char *line = strndup(text, n);

		if (line && n)
			t->config.log(line, t->config.data);
		text += n + (text[n] == '\n');
	}
}

static void _printf_(2, 3) say(struct tracer *t, const char *format, ...)
{
	va_list args;
	char *text;

	if (!t->config.log)
		return;
	va_start(args, format);
	if (vasprintf(&text, format, args) >= 0) {
		log_lines(text, t);
		free(text);
	}
	va_end(args);
}

int tracer_new(const struct tracer_config *config, struct tracer **ret)
{
	struct tracer *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->config = *config;
	/* libbpf would print to stderr by itself. */
	libbpf_set_print(NULL);
	*ret = t;
	return 0;
}

/* One attempt: a variant of a text, on its way to the kernel. */
struct attempt {
	const struct tracer_config *config;
	const struct tracer_variant *variant;
	struct strbuf flags, reason, log;
	struct image_supply supply;
	struct supplied_image supplied;
	struct running made;
	unsigned int error_line;
};

static void add_flags(struct strbuf *out, const char *const *flags)
{
	for (; flags && *flags; flags++)
		strbuf_printf(out, "%s ", *flags);
}

static void attempt_init(struct attempt *a, struct tracer *t, const struct tracer_config *config,
			 const struct tracer_variant *variant)
{
	*a = (struct attempt){.config = config, .variant = variant};
	kernel_features_flags(&t->features, &a->flags);
	add_flags(&a->flags, variant->flags);
	add_flags(&a->flags, config->flags);
	a->supply = (struct image_supply){
		.compile = {.tool = config->name,
			    /* Of what text an image was made, nobody knows. */
			    .source = {config->text, config->lines, config->file,
				       config->image_path ? NULL : &a->error_line},
			    .flags = strbuf_text(&a->flags),
			    .kernel_headers = config->kernel_headers,
			    .meanwhile = config->meanwhile,
			    .meanwhile_data = config->meanwhile_data,
			    .ahead = &t->ahead},
		.version = config->version,
		.path = config->image_path,
		.log = log_lines,
		.data = t,
	};
}

static void running_close(struct running *running)
{
	probe_set_close(running->set);
	free(running->btf);
	*running = (struct running){0};
}

static void attempt_free(struct attempt *a)
{
	strbuf_free(&a->flags);
	strbuf_free(&a->reason);
	strbuf_free(&a->log);
	supplied_image_free(&a->supplied);
	running_close(&a->made);
}

/* What is known before anything is compiled to speak against a variant; "" for nothing. */
static const char *objection(const struct tracer *t, const struct tracer_variant *variant)
{
	if (variant->needs & TRACER_NEEDS_FENTRY && *t->features.no_fentry)
		return t->features.no_fentry;
	if (variant->needs & TRACER_NEEDS_KPROBE && *t->features.no_kprobe)
		return t->features.no_kprobe;
	return "";
}

/* The first of FLAGS that the image was made without; NULL: it has all. */
static const char *made_without(const struct image *image, const char *const *flags)
{
	for (; flags && *flags; flags++) {
		const char *at = image->flags;
		size_t n = strlen(*flags);

		while ((at = strstr(at, *flags)) && at[n] && at[n] != ' ')
			at += n;
		if (!at)
			return *flags;
	}
	return NULL;
}

/* What an image cannot tell, as it was compiled without it. */
static int check_image_flags(struct attempt *a)
{
	const char *missing =
		a->config->image_path ? made_without(a->supplied.image, a->config->flags) : NULL;

	if (!missing)
		return 0;
	strbuf_printf(&a->reason,
		      "%s: made without %s, which these options take; make it again: "
		      "oomtools-compile ... -D %s\n",
		      a->config->image_path, missing, missing + strlen("-D"));
	return -EINVAL;
}

/* Which variant a given image was made as. */
static void name_image_variant(struct attempt *a)
{
	const struct tracer_variant *v = a->config->image_path ? a->config->variants : NULL;

	for (; v && v->name; v++)
		if (a->supplied.image && !made_without(a->supplied.image, v->flags)) {
			a->variant = v;
			return;
		}
}

static void size_maps(struct image *image, const struct tracer_map_size *size)
{
	for (; size && size->name; size++) {
		struct image_map *map = image_map(image, size->name);

		if (map)
			map->max_entries = size->max_entries;
	}
}

/* Get the image and make it fit these options. */
static int obtain(struct tracer *t, struct attempt *a)
{
	int r = image_obtain(&a->supply, &a->supplied, &a->reason);

	if (r < 0)
		return r;
	if (a->supplied.bytes.length)
		t->supply.compiled++;
	else if (!a->config->image_path)
		t->supply.from_cache++;
	r = check_image_flags(a);
	if (r < 0)
		return r;
	name_image_variant(a);
	size_maps(a->supplied.image, a->config->map_sizes);
	return 0;
}

/* From the text to maps and programs in the kernel, not attached. */
static int bring_up(struct tracer *t, struct attempt *a, const struct probe_set *before)
{
	const char *against = a->config->image_path ? "" : objection(t, a->variant);
	struct probe_handover handover = {before, a->config->renewed_maps, a->config->held_maps};
	int r;

	if (*against) {
		strbuf_printf(&a->reason, "%s\n", against);
		return -EOPNOTSUPP;
	}
	r = obtain(t, a);
	if (r == 0)
		r = text_contract_check(a->config->contract, a->supplied.image,
					a->config->image_path ? NULL : &a->supply.compile.source,
					&a->reason);
	if (r < 0)
		return r;
	r = probe_set_load(a->supplied.image, &a->supply.compile.source, &t->features, &handover,
			   &a->made.set, &a->reason, &a->log);
	if (a->log.length)
		say(t, "the verifier's log of variant %s:\n%s", a->variant->name, a->log.data);
	if (r == 0 && a->config->keep_btf) {
		a->made.btf = STEAL(a->supplied.image->btf);
		a->made.btf_size = a->supplied.image->btf_size;
	}
	return r;
}

/* Let the tool fill its maps: it asks the tracer for them. */
static int prepare(struct tracer *t, struct attempt *a)
{
	struct running now = t->running;
	int r;

	if (!a->config->prepare)
		return 0;
	t->running = a->made;
	r = a->config->prepare(t, a->config->data);
	t->running = now;
	if (r < 0)
		strbuf_printf(&a->reason, "filling the maps: %s\n", strerror(-r));
	return r;
}

static int attach(struct tracer *t, struct attempt *a)
{
	int r = attachments_new(&t->attached);

	for (size_t i = 0; i < a->made.set->n_programs && r == 0; i++) {
		const struct probe_program *p = &a->made.set->programs[i];

		if (!attachments_by_name(p->parsed.kind))
			continue;
		r = attachments_add(t->attached, p, a->config->swappable, &t->features, &a->reason);
		if (r < 0)
			source_blame(&a->supply.compile.source, p->name, &a->reason);
	}
	if (r < 0) {
		attachments_close(t->attached);
		t->attached = NULL;
	}
	return r;
}

static int settle(struct tracer *t, struct attempt *a)
{
	const char *name = a->variant->name;

	image_keep(&a->supply, &a->supplied);
	free(t->variant);
	t->variant = strdup(name);
	t->running = a->made;
	a->made = (struct running){0};
	say(t, "variant %s is attached", name);
	return 0;
}

static void drop_newline(struct strbuf *text)
{
	while (text->length && text->data[text->length - 1] == '\n')
		text->data[--text->length] = '\0';
}

/* Indent the lines of a reason below the name of its variant. */
static void put_reason(struct strbuf *out, const char *name, const char *reason)
{
	strbuf_printf(out, "  %s: ", name);
	for (; *reason; reason++) {
		strbuf_putc(out, *reason);
		if (*reason == '\n' && reason[1])
			strbuf_puts(out, "    ");
	}
	strbuf_putc(out, '\n');
}

/*
 * What all the variants said: once if it was the same, under their names if not. A text that does
 * not compile is at fault itself: then what else speaks against other variants does not matter.
 */
struct reasons {
	struct strbuf all, first;
	bool differ, text_at_fault;
};

static void remember(struct tracer *t, struct reasons *reasons, struct attempt *a, int r)
{
	if (!a->reason.length)
		strbuf_printf(&a->reason, "%s\n", strerror(-r));
	drop_newline(&a->reason);
	say(t, "variant %s: %s", a->variant->name, strbuf_text(&a->reason));
	if (reasons->text_at_fault && r != -ENOEXEC)
		return;
	if (r == -ENOEXEC && !reasons->text_at_fault) {
		strbuf_reset(&reasons->all);
		strbuf_reset(&reasons->first);
		reasons->differ = false;
		reasons->text_at_fault = true;
		t->error_line = 0;
	}
	if (!t->error_line)
		t->error_line = a->error_line;
	put_reason(&reasons->all, a->variant->name, strbuf_text(&a->reason));
	if (!reasons->first.length)
		strbuf_puts(&reasons->first, strbuf_text(&a->reason));
	else if (strcmp(reasons->first.data, strbuf_text(&a->reason)))
		reasons->differ = true;
}

static void conclude(struct tracer *t, struct reasons *reasons)
{
	strbuf_reset(&t->error);
	if (reasons->differ)
		strbuf_printf(&t->error, "no way of attaching works here:\n%s",
			      strbuf_text(&reasons->all));
	else
		strbuf_puts(&t->error, strbuf_text(&reasons->first));
	drop_newline(&t->error);
	strbuf_free(&reasons->all);
	strbuf_free(&reasons->first);
}

static int ask_kernel(struct tracer *t)
{
	int r = kernel_features_read(&t->features);

	strbuf_reset(&t->error);
	t->error_line = 0;
	if (r == -EPERM || r == -EACCES) {
		strbuf_puts(&t->error, "not permitted to use BPF: run it as root (CAP_BPF and "
				       "CAP_PERFMON, or CAP_SYS_ADMIN)");
		return -EPERM;
	}
	if (r == -ENOSYS) {
		strbuf_puts(&t->error, "this kernel was built without BPF (CONFIG_BPF_SYSCALL)");
		return r;
	}
	if (r < 0) {
		strbuf_printf(&t->error, "the kernel takes no BPF program: %s", strerror(-r));
		return r;
	}
	if (!t->features.reads) {
		strbuf_puts(&t->error,
			    "the kernel lets BPF read none of its memory, as it is locked down "
			    "(/sys/kernel/security/lockdown: confidentiality): boot it with "
			    "lockdown=integrity, or without lockdown");
		return -EPERM;
	}
	return 0;
}

/* One variant, all the way. On failure nothing of it is left. */
static int try_variant(struct tracer *t, struct attempt *a)
{
	int r = bring_up(t, a, NULL);

	if (r == 0)
		r = prepare(t, a);
	if (r == 0)
		r = attach(t, a);
	return r < 0 ? r : settle(t, a);
}

/* An image is one attempt: its flags were fixed when it was made. */
static const struct tracer_variant *all_variants(const struct tracer_config *config)
{
	return config->variants && !config->image_path ? config->variants : plain;
}

int tracer_start(struct tracer *t)
{
	struct reasons reasons = {0};
	int r = ask_kernel(t);

	if (r < 0)
		return r;
	r = -EINVAL;
	for (const struct tracer_variant *v = all_variants(&t->config); v->name; v++) {
		struct attempt a;

		attempt_init(&a, t, &t->config, v);
		r = try_variant(t, &a);
		if (r < 0)
			remember(t, &reasons, &a, r);
		attempt_free(&a);
		/* Without a compiler the other variants fare no better. */
		if (r == 0 || r == -ENOPKG)
			break;
	}
	conclude(t, &reasons);
	/* The image and what libbpf used are gone: give their memory back. */
	malloc_trim(0);
	return r;
}

static int swap_variant(struct tracer *t, struct attempt *a)
{
	struct running old = t->running;
	const char *failed = "";
	int r = bring_up(t, a, old.set);

	if (r == 0)
		r = prepare(t, a);
	if (r < 0)
		return r;
	r = attachments_swap(t->attached, a->made.set, old.set, &t->features, &failed, &a->reason);
	if (r < 0) {
		source_blame(&a->supply.compile.source, failed, &a->reason);
		return r;
	}
	probe_set_adopt(a->made.set, old.set);
	r = settle(t, a);
	/*
	 * Those at work may be about to call a program of an array that closing would clear. If
	 * that cannot be waited for: by far longer than any of them takes.
	 */
	if (program_wait() < 0)
		usleep(200000);
	running_close(&old);
	return r;
}

/*
 * One variant of a swap. 1: it failed, and the others are not worth a try, as the text itself is at
 * fault: this way to attach is known to work.
 */
static int try_swap(struct tracer *t, const struct tracer_config *config,
		    const struct tracer_variant *v, struct reasons *reasons, int *ret)
{
	bool runs = !strcmp(v->name, tracer_variant(t)), at_fault;
	struct attempt a;

	attempt_init(&a, t, config, v);
	*ret = swap_variant(t, &a);
	if (*ret < 0)
		remember(t, reasons, &a, *ret);
	at_fault = a.error_line != 0;
	attempt_free(&a);
	return *ret < 0 && *ret != -ENOPKG && !(runs && at_fault) ? 0 : 1;
}

/* The way to attach that works now comes first. */
static int try_swaps(struct tracer *t, const struct tracer_config *config, struct reasons *reasons)
{
	const struct tracer_variant *all = all_variants(config), *v;
	int r = -EINVAL;

	for (v = all; v->name; v++)
		if (!strcmp(v->name, tracer_variant(t))) {
			if (try_swap(t, config, v, reasons, &r))
				return r;
			break;
		}
	for (const struct tracer_variant *first = v->name ? v : NULL, *w = all; w->name; w++)
		if (w != first && try_swap(t, config, w, reasons, &r))
			return r;
	return r;
}

void tracer_swap_ahead(struct tracer *t, const struct tracer_config *config)
{
	const struct tracer_variant *v = all_variants(config);
	struct attempt a;

	while (v->name && strcmp(v->name, tracer_variant(t)))
		v++;
	if (!v->name || config->image_path)
		return;
	attempt_init(&a, t, config, v);
	if (config->text && image_is_cached(&a.supply))
		tracer_swap_ahead_end(t);
	else
		(void)compile_ahead(&a.supply.compile, &t->ahead);
	attempt_free(&a);
}

enum tracer_ahead tracer_swap_ahead_state(struct tracer *t, int *ret_fd)
{
	static const enum tracer_ahead states[] = {
		[COMPILER_IDLE] = TRACER_AHEAD_NOTHING,
		[COMPILER_AT_WORK] = TRACER_AHEAD_COMPILES,
		[COMPILER_DONE] = TRACER_AHEAD_COMPILED,
		[COMPILER_FAILED] = TRACER_AHEAD_FAILED,
	};

	*ret_fd = compiler_ended_fd(t->ahead);
	return states[compiler_state(t->ahead)];
}

void tracer_swap_ahead_end(struct tracer *t)
{
	compiler_end(STEAL(t->ahead));
}

int tracer_swap(struct tracer *t, const struct tracer_config *config)
{
	struct reasons reasons = {0};
	int r;

	t->error_line = 0;
	if (!t->running.set || !t->config.swappable) {
		strbuf_reset(&t->error);
		strbuf_puts(&t->error, "this tracer was not made to be swapped");
		return -EINVAL;
	}
	r = try_swaps(t, config, &reasons);
	conclude(t, &reasons);
	tracer_swap_ahead_end(t); /* it was not needed: the image is in the cache */
	malloc_trim(0);
	return r;
}

int tracer_attach_uprobe(struct tracer *t, const char *program, const char *path, uint64_t offset,
			 pid_t pid, uint64_t *ret)
{
	const struct probe_program *p =
		t->running.set ? probe_set_program(t->running.set, program) : NULL;

	if (!p || !t->attached || p->parsed.kind != PROGRAM_UPROBE)
		return -ENOENT;
	return attachments_add_uprobe(t->attached, p, t->config.swappable, &t->features, path,
				      offset, pid, ret);
}

void tracer_detach(struct tracer *t, uint64_t attachment)
{
	if (t->attached)
		attachments_remove(t->attached, attachment);
}

void tracer_pause(struct tracer *t)
{
	if (t->attached)
		attachments_pause(t->attached);
}

int tracer_resume(struct tracer *t)
{
	strbuf_reset(&t->error);
	return t->attached ? attachments_resume(t->attached, &t->features, &t->error) : 0;
}

void tracer_close(struct tracer *t)
{
	if (!t)
		return;
	compiler_end(t->ahead);
	attachments_close(t->attached);
	running_close(&t->running);
	strbuf_free(&t->error);
	free(t->variant);
	free(t);
}

void tracer_closep(struct tracer **t)
{
	tracer_close(*t);
}
