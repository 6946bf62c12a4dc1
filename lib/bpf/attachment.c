#include "bpf/attachment.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>

#include "base/array.h"
#include "base/macro.h"
#include "bpf/program_attach.h"

struct attachment {
	char program[IMAGE_NAME_SIZE];
	uint64_t number;
	char *where;
	int link;	/* -1: closed */
	int dispatcher; /* its program, -1: attached directly */
	int slot;	/* its program array of one entry */
	int direct;	/* attached directly: the set's descriptor */
	bool own;	/* attached by the tool, not by its name */
	bool idle;	/* the text has no such program: the slot is empty */
};

struct attachments {
	struct attachment *list;
	size_t n, size;
	uint64_t last_number;
};

int attachments_new(struct attachments **ret)
{
	*ret = calloc(1, sizeof(**ret));
	return *ret ? 0 : -ENOMEM;
}

static struct attachment *grow(struct attachments *a, const struct probe_program *program)
{
	struct attachment *at;

	if (array_reserve(&a->list, &a->size, a->n, 1, sizeof(*a->list)) < 0)
		return NULL;
	at = &a->list[a->n];
	*at = (struct attachment){
		.number = ++a->last_number,
		.link = -1,
		.dispatcher = -1,
		.slot = -1,
		.direct = program->fd,
	};
	strcpy(at->program, program->name);
	return at;
}

static void detach(struct attachment *at)
{
	if (at->link >= 0)
		close(at->link);
	if (at->dispatcher >= 0)
		close(at->dispatcher);
	if (at->slot >= 0)
		close(at->slot);
	at->link = at->dispatcher = at->slot = -1;
	free(at->where);
	at->where = NULL;
}

/* P: NULL to empty it. */
static int fill_slot(struct attachment *at, const struct probe_program *p)
{
	uint32_t zero = 0;
	int r = p ? bpf_map_update_elem(at->slot, &zero, &p->fd, BPF_ANY)
		  : bpf_map_delete_elem(at->slot, &zero);

	if (r < 0 && (p || errno != ENOENT))
		return -errno;
	at->idle = !p;
	return 0;
}

/* r1 is the context already; a tail call that finds an empty slot falls through to exit. */
static int make_dispatcher(struct attachment *at, const struct probe_program *p)
{
	struct bpf_insn code[] = {
		{.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 2, .src_reg = BPF_PSEUDO_MAP_FD},
		{0},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3},
		{.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_tail_call},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = p->attach_type,
		    .attach_btf_id = p->attach_btf_id);

	at->slot = bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "oom_slot", 4, 4, 1, NULL);
	if (at->slot < 0)
		return -errno;
	code[0].imm = at->slot;
	at->dispatcher =
		bpf_prog_load(p->type, "oom_dispatch", "GPL", code, ARRAY_SIZE(code), &opts);
	return at->dispatcher < 0 ? -errno : 0;
}

/* As a user would name it. A file named by descriptor has another name. */
static char *describe(const struct program_name *name, const char *path, uint64_t offset)
{
	static const char *const kinds[] = {
		[PROGRAM_TRACEPOINT] = "tracepoint", [PROGRAM_RAW_TP] = "raw_tp",
		[PROGRAM_TP_BTF] = "tp_btf",	     [PROGRAM_FENTRY] = "fentry",
		[PROGRAM_FEXIT] = "fexit",	     [PROGRAM_KPROBE] = "kprobe",
		[PROGRAM_KRETPROBE] = "kretprobe",
	};
	char target[PATH_MAX], *text = NULL;
	ssize_t n;

	if (!path)
		return asprintf(&text, "%s %s%s%s", kinds[name->kind], name->category,
				*name->category ? ":" : "", name->target) < 0
			       ? NULL
			       : text;
	n = strncmp(path, "/proc/self/fd/", 14) ? -1 : readlink(path, target, sizeof(target) - 1);
	if (n > 0) {
		target[n] = '\0';
		path = target;
	}
	return asprintf(&text, "uprobe %s+0x%" PRIx64, path, offset) < 0 ? NULL : text;
}

enum slot_state { NO_SLOT, SLOT_EMPTY, SLOT_FILLED };

/* The attachment, prepared; which program descriptor to attach. */
static int begin(struct attachments *a, const struct probe_program *p, enum slot_state slot,
		 char *where, struct attachment **ret)
{
	struct attachment *at = where ? grow(a, p) : NULL;
	int r = at ? 0 : -ENOMEM;

	if (at)
		at->where = where;
	else
		free(where);
	if (r == 0 && slot != NO_SLOT)
		r = make_dispatcher(at, p);
	if (r == 0 && slot == SLOT_FILLED)
		r = fill_slot(at, p);
	if (r < 0) {
		if (at)
			detach(at);
		return r;
	}
	*ret = at;
	return slot == NO_SLOT ? p->fd : at->dispatcher;
}

static int finish(struct attachments *a, struct attachment *at, int link)
{
	if (link < 0) {
		detach(at);
		return link;
	}
	at->link = link;
	a->n++;
	return 0;
}

static int add_by_name(struct attachments *a, const struct probe_program *p, enum slot_state slot,
		       const struct kernel_features *features, struct strbuf *reason)
{
	struct attachment *at;
	int fd = begin(a, p, slot, describe(&p->parsed, NULL, 0), &at);

	if (fd < 0) {
		strbuf_printf(reason, "%s: making it swappable: %s\n", p->name, strerror(-fd));
		return fd;
	}
	return finish(a, at, program_attach(fd, &p->parsed, features, reason));
}

