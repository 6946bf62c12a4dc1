#include "victim/check.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "base/parse.h"
#include "base/text.h"
#include "go/go_rate.h"
#include "go/heap_profile.h"
#include "victim/live.h"

/* The size of a profile is estimated from that of one with so many buckets: a look at a program
 * must not cost what its profile does. */
#define SAMPLE 4096

const char *check_machine_name(const struct check *c)
{
	switch (c->machine) {
	case EM_X86_64:
		return "amd64";
	case EM_386:
		return "386";
	case EM_AARCH64:
		return "arm64";
	case EM_ARM:
		return "arm";
	case EM_RISCV:
		return "riscv64";
	case EM_PPC64:
		return "ppc64";
	case EM_S390:
		return "s390x";
	case EM_MIPS:
		return "mips";
	}
	return "another machine";
}

static void decide(struct check *c, enum check_verdict verdict, const char *why)
{
	c->verdict = verdict;
	strbuf_reset(&c->why);
	strbuf_puts(&c->why, why);
}

static void unknown(struct check *c, int error, const char *why)
{
	c->error = error;
	decide(c, CHECK_UNKNOWN, why);
}

static void decide_script(struct check *c, const char *line, size_t n)
{
	const char *end;

	decide(c, CHECK_NOT_GO, "a script; the victim would be its interpreter");
	for (line += 2, n -= 2; n && (*line == ' ' || *line == '\t'); line++)
		n--;
	end = memchr(line, '\n', n);
	n = end ? (size_t)(end - line) : n;
	end = memchr(line, ' ', n);
	n = end ? (size_t)(end - line) : n;
	if (n) {
		strbuf_puts(&c->why, ", ");
		text_display(&c->why, line, n);
	}
}

/*
 * What the first bytes say of a file: machine, and the verdict where they suffice for one. False:
 * they do.
 */
static bool look_at_head(struct check *c, int fd)
{
	union {
		char text[128];
		Elf64_Ehdr elf; /* as in a 32-bit file, up to e_machine */
	} head = {0};
	ssize_t n = pread(fd, &head, sizeof(head), 0);
	bool big;

	if (n < 0) {
		unknown(c, -errno, strerror(errno));
		return false;
	}
	if (n > 2 && !memcmp(head.text, "#!", 2)) {
		decide_script(c, head.text, (size_t)n);
		return false;
	}
	if (n < (ssize_t)sizeof(head.elf) || memcmp(head.text, ELFMAG, SELFMAG) != 0) {
		decide(c, CHECK_NOT_GO, "not a program (no ELF file)");
		return false;
	}
	big = head.elf.e_ident[EI_DATA] == ELFDATA2MSB;
	c->machine = big ? __builtin_bswap16(head.elf.e_machine) : head.elf.e_machine;
	c->position_independent = head.elf.e_type == ET_DYN;
	if (c->machine != EM_X86_64 || head.elf.e_ident[EI_CLASS] != ELFCLASS64) {
		decide(c, CHECK_OTHER_MACHINE, "");
		strbuf_printf(&c->why, "built for %s; oomprof reads 64-bit x86 programs",
			      check_machine_name(c));
	}
	return !big && head.elf.e_ident[EI_CLASS] == ELFCLASS64;
}

static void decide_by_kind(struct check *c, const char *why)
{
	switch (c->known.kind) {
	case BINARY_READY:
		decide(c, CHECK_WRITTEN, "");
		break;
	case BINARY_OFF:
		decide(c, CHECK_OFF_LINKER,
		       c->known.binary->sure
			       ? "no profiling; import net/http/pprof or --enable-profiling"
			       : "no profiling; import net/http/pprof");
		break;
	case BINARY_NOT_FOUND:
		decide(c, CHECK_NOT_FOUND, why);
		break;
	case BINARY_NOT_GO:
	case BINARY_PACKED:
		decide(c, CHECK_NOT_GO, why);
		break;
	case BINARY_UNREADABLE:
		decide(c, CHECK_CORRUPT, why);
		break;
	}
}

/* What the rate will be when the runtime has started: the variable's initial value, which Go before
 * 1.20 kept elsewhere. */
static int64_t rate_at_start(int fd, const struct go_binary *b)
{
	_cleanup_elf_image_ struct elf_image *image = NULL;
	int64_t rate = 0;

	if (!b->profiling_linked)
		return 0;
	if (elf_image_open_fd(fd, NULL, &image) < 0 ||
	    elf_image_read(image, b->mem_profile_rate, &rate, sizeof(rate)) < 0)
		return GO_RATE_DEFAULT;
	return rate == 0 && b->minor < 20 ? GO_RATE_DEFAULT : rate;
}

static void look_into_file(struct check *c, int fd)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int r;

	if (!look_at_head(c, fd))
		return;
	r = binary_look_into(fd, &why, &c->known.binary);
	if (r < 0) {
		unknown(c, r, strerror(-r));
		return;
	}
	c->known.kind = (enum binary_kind)r;
	if (c->known.binary)
		c->rate = rate_at_start(fd, c->known.binary);
	if (c->verdict != CHECK_OTHER_MACHINE)
		decide_by_kind(c, strbuf_text(&why));
}

/* Without waiting for the writer of a FIFO, and without waking a device. */
static int open_regular(const char *path, struct strbuf *why, int *ret)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (stat(path, &st) < 0 ||
	    (S_ISREG(st.st_mode) && (fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) < 0)) {
		strbuf_puts(why, strerror(errno));
		return errno == EACCES ? -EPERM : -errno;
	}
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		strbuf_printf(why, "%s; name a program's file, or a PID",
			      S_ISDIR(st.st_mode) ? "a directory" : "not a regular file");
		return -EINVAL;
	}
	*ret = steal_descriptor(&fd);
	return 0;
}

