/* /proc/loadavg, as the kernel words it (fs/proc/loadavg.c): "0.20 0.18 0.12 1/80 11206". */
#pragma once

#define LOADAVG_SIZE 64

struct loadavg {
	char text[LOADAVG_SIZE]; /* without the newline */
	double avg1, avg5, avg15;
	unsigned int running, total, last_pid;
};

/* Read it below ROOT ("" for the machine's own). 0, or -errno; -EBADMSG if it looks otherwise. */
int loadavg_read(const char *root, struct loadavg *ret);

/* The same from text already read. */
int loadavg_parse(const char *text, struct loadavg *ret);
