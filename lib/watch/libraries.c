#include "watch/libraries.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "app/message.h"
#include "base/hash_index.h"
#include "bpf/kernel_map.h"
#include "proc/clock.h"
#include "proc/process.h"
#include "victim/library.h"
#include "watch/mapping_events.h"

#define MAPPINGS_MOST 262144 /* looked at, of one process */
#define SECOND_NS 1000000000ull
#define LOOK_AGAIN_NS (10 * SECOND_NS)
#define OTHERS 1024 /* files known to be no Go library; a power of two */

/* A file that is no Go library, as it was when that was found out. */
struct other_file {
	uint32_t major, minor;
	uint64_t inode;
	uint64_t checked_ns; /* 0: unused. Within a second it is not even asked for its time. */
	off_t size;
	struct timespec mtime;
};

struct libraries {
	struct libraries_config config;
	struct mapping_events *events;	  /* NULL: the kernel does not tell */
	bool lost;			  /* some of them */
	struct other_file others[OTHERS]; /* by hash; the next with the same takes the place */
};

static struct other_file *other_file(struct libraries *l, const struct process_mapping *m)
{
	const uint64_t name[2] = {(uint64_t)m->major << 32 | m->minor, m->inode};

	return &l->others[hash_bytes(0, name, sizeof(name)) % OTHERS];
}

static bool is_other(const struct other_file *o, const struct process_mapping *m)
{
	return o->checked_ns && o->inode == m->inode && o->major == m->major &&
	       o->minor == m->minor;
}

static void remember_other(struct other_file *o, const struct process_mapping *m,
			   const struct stat *st)
{
	*o = (struct other_file){
		.major = m->major,
		.minor = m->minor,
		.inode = m->inode,
		.checked_ns = clock_monotonic_ns(),
		.size = st->st_size,
		.mtime = st->st_mtim,
	};
}

enum executable { EXECUTABLE_OTHER, EXECUTABLE_IS_FILE, EXECUTABLE_COUNTS };

/* Is the process's executable this file, or a Go program by itself (which is what is watched then)?
 * That also where it has none any more. */
static enum executable executable_of(const struct libraries *l, pid_t pid, const struct stat *file)
{
	const struct known_binary *b;
	struct oomprof_key key;
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	if (stat(path, &st) < 0)
		return EXECUTABLE_COUNTS;
	if (same_file(&st, file))
		return EXECUTABLE_IS_FILE;
	key = key_of_file(&st);
	b = known_binaries_find(l->config.known, &key);
	return b && b->kind == BINARY_READY ? EXECUTABLE_COUNTS : EXECUTABLE_OTHER;
}

/* Is the mapping there, and the process the same as it was? Then the probe removes the place. */
static bool still_there(pid_t pid, const struct process_mapping *m,
			const struct oomprof_process *id)
{
	_cleanup_close_ int fd = mapped_file_open(pid, m);
	struct process p;

	return fd >= 0 && process_read(pid, &p) == 0 && p.state != 'Z' && p.state != 'X' &&
	       p.start_ticks * OOMPROF_TICK_NS == id->start_ns;
}

static int place(struct libraries *l, pid_t pid, const struct process_mapping *m,
		 const struct known_binary *b)
{
	struct oomprof_place place = {.key = b->key}, present;
	struct oomprof_process id = {.pid = (__u32)pid};
	int r, fd = tracer_map_fd(l->config.tracer, "places");
	uint64_t bias = 0;
	struct process p;

	if ((b->binary && !library_bias(b->binary, m, &bias)) || process_read(pid, &p) < 0)
		return 0;
	place.bias = bias;
	id.start_ns = p.start_ticks * OOMPROF_TICK_NS;
	if (kernel_map_lookup(fd, &id, &present) == 0) {
		if (memcmp(&present.key, &place.key, sizeof(place.key)) != 0)
			message_verbose(
				"PID %d: %s holds a second Go runtime, which is not watched",
				(int)pid, b->path);
		return 0;
	}
	r = kernel_map_update(fd, &id, &place);
	if (r < 0)
		return r;
	/* It may have ended, or run another program, before the probe could see the place. */
	if (!still_there(pid, m, &id)) {
		(void)kernel_map_delete(fd, &id);
		return 0;
	}
	message_verbose("PID %d: %s is a library with a Go runtime%s", (int)pid, b->path,
			b->kind == BINARY_READY ? ""
			: b->kind == BINARY_OFF ? " whose heap profile was switched off"
						: " whose heap profile cannot be read");
	l->config.on_library(&id, b, bias, l->config.user);
	return 0;
}

