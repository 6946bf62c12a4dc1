/* Files of cgroups and of /proc, below a directory. */
#pragma once

#include <stdint.h>

/* 0 or -errno. */
int scene_write(const char *directory, const char *name, const char *text);
int scene_write_number(const char *directory, const char *name, uint64_t number);

/* A number behind KEY, "" where the file is but a number. 0 where there is none. */
uint64_t scene_read_number(const char *directory, const char *name, const char *key);
