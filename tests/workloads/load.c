/*
 * A C program that loads a Go library (tests/workloads/library.go) and lets it keep memory:
 *
 *   load LIBRARY RATE MBPS [OTHER]    with MemProfileRate RATE, then MBPS MB more a second (0:
 * none)
 *
 * READY is printed before the library is loaded if it gets bytes on a pipe as its input, and it
 * waits for their end; and again when the memory is kept. OTHER is loaded too, after it.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void (*find(const char *library))(int, int)
{
	void *handle = dlopen(library, RTLD_NOW);
	void (*leak)(int, int) = NULL;

	if (handle)
		*(void **)&leak = dlsym(handle, "LibraryLeak");
	if (!leak) {
		fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return leak;
}

int main(int argc, char **argv)
{
	void (*leak)(int, int);

	if (argc < 4)
		return 2;
	leak = find(argv[1]);
	if (argc > 4)
		find(argv[4]);
	leak(atoi(argv[2]), atoi(argv[3]));
	puts("READY");
	fflush(stdout);
	for (;;)
		pause();
}