int attachments_add(struct attachments *a, const struct probe_program *p, bool dispatch,
		    const struct kernel_features *features, struct strbuf *reason)
{
	return add_by_name(a, p, dispatch ? SLOT_FILLED : NO_SLOT, features, reason);
}

int attachments_add_uprobe(struct attachments *a, const struct probe_program *p, bool dispatch,
			   const struct kernel_features *features, const char *path,
			   uint64_t offset, pid_t pid, uint64_t *ret)
{
	struct attachment *at;
	int fd = begin(a, p, dispatch ? SLOT_FILLED : NO_SLOT, describe(&p->parsed, path, offset),
		       &at);

	if (fd < 0)
		return fd;
	at->own = true;
	fd = finish(a, at, program_attach_uprobe(fd, features, path, offset, pid));
	if (fd == 0)
		*ret = at->number;
	return fd;
}

void attachments_remove(struct attachments *a, uint64_t number)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->list[i].number == number) {
			detach(&a->list[i]);
			a->list[i] = a->list[--a->n];
			return;
		}
}

bool attachments_by_name(enum program_kind kind)
{
	return kind <= PROGRAM_KRETPROBE;
}

/* Is there an attachment that the program can go into? */
static bool has_place(const struct attachments *a, const struct probe_program *p)
{
	for (size_t i = 0; i < a->n; i++)
		if (!strcmp(a->list[i].program, p->name))
			return true;
	return false;
}

/* Forget the attachments from FIRST on. */
static void shorten(struct attachments *a, size_t first)
{
	while (a->n > first)
		detach(&a->list[--a->n]);
}

/*
 * Put the set's programs into the slots. A slot whose program the set lacks is emptied if the
 * attachment stays; the others go on until they are detached.
 */
static int fill_slots(struct attachments *a, size_t n, const struct probe_set *set,
		      const char **failed, struct strbuf *reason)
{
	for (size_t i = 0; i < n; i++) {
		const struct probe_program *p = probe_set_program(set, a->list[i].program);
		int r = p || a->list[i].own ? fill_slot(&a->list[i], p) : 0;

		if (r < 0) {
			*failed = a->list[i].program;
			strbuf_printf(reason, "%s: %s\n", *failed, strerror(-r));
			return r;
		}
	}
	return 0;
}

/* Attach what is new in the set, by dispatchers that do nothing yet. */
static int add_new(struct attachments *a, const struct probe_set *set,
		   const struct kernel_features *features, const char **failed,
		   struct strbuf *reason)
{
	for (size_t i = 0; i < set->n_programs; i++) {
		const struct probe_program *p = &set->programs[i];
		int r = 0;

		if (attachments_by_name(p->parsed.kind) && !has_place(a, p))
			r = add_by_name(a, p, SLOT_EMPTY, features, reason);
		if (r < 0) {
			*failed = p->name;
			return r;
		}
	}
	return 0;
}

/* Detach what the set does not have. */
static void drop_old(struct attachments *a, const struct probe_set *set)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->n; i++) {
		if (!a->list[i].own && !probe_set_program(set, a->list[i].program))
			detach(&a->list[i]);
		else
			a->list[kept++] = a->list[i];
	}
	a->n = kept;
}

int attachments_swap(struct attachments *a, const struct probe_set *set,
		     const struct probe_set *old, const struct kernel_features *features,
		     const char **failed, struct strbuf *reason)
{
	_cleanup_strbuf_ struct strbuf unheard = {0};
	const char *unused;
	size_t before = a->n;
	int r = add_new(a, set, features, failed, reason);

	if (r == 0) {
		r = fill_slots(a, a->n, set, failed, reason);
		if (r < 0)
			fill_slots(a, before, old, &unused, &unheard);
	}
	if (r < 0)
		shorten(a, before);
	else
		drop_old(a, set);
	return r;
}

void attachments_pause(struct attachments *a)
{
	for (size_t i = 0; i < a->n; i++) {
		struct attachment *at = &a->list[i];

		if (at->own || at->link < 0)
			continue;
		close(at->link);
		at->link = -1;
	}
}

int attachments_resume(struct attachments *a, const struct kernel_features *features,
		       struct strbuf *reason)
{
	for (size_t i = 0; i < a->n; i++) {
		struct attachment *at = &a->list[i];
		struct program_name name;
		int r;

		if (at->own || at->link >= 0)
			continue;
		r = program_name_parse(at->program, &name);
		if (r == 0)
			r = program_attach(at->dispatcher >= 0 ? at->dispatcher : at->direct, &name,
					   features, reason);
		if (r < 0)
			return r;
		at->link = r;
	}
	return 0;
}

int attachments_each(const struct attachments *a,
		     int (*visit)(const char *program, const char *where, int program_fd,
				  void *user),
		     void *user)
{
	int r = 0;

	for (size_t i = 0; i < a->n && r == 0; i++) {
		const struct attachment *at = &a->list[i];

		if (!at->idle)
			r = visit(at->program, at->where,
				  at->dispatcher >= 0 ? at->dispatcher : at->direct, user);
	}
	return r;
}

void attachments_close(struct attachments *a)
{
	if (!a)
		return;
	shorten(a, 0);
	free(a->list);
	free(a);
}
