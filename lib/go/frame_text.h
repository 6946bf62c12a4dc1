/* Frames of Go programs as people read them. */
#pragma once

#include <stdbool.h>

#include "base/strbuf.h"
#include "go/heap_profile.h"

/* As the runtime prints it (funcNameForPrint): type arguments, nested ones too, become [...]. */
void frame_function(struct strbuf *out, const char *name);

/*
 * "net/http.(*conn).serve (server.go:1995)", harmless on a terminal. SHORT: without the path of the
 * package, "http.(*conn)...".
 */
void frame_text(struct strbuf *out, const struct heap_frame *frame, bool is_short);

/* With the whole path of the file. */
void frame_text_full(struct strbuf *out, const struct heap_frame *frame);

/*
 * The import path of a function's package: what stands before the first dot behind the last slash,
 * with %2e and the like undone (cmd/internal/objabi, PathToPrefix). "" if it has none: an address,
 * a function of C or assembly. Foreign bytes, as they are.
 */
void frame_package(struct strbuf *out, const char *function);