static void check_file(struct check *c)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	_cleanup_close_ int fd = -1;
	int r = open_regular(c->argument, &why, &fd);

	if (r < 0)
		unknown(c, r, strbuf_text(&why));
	else
		look_into_file(c, fd);
}

/* The first SAMPLE buckets make a profile whose size stands for all. */
struct sample {
	struct victim *victim;
	uint64_t seen;
};

static int add_to_sample(void *context, const struct heap_bucket *bucket)
{
	struct sample *s = context;

	return s->seen++ < SAMPLE ? heap_profile_add(s->victim->profile, bucket) : 0;
}

static int measure(struct check *c, const struct live_heap *heap)
{
	const struct oomprof_process id = {.pid = (__u32)c->pid};
	const struct heap_reader reader = heap_reader_process(c->process.thread);
	_cleanup_strbuf_ struct strbuf contents = {0};
	struct sample s = {.victim = victim_new(&id)};
	struct heap_walk walk = {0};
	int r = -ENOMEM;

	if (s.victim) {
		s.victim->binary = &c->known;
		r = victim_begin(s.victim, heap->bias, heap->rate);
	}
	if (r == 0)
		r = heap_walk(&reader, heap->head, c->known.binary->record_size, LIVE_BUCKETS_MOST,
			      add_to_sample, &s, &walk);
	if (r == 0 && walk.error == -ESRCH)
		r = -ESRCH;
	if (r == 0)
		r = heap_profile_resolve(s.victim->profile);
	if (r == 0)
		r = heap_profile_write(s.victim->profile, &contents);
	if (r == 0) {
		c->buckets = walk.read + walk.damaged + walk.unreadable;
		c->unreadable = walk.unreadable + walk.damaged;
		c->profile_bytes = contents.length;
		if (s.seen > SAMPLE)
			c->profile_bytes = contents.length * s.seen / SAMPLE;
	}
	victim_free(s.victim);
	return r;
}

static void look_into_memory(struct check *c)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct live_heap heap;
	int r;

	c->image.binary = c->known.binary;
	r = live_heap_read(c->process.thread, &c->image, &heap, &why);

	if (r < 0) {
		unknown(c, r, strbuf_text(&why));
		return;
	}
	c->live = true;
	c->bias = heap.bias;
	c->rate = heap.rate;
	if (c->verdict == CHECK_OFF_LINKER && c->rate > 0)
		decide(c, CHECK_WRITTEN, ""); /* switched on since */
	if (c->verdict == CHECK_WRITTEN && c->rate <= 0)
		decide(c, CHECK_OFF_RATE, "it has set runtime.MemProfileRate to 0; leave that out");
	if (c->verdict != CHECK_WRITTEN)
		return;
	r = measure(c, &heap);
	if (r < 0) {
		strbuf_printf(&why, "PID %d: %s", (int)c->pid,
			      r == -ESRCH ? "ended while it was read" : strerror(-r));
		unknown(c, r, strbuf_text(&why));
	}
}

/* Its executable is not Go: something else in it may be. */
static void look_elsewhere(struct check *c, int fd)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int r = process_image_find(c->process.thread, fd, &c->image, &why);

	if (r < 0) {
		unknown(c, r, strerror(-r));
		return;
	}
	if (r == BINARY_NOT_GO)
		return;
	c->known.kind = (enum binary_kind)r;
	c->known.binary = c->image.binary;
	if (c->image.path) {
		free(c->known.path);
		c->known.path = STEAL(c->image.path);
		c->position_independent = true;
	}
	decide_by_kind(c, strbuf_text(&why));
}

static void check_process(struct check *c)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	_cleanup_close_ int fd = -1;
	int r = live_find(c->pid, &c->process, &why);

	if (r == -ENOEXEC) {
		decide(c, CHECK_NO_VICTIM, strbuf_text(&why));
		return;
	}
	if (r == 0)
		r = live_open_executable(c->process.thread, &fd, &c->known.path, &why);
	if (r < 0) {
		unknown(c, r, strbuf_text(&why));
		return;
	}
	look_into_file(c, fd);
	if (c->verdict == CHECK_NOT_GO)
		look_elsewhere(c, fd);
	if (c->known.binary && c->verdict != CHECK_OTHER_MACHINE)
		look_into_memory(c);
}

static bool is_number(const char *s)
{
	return *s && !s[strspn(s, "0123456789")];
}

int check_argument(const char *argument, struct check *ret)
{
	struct check c = {.argument = argument};
	uint64_t pid;
	int r;

	if (!is_number(argument)) {
		check_file(&c);
	} else if (parse_number(argument, 1, INT32_MAX, &pid) < 0) {
		unknown(&c, -ESRCH, "no PID; for a file of that name put ./ before it");
	} else {
		c.pid = (pid_t)pid;
		check_process(&c);
	}
	r = strbuf_error(&c.why);
	if (r == 0)
		r = c.error == -ENOMEM ? -ENOMEM : 0;
	if (r < 0)
		check_clear(&c);
	else
		*ret = c;
	return r;
}

void check_clear(struct check *c)
{
	go_binary_close(c->known.binary);
	free(c->known.path);
	strbuf_free(&c->why);
	*c = (struct check){0};
}

bool check_is_go(const struct check *c)
{
	return c->known.binary || c->known.kind == BINARY_NOT_FOUND;
}
