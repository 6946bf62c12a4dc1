/*
 * Compiling, done by the helper program oomtools-compile: in another process, whose memory is gone
 * when it ends.
 */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"
#include "bpf/source_map.h"

struct compiler;

struct compile_request {
	const char *tool;
	struct source source;
	const char *flags; /* "-DX=1 -DY", blank separated */
	bool kernel_headers;
	/* Called every COMPILE_MEANWHILE_MS while the compiler is at work; or NULL. */
	void (*meanwhile)(void *data);
	void *meanwhile_data;
	/* One that was started ahead; NULL: none. It is taken if it was started for such a request,
	 * and ended in any case. */
	struct compiler **ahead;
};

#define COMPILE_MEANWHILE_MS 20

/*
 * What will be asked for soon. SOURCE.text: compile it already; NULL: it is still to come, so start
 * the helper, as what it does first is the same for all texts (until then it waits, with some 30
 * MiB). *C, if there is one, goes on if it is at just that already, and is ended else. 0 or -errno.
 */
int compile_ahead(const struct compile_request *request, struct compiler **c);

enum compiler_state {
	COMPILER_IDLE, /* it waits for a text, or there is none */
	COMPILER_AT_WORK,
	COMPILER_DONE,
	COMPILER_FAILED, /* compile_run() will tell why */
};
enum compiler_state compiler_state(struct compiler *c);

/* Readable when its work has ended; -1: it is idle. It is the compiler's. */
int compiler_ended_fd(const struct compiler *c);

/* End it, if it is still there, and forget it. NULL is fine. */
void compiler_end(struct compiler *c);

/*
 * Compile into the bytes of an image. -ENOEXEC: it did not compile; ERRORS says why, with file and
 * line where the text is at fault. -ENOPKG: there is no helper; ERRORS says what to do. OTHERS gets
 * warnings and remarks, success or not. Any other -errno says nothing.
 */
int compile_run(const struct compile_request *request, struct strbuf *image, struct strbuf *errors,
		struct strbuf *others);

/*
 * What tells this compiler from any other, without running it: path, size and time of the helper
 * and of libbcc. -ENOENT without a helper.
 */
int compile_identity(struct strbuf *ret);
