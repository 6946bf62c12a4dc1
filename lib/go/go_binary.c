#include "go/go_binary.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "go/go_foreign.h"
#include "go/go_instructions.h"
#include "go/go_locate.h"
#include "go/go_version.h"
#include "go/pclntab.h"

/* Bytes of a file that are read to learn what it is: every part a few times. */
#define READ_LEAST ((uint64_t)64 << 20)
#define READ_MOST ((uint64_t)2 << 30)

static int fail(struct strbuf *why, int error, const char *text)
{
	if (why)
		strbuf_puts(why, text);
	return error;
}

/* By the symbol table: 0 for those that are not in it. */
static int locate_by_symbols(struct elf_image *image, uint64_t *address)
{
	struct elf_symbol symbols[GO_VARIABLES] = {{.name = NULL}};
	const struct elf_segment *segments;
	size_t n = elf_image_segments(image, &segments);
	int r;

	for (size_t i = 0; i < GO_VARIABLES; i++)
		symbols[i].name = go_variable_names[i].name;
	r = elf_image_find_symbols(image, symbols, GO_VARIABLES);
	for (size_t i = 0; r > 0 && i < GO_VARIABLES; i++)
		if (symbols[i].found &&
		    go_is_variable(segments, n, symbols[i].address, go_variable_names[i].size))
			address[i] = symbols[i].address;
	return r;
}

/* The symbols' word counts, and where they have none that of the instructions. */
static void merge(struct go_binary *b, const uint64_t *symbols, const struct go_location *found)
{
	uint64_t a[GO_VARIABLES];

	for (size_t i = 0; i < GO_VARIABLES; i++) {
		a[i] = symbols[i] ? symbols[i] : found->address[i];
		b->contradicted |=
			symbols[i] && found->address[i] && symbols[i] != found->address[i];
	}
	b->mbuckets = a[GO_MBUCKETS];
	b->mem_profile_rate = a[GO_MEM_PROFILE_RATE];
	b->mprof_cycle = a[GO_MPROF_CYCLE];
	b->buckhash = a[GO_BUCKHASH];
	b->gc_controller = a[GO_GC_CONTROLLER];
	b->write_barrier = a[GO_WRITE_BARRIER];
	b->allglen = a[GO_ALLGLEN];
	b->allgptr = a[GO_ALLGPTR];
	b->build_version = a[GO_BUILD_VERSION];
	b->address_source = symbols[GO_MBUCKETS] && symbols[GO_MEM_PROFILE_RATE]
				    ? GO_SOURCE_SYMBOLS
				    : GO_SOURCE_INSTRUCTIONS;
}

static int check_machine(const struct go_binary *b, struct strbuf *why)
{
	if (b->machine == EM_X86_64 || b->machine == EM_AARCH64)
		return 0;
	if (why)
		strbuf_printf(why,
			      "a Go program for a kind of machine that is not supported (ELF "
			      "machine %u)",
			      b->machine);
	return -ENODATA;
}

/* Where the runtime's variables are: by the symbol table and by what instructions refer to. */
static int locate(struct go_binary *b, struct elf_image *image, struct pclntab *table,
		  struct go_location *location, struct strbuf *why)
{
	uint64_t symbols[GO_VARIABLES] = {0};
	int r = locate_by_symbols(image, symbols);

	b->stripped = r == -ENOENT;
	r = go_locate(image, table, location);
	if (r < 0)
		return fail(why, r,
			    r == -EBADMSG ? "its function table (gopclntab) is corrupt"
					  : strerror(-r));
	merge(b, symbols, location);
	if (b->mbuckets && b->mem_profile_rate)
		return 0;
	if (!location->named)
		return fail(why, -ENODATA,
			    "a Go program whose runtime functions were renamed (obfuscated, by "
			    "garble for example): its heap profile cannot be found");
	return fail(why, -ENODATA,
		    "a Go program in which the runtime's heap profile cannot be found (a version "
		    "of Go that is not known yet?)");
}

/* Go 1.27 dropped the byte counts from memRecordCycle (runtime/mprof.go). What the code does with
 * it counts more than what the version says. */
static int find_record_size(struct go_binary *b, const struct go_location *location,
			    struct strbuf *why)
{
	uint32_t by_version = !b->minor ? 0 : b->minor >= 27 ? 16 : 32;