/* A library that nobody has looked into yet. */
static const struct known_binary *learn(struct libraries *l, int path_fd,
					const struct oomprof_key *key)
{
	_cleanup_close_ int fd = mapped_file_reopen(path_fd);
	const struct known_binary *b = NULL;
	struct oomprof_binary for_probe;
	char link[64], path[PATH_MAX];
	ssize_t n;

	if (fd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", path_fd);
	n = readlink(link, path, sizeof(path) - 1);
	path[MAX(n, 0)] = '\0';
	(void)known_binaries_learn_fd(l->config.known, fd, path, key, &b);
	if (!b)
		return NULL;
	for_probe = known_binary_for_probe(b);
	(void)kernel_map_update(tracer_map_fd(l->config.tracer, "binaries"), key, &for_probe);
	return b;
}

/* A file that is not known to be anything else. */
static void look_into(struct libraries *l, pid_t pid, const struct process_mapping *m, int path_fd,
		      const struct stat *st)
{
	const struct oomprof_key key = key_of_file(st);
	enum executable executable = executable_of(l, pid, st);
	const struct known_binary *b = NULL;

	if (executable == EXECUTABLE_COUNTS)
		return;
	if (executable == EXECUTABLE_OTHER) {
		b = known_binaries_find(l->config.known, &key);
		if (!b)
			b = learn(l, path_fd, &key);
	}
	if (!b)
		remember_other(other_file(l, m), m, st);
	else if (place(l, pid, m, b) < 0)
		message_warning("PID %d cannot be watched: too many programs hold Go in a library",
				(int)pid);
}

static void consider(struct libraries *l, pid_t pid, const struct process_mapping *m)
{
	struct other_file *other = other_file(l, m);
	bool was_other = is_other(other, m);
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (was_other && clock_monotonic_ns() - other->checked_ns < SECOND_NS)
		return;
	fd = mapped_file_open(pid, m);
	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	if (was_other && other->size == st.st_size &&
	    memcmp(&other->mtime, &st.st_mtim, sizeof(st.st_mtim)) == 0)
		other->checked_ns = clock_monotonic_ns();
	else
		look_into(l, pid, m, fd, &st);
}

static void on_mapping(pid_t pid, const struct process_mapping *m, void *user)
{
	struct libraries *l = user;

	l->config.catch_up(l->config.user);
	consider(l, pid, m);
}

static void on_lost(void *user)
{
	((struct libraries *)user)->lost = true;
}

static void on_timer(void *user)
{
	struct libraries *l = user;

	if (l->events && !l->lost)
		return;
	l->lost = false;
	l->config.look_again(l->config.user);
}

void libraries_look_through(struct libraries *l, pid_t pid)
{
	_cleanup_process_maps_ struct process_maps *maps = NULL;
	struct process_mapping m;

	if (process_maps_open(pid, &maps) < 0)
		return;
	for (int i = 0; i < MAPPINGS_MOST && process_maps_next(maps, &m) > 0; i++)
		if (m.executable && m.inode)
			consider(l, pid, &m);
}

int libraries_open(const struct libraries_config *config, struct libraries **ret)
{
	struct libraries *l = calloc(1, sizeof(*l));
	struct mapping_events_config events = {config->loop, on_mapping, on_lost, l};
	int r;

	if (!l)
		return -ENOMEM;
	l->config = *config;
	r = loop_add_timer(config->loop, LOOK_AGAIN_NS, LOOK_AGAIN_NS, on_timer, l);
	if (r == 0)
		r = mapping_events_open(&events, &l->events);
	if (r == -ENOMEM) {
		libraries_close(l);
		return r;
	}
	if (r < 0)
		message_warning(
			"the kernel does not tell of libraries that are loaded (%s): looking "
			"for them every 10 seconds",
			strerror(-r));
	*ret = l;
	return 0;
}

void libraries_close(struct libraries *l)
{
	if (!l)
		return;
	mapping_events_close(l->events);
	free(l);
}
