#include "console/readline_library.h"

#include <dlfcn.h>
#include <errno.h>

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
/* The one whose header this was compiled with. */
#define LIBRARY "libreadline.so." TEXT(RL_VERSION_MAJOR)

int readline_library_load(struct readline *ret, struct strbuf *why)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!library) {
		strbuf_printf(why, "%s (Debian has it in the package libreadline8)", dlerror());
		return -ENOENT;
	}
#define READLINE_LOAD(name)                                       \
	ret->name = (__typeof__(ret->name))dlsym(library, #name); \
	if (!ret->name) {                                         \
		strbuf_printf(why, LIBRARY " has no %s", #name);  \
		return -ENOENT;                                   \
	}
	READLINE_SYMBOLS(READLINE_LOAD)
#undef READLINE_LOAD
	return 0;
}