	b->record_size = location->record_size ? location->record_size : by_version;
	b->contradicted |= by_version && by_version != b->record_size;
	if (b->record_size)
		return 0;
	return fail(why, -ENODATA, "a Go program that does not say its Go version");
}

/* The linker switches profiling off when it has dropped MemProfile (up to Go 1.22) or
 * memProfileInternal (from 1.23 on; cmd/link, deadcode). */
static bool is_profiling_linked(const struct go_binary *b, const struct go_location *location)
{
	return location->mem_profile_internal || (b->minor < 23 && location->mem_profile);
}

/* The segment of the entry. A library has none: then the first that is executable. */
static void find_text(struct go_binary *b, struct elf_image *image)
{
	const struct elf_segment *segments;
	size_t n = elf_image_segments(image, &segments);

	b->entry = elf_image_entry(image);
	for (size_t i = 0; i < n; i++)
		if (segments[i].flags & PF_X &&
		    (!b->text.memory_size ||
		     (b->entry >= segments[i].address &&
		      b->entry - segments[i].address < segments[i].memory_size)))
			b->text = segments[i];
}

static int look_into(struct go_binary *b, struct elf_image *image, struct strbuf *why)
{
	_cleanup_pclntab_ struct pclntab *table = NULL;
	_cleanup_strbuf_ struct strbuf id = {0};
	struct go_location location;
	int r = pclntab_open(image, why, &table);

	if (r == 0)
		r = check_machine(b, why);
	if (r == 0)
		r = locate(b, image, table, &location, why);
	if (r < 0)
		return r;
	go_version_find(b, image, b->build_version);
	r = find_record_size(b, &location, why);
	if (r < 0)
		return r;
	b->profiling_linked = is_profiling_linked(b, &location);
	b->sure = location.confirmed && pclntab_is_known(table) && !b->contradicted &&
		  b->minor >= 18 && b->minor <= GO_NEWEST_MINOR;
	find_text(b, image);
	elf_image_build_id(image, &id);
	snprintf(b->build_id, sizeof(b->build_id), "%s", strbuf_text(&id));
	return 0;
}

int go_binary_open(int fd, struct strbuf *why, struct go_binary **ret)
{
	_cleanup_go_binary_ struct go_binary *b = calloc(1, sizeof(*b));
	_cleanup_elf_image_ struct elf_image *image = NULL;
	_cleanup_strbuf_ struct strbuf reason = {0};
	int r;

	if (!b)
		return fail(why, -ENOMEM, "out of memory");
	b->fd = -1;
	r = elf_image_open_fd(fd, &reason, &image);
	if (r == -ENOEXEC && go_is_foreign(fd))
		return fail(why, -ENODATA,
			    "a Go program for a 32-bit or big-endian machine: its heap profile "
			    "cannot be read");
	if (r < 0)
		return fail(why, r, strbuf_text(&reason));
	elf_image_limit(image, MIN(3 * elf_image_file_size(image) + READ_LEAST, READ_MOST));
	b->machine = elf_image_machine(image);
	b->position_independent = elf_image_type(image) == ET_DYN;
	r = look_into(b, image, why);
	if (r < 0)
		return r;
	b->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (b->fd < 0)
		return fail(why, -errno, strerror(errno));
	*ret = STEAL(b);
	return 0;
}

void go_binary_close(struct go_binary *b)
{
	if (!b)
		return;
	if (b->fd >= 0)
		close(b->fd);
	free(b);
}

void go_binary_closep(struct go_binary **binary)
{
	go_binary_close(*binary);
}

int go_process_runs(pid_t pid, const struct go_binary *binary)
{
	struct stat now, then;
	char link[64];

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	if (stat(link, &now) < 0)
		return errno == EACCES ? -EPERM : -errno;
	return fstat(binary->fd, &then) == 0 && now.st_dev == then.st_dev &&
	       now.st_ino == then.st_ino;
}

int go_process_bias(pid_t pid, const struct go_binary *binary, uint64_t *ret)
{
	_cleanup_strbuf_ struct strbuf auxv = {0};
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/auxv", (int)pid);
	r = file_read(path, 65536, &auxv);
	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	for (size_t at = 0; at + 16 <= auxv.length; at += 16) {
		uint64_t entry[2];

		memcpy(entry, auxv.data + at, sizeof(entry));
		if (entry[0] == AT_ENTRY) {
			*ret = entry[1] - binary->entry;
			return 0;
		}
	}
	return -ESRCH; /* a zombie has none */
}
