/*
 * What a process has mapped, from /proc/PID/maps: read line by line into a fixed buffer, however
 * many mappings there are. The process goes on meanwhile, so the lines are no snapshot.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct process_mapping {
	uint64_t start, end;
	uint64_t offset; /* in the file */
	uint64_t inode;	 /* 0: no file */
	uint32_t major, minor;
	bool readable, writable, executable, shared;
	/* As /proc has it: "" anonymous, "[heap]"; newlines as \012, " (deleted)" behind a file
	 * that was; cut where it is longer than any path. Valid until the next call. */
	const char *path;
};

struct process_maps;

/* 0; -ESRCH: no such process; -EPERM, -ENOMEM. */
int process_maps_open(pid_t pid, struct process_maps **ret);

/* The same from an open descriptor, which becomes its. */
int process_maps_open_fd(int fd, struct process_maps **ret);

/* 1: here is one; 0: there are no more, or the process has ended; -EBADMSG: not a line of maps. */
int process_maps_next(struct process_maps *maps, struct process_mapping *ret);

/* NULL is fine. */
void process_maps_close(struct process_maps *maps);
#define _cleanup_process_maps_ _cleanup_(process_maps_closep)
void process_maps_closep(struct process_maps **maps);
