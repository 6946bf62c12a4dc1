/*
 * A C program that loads Go libraries (tests/workloads/library.go):
 *
 *   load RATE MBPS LIBRARY...
 *   load RATE exec LIBRARY PROGRAM [ARG]...
 *
 * The first keeps the memory that is known to the byte, with MemProfileRate RATE; the others are
 * only loaded. Then it prints READY, waits until its input ends, and lets the first keep MBPS MB
 * more a second (0: sleeps), or runs the program in its place.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void (*function)(int);

static function find(const char *library, const char *name)
{
	void *handle = dlopen(library, RTLD_NOW);
	function found = NULL;

	if (handle)
		*(void **)&found = dlsym(handle, name);
	if (!found) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return found;
}

int main(int argc, char **argv)
{
	char byte;

	if (argc < 4)
		return 2;
	find(argv[3], "LibraryLeak")(atoi(argv[1]));
	for (int i = 4; i < argc && strcmp(argv[2], "exec") != 0; i++)
		find(argv[i], "LibraryLeak");
	puts("READY");
	fflush(stdout);
	while (read(0, &byte, 1) > 0)
		;
	if (strcmp(argv[2], "exec") == 0 && argc > 4) {
		execv(argv[4], argv + 4);
		return 1;
	}
	if (atoi(argv[2]) > 0)
		find(argv[3], "LibraryGrow")(atoi(argv[2]));
	for (;;)
		pause();
}
