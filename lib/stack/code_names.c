#include "stack/code_names.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/macro.h"
#include "base/text.h"
#include "go/frame_text.h"
#include "go/go_foreign.h"
#include "go/pclntab.h"
#include "symbol/elf_image.h"

/* Bytes that are read of one file at most: a table of a million symbols has 24 MB. */
#define READ_MOST ((uint64_t)256 << 20)

static uint64_t look_at(const struct code_frame *f)
{
	return f->link - f->is_return;
}

static bool is_open(const struct code_frame *f, int mapping)
{
	return f->mapping == mapping && f->link && !f->text.length;
}

static void put_go(struct code_frame *f, const struct go_frame *chain, int count)
{
	for (int i = 0; i < count; i++) {
		_cleanup_strbuf_ struct strbuf function = {0};
		struct heap_frame frame = {.file = chain[i].file, .line = chain[i].line};

		frame_function(&function, chain[i].function);
		frame.function = strbuf_text(&function);
		frame_text(&f->text, &frame, false);
		strbuf_putc(&f->text, '\0');
	}
}

static int name_go(struct elf_image *image, int mapping, struct code_frame *frames, size_t n)
{
	_cleanup_pclntab_ struct pclntab *table = NULL;
	struct go_frame chain[GO_CHAIN_MOST];
	int r = pclntab_open(image, NULL, &table);

	for (size_t i = 0; r == 0 && i < n; i++) {
		int count;

		if (!is_open(&frames[i], mapping))
			continue;
		count = pclntab_chain(table, look_at(&frames[i]), chain, ARRAY_SIZE(chain));
		if (count == -ENOMEM)
			r = count;
		else
			put_go(&frames[i], chain, count);
	}
	return r == -ENOMEM ? r : 0;
}

static void put_symbol(struct code_frame *f, const struct elf_place *p, const char *file_name)
{
	text_display(&f->text, p->name, strlen(p->name));
	strbuf_printf(&f->text, "+0x%" PRIx64, f->link - p->start);
	if (*file_name) {
		strbuf_puts(&f->text, " (");
		text_display(&f->text, file_name, strlen(file_name));
		strbuf_putc(&f->text, ')');
	}
	strbuf_putc(&f->text, '\0');
}

static int name_symbols(struct elf_image *image, uint32_t kind, int mapping, const char *file_name,
			struct code_frame *frames, size_t n)
{
	_cleanup_free_ struct elf_place *places = calloc(n, sizeof(*places));
	_cleanup_free_ size_t *of = calloc(n, sizeof(*of));
	size_t count = 0;
	int r;

	if (!places || !of)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		if (is_open(&frames[i], mapping)) {
			of[count] = i;
			places[count++].address = look_at(&frames[i]);
		}
	r = count ? elf_image_symbols_at(image, kind, places, count) : 0;
	for (size_t i = 0; r > 0 && i < count; i++)
		if (places[i].found)
			put_symbol(&frames[of[i]], &places[i], file_name);
	return r == -ENOMEM ? r : 0;
}

int code_names_of_image(struct elf_image *image, struct elf_image *debug, int mapping,
			const char *file_name, struct code_frame *frames, size_t n)
{
	int r = name_symbols(image, SHT_SYMTAB, mapping, file_name, frames, n);

	if (r == 0 && debug)
		r = name_symbols(debug, SHT_SYMTAB, mapping, file_name, frames, n);
	if (r == 0)
		r = name_symbols(image, SHT_DYNSYM, mapping, file_name, frames, n);
	return r;
}

/* May it be a Go program? Where there are no names of sections, only a search tells. */
static bool may_be_go(int fd, struct elf_image *image)
{
	struct elf_section names;

	return go_is_foreign(fd) || elf_image_find_section(image, ".shstrtab", &names) == -ENOENT;
}

int code_names(const struct code_file *file, const struct oomkill_mapping *m, int mapping,
	       struct code_frame *frames, size_t n)
{
	_cleanup_elf_image_ struct elf_image *image = NULL, *debug = NULL;
	const char *slash = strrchr(file->path, '/');
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct elf_section symbols;
	int r = elf_image_open_fd(file->fd, NULL, &image);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	elf_image_limit(image, READ_MOST);
	for (size_t i = 0; i < n; i++)
		if (frames[i].mapping == mapping &&
		    elf_image_code_address(image, frames[i].address - m->start + m->offset * page,
					   &frames[i].link) < 0)
			frames[i].link = 0;
	if (may_be_go(file->fd, image))
		r = name_go(image, mapping, frames, n);
	if (r == 0 && elf_image_find_section(image, ".symtab", &symbols) < 0 &&
	    code_file_debug(file, image, &debug) == 0)
		elf_image_limit(debug, READ_MOST);
	return r < 0 ? r
		     : code_names_of_image(image, debug, mapping, slash ? slash + 1 : file->path,
					   frames, n);
}
