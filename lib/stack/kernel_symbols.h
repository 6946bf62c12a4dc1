/*
 * Names of kernel code, from /proc/kallsyms. That is read only when an address is new (some 40 ms),
 * never kept; names of the kernel proper are remembered, those of modules and BPF programs may come
 * and go.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct kernel_symbols;

/* 0 or -ENOMEM. PATH must last: "/proc/kallsyms". */
int kernel_symbols_open(const char *path, struct kernel_symbols **ret);
void kernel_symbols_close(struct kernel_symbols *s);

#define KERNEL_SYMBOL_SIZE 128

struct kernel_place {
	uint64_t address;	       /* in */
	uint64_t start;		       /* of the function; 0: not known */
	char name[KERNEL_SYMBOL_SIZE]; /* "" not known */
	char module[64];	       /* "" the kernel proper */
};

/* Name N places; what cannot be named (kptr_restrict) keeps its address. 0 or -errno. */
int kernel_symbols_name(struct kernel_symbols *s, struct kernel_place *places, size_t n);
