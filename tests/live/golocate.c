/*
 * golocate FILE: the runtime's variables in a Go program, a line each: name, address by the symbol
 * table, address by the instructions ("-": none). Then what else the instructions tell.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "go/go_binary.h"
#include "go/go_locate.h"

static void print_address(uint64_t address)
{
	if (address)
		printf(" %" PRIx64, address);
	else
		printf(" -");
}

static int print_locations(int fd)
{
	_cleanup_elf_image_ struct elf_image *image = NULL;
	_cleanup_pclntab_ struct pclntab *table = NULL;
	struct elf_symbol symbols[GO_VARIABLES] = {{.name = NULL}};
	struct go_location location;
	int r = elf_image_open_fd(fd, NULL, &image);

	if (r == 0)
		r = pclntab_open(image, NULL, &table);
	if (r == 0)
		r = go_locate(image, table, &location);
	if (r < 0)
		return r;
	for (size_t i = 0; i < GO_VARIABLES; i++)
		symbols[i].name = go_variable_names[i].name;
	elf_image_find_symbols(image, symbols, GO_VARIABLES);
	for (size_t i = 0; i < GO_VARIABLES; i++) {
		printf("%s", symbols[i].name);
		print_address(symbols[i].found ? symbols[i].address : 0);
		print_address(location.address[i]);
		putchar('\n');
	}
	printf("record_size %u confirmed %d\n", location.record_size, location.confirmed);
	return 0;
}

static int print_binary(int fd)
{
	static const char *const sources[] = {"none", "buildinfo", "variable", "symbols",
					      "instructions"};
	_cleanup_go_binary_ struct go_binary *b = NULL;
	_cleanup_strbuf_ struct strbuf why = {0};
	int r = go_binary_open(fd, &why, &b);

	if (r < 0) {
		printf("%s: %s\n", strerrorname_np(-r), strbuf_text(&why));
		return r;
	}
	printf("version %s by %s\naddresses by %s\n", b->version, sources[b->version_source],
	       sources[b->address_source]);
	printf("machine %u pie %d stripped %d sure %d contradicted %d profiling_linked %d size "
	       "%u\n",
	       b->machine, b->position_independent, b->stripped, b->sure, b->contradicted,
	       b->profiling_linked, b->record_size);
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_close_ int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;

	if (fd < 0)
		return 2;
	(void)print_locations(fd); /* where it fails, so does the next, which says why */
	return print_binary(fd) < 0;
}
