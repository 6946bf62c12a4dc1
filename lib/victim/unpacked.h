/*
 * An executable that was packed (UPX): its file holds no Go program, but code that makes one in
 * memory when it starts. Such a program is not position independent, so every process that runs
 * the file has the same image at the same addresses.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "go/heap_buckets.h"

/* Could FD be such a file? By its headers only: a static executable without section headers. */
bool is_packed(int fd);

/*
 * Copy the image out of a process that runs the packed file FD into a file in memory, which can be
 * read like an executable; its entry is that of FD, so that the load bias comes out as 0. Returns a
 * descriptor, or -EAGAIN: it has not unpacked itself (yet), or into nothing that is Go;
 * -EBADMSG: what is there is no image; -EFBIG: more than UNPACKED_MOST bytes; -ESRCH, -EPERM,
 * -ENOMEM.
 */
#define UNPACKED_MOST ((size_t)256 << 20)

int unpacked_image(pid_t pid, int fd);

/* The same where BASE is the address of the image's ELF header, and ENTRY that of FD. */
int unpacked_copy(const struct heap_reader *memory, uint64_t base, uint64_t entry);

/* Give back the memory of the parts of it that go_binary_open() alone needs: the code. */
void unpacked_shrink(int image);
