#include "bpf/attachment.h"

#include <errno.h>
#include <string.h>
#include <bpf/bpf.h>

#include "base/array.h"
#include "base/macro.h"
#include "bpf/program_attach.h"

struct attachment {
	char program[IMAGE_NAME_SIZE];
	uint64_t number;
	int link;	/* -1: closed */
	int dispatcher; /* its program, -1: attached directly */
	int slot;	/* its program array of one entry */
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
		.number = ++a->last_number, .link = -1, .dispatcher = -1, .slot = -1};
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
}

static int fill_slot(const struct attachment *at, int program_fd)
{
	uint32_t zero = 0;

	return bpf_map_update_elem(at->slot, &zero, &program_fd, BPF_ANY) < 0 ? -errno : 0;
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
	if (at->dispatcher < 0)
		return -errno;
	return fill_slot(at, p->fd);
}

/* The attachment, prepared; which program descriptor to attach. */
static int begin(struct attachments *a, const struct probe_program *p, bool dispatch,
		 struct attachment **ret)
{
	struct attachment *at = grow(a, p);
	int r = at ? 0 : -ENOMEM;

	if (r == 0 && dispatch)
		r = make_dispatcher(at, p);
	if (r < 0) {
		if (at)
			detach(at);
		return r;
	}
	*ret = at;
	return dispatch ? at->dispatcher : p->fd;
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

int attachments_add(struct attachments *a, const struct probe_program *p, bool dispatch,
		    const struct kernel_features *features, struct strbuf *reason)
{
	struct attachment *at;
	int fd = begin(a, p, dispatch, &at);

	if (fd < 0) {
		strbuf_printf(reason, "%s: making it swappable: %s\n", p->name, strerror(-fd));
		return fd;
	}
	return finish(a, at, program_attach(fd, &p->parsed, features, reason));
}

int attachments_add_uprobe(struct attachments *a, const struct probe_program *p, bool dispatch,
			   const struct kernel_features *features, const char *path,
			   uint64_t offset, pid_t pid, uint64_t *ret)
{
	struct attachment *at;
	int fd = begin(a, p, dispatch, &at);

	if (fd >= 0)
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

/* Put the set's programs into the slots of the first N attachments. */
static int fill_slots(struct attachments *a, size_t n, const struct probe_set *set,
		      struct strbuf *reason)
{
	for (size_t i = 0; i < n; i++) {
		const struct probe_program *p = probe_set_program(set, a->list[i].program);
		int r = p ? fill_slot(&a->list[i], p->fd) : 0;

		if (r < 0) {
			strbuf_printf(reason, "%s: %s\n", p->name, strerror(-r));
			return r;
		}
	}
	return 0;
}

int attachments_swap(struct attachments *a, const struct probe_set *set,
		     const struct probe_set *old, const struct kernel_features *features,
		     struct strbuf *reason)
{
	_cleanup_strbuf_ struct strbuf unheard = {0};
	size_t before = a->n, kept = 0;
	int r = 0;

	for (size_t i = 0; i < set->n_programs && r == 0; i++)
		if (attachments_by_name(set->programs[i].parsed.kind) &&
		    !has_place(a, &set->programs[i]))
			r = attachments_add(a, &set->programs[i], true, features, reason);
	if (r == 0)
		r = fill_slots(a, before, set, reason);
	if (r < 0) {
		fill_slots(a, before, old, &unheard);
		shorten(a, before);
		return r;
	}
	for (size_t i = 0; i < a->n; i++) {
		if (!probe_set_program(set, a->list[i].program))
			detach(&a->list[i]);
		else
			a->list[kept++] = a->list[i];
	}
	a->n = kept;
	return 0;
}

void attachments_close(struct attachments *a)
{
	if (!a)
		return;
	shorten(a, 0);
	free(a->list);
	free(a);
}
