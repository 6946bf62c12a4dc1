#include "victim/known_binaries.h"

#include <errno.h>
#include <pthread.h>
#include <search.h>
#include <string.h>
#include <sys/stat.h>

#include "go/go_runtime.h"
#include "proc/process.h"
#include "victim/unpacked.h"

struct known_binaries {
	pthread_mutex_t lock; /* for the table; what is in it does not change */
	void *tree;	      /* of struct known_binary, by key */
	size_t count, most;
	size_t unpacked_bytes; /* of images that are kept in memory */
};

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct oomprof_key));
}

static void free_binary(void *p)
{
	struct known_binary *b = p;

	if (!b)
		return;
	go_binary_close(b->binary);
	free(b->path);
	free(b->reason);
	free(b);
}

int known_binaries_new(size_t most, struct known_binaries **ret)
{
	struct known_binaries *known = calloc(1, sizeof(*known));

	if (!known)
		return -ENOMEM;
	pthread_mutex_init(&known->lock, NULL);
	known->most = most;
	*ret = known;
	return 0;
}

void known_binaries_free(struct known_binaries *known)
{
	if (!known)
		return;
	tdestroy(known->tree, free_binary);
	pthread_mutex_destroy(&known->lock);
	free(known);
}

const struct known_binary *known_binaries_find(struct known_binaries *known,
					       const struct oomprof_key *key)
{
	struct known_binary *const *found;
	const struct known_binary *b;

	pthread_mutex_lock(&known->lock);
	found = tfind(key, &known->tree, compare);
	b = found ? *found : NULL;
	pthread_mutex_unlock(&known->lock);
	return b;
}

struct each {
	void (*visit)(const struct known_binary *b, void *user);
	void *user;
};

static void visit_node(const void *node, VISIT order, void *closure)
{
	const struct each *each = closure;

	if (order == postorder || order == leaf)
		each->visit(*(struct known_binary *const *)node, each->user);
}

void known_binaries_each(struct known_binaries *known,
			 void (*visit)(const struct known_binary *b, void *user), void *user)
{
	struct each each = {visit, user};

	pthread_mutex_lock(&known->lock);
	twalk_r(known->tree, visit_node, &each);
	pthread_mutex_unlock(&known->lock);
}

struct trim {
	bool (*used)(const struct known_binary *b, void *user);
	void *user;
	struct known_binary **unused;
	size_t n;
};

static void note_unused(const void *node, VISIT order, void *closure)
{
	struct known_binary *b = *(struct known_binary *const *)node;
	struct trim *t = closure;

	if ((order == postorder || order == leaf) && !t->used(b, t->user))
		t->unused[t->n++] = b;
}

void known_binaries_trim(struct known_binaries *known, size_t keep,
			 bool (*used)(const struct known_binary *b, void *user), void *user)
{
	struct trim t = {.used = used, .user = user};

	pthread_mutex_lock(&known->lock);
	if (known->count > keep)
		t.unused = calloc(known->count, sizeof(struct known_binary *));
	if (t.unused)
		twalk_r(known->tree, note_unused, &t);
	for (size_t i = 0; i < t.n; i++) {
		tdelete(t.unused[i], &known->tree, compare);
		free_binary(t.unused[i]);
	}
	known->count -= t.n;
	pthread_mutex_unlock(&known->lock);
	free(t.unused);
}

/* Is the open file the one that the kernel side has named? Not its numbers, which overlayfs and
 * btrfs show otherwise to user space, but what is the same everywhere. */
static bool is_named_by(int fd, const struct oomprof_key *key)
{
	struct stat st;

	return fstat(fd, &st) == 0 && (uint64_t)st.st_size == key->size &&
	       (uint64_t)st.st_mtim.tv_sec == key->mtime_s &&
	       (uint64_t)st.st_mtim.tv_nsec == key->mtime_ns;
}

int binary_look_into(int fd, struct strbuf *why, struct go_binary **ret)
{
	switch (go_binary_open(fd, why, ret)) {
	case 0:
		return (*ret)->profiling_linked ? BINARY_READY : BINARY_OFF;
	case -ENODATA:
		return BINARY_NOT_FOUND;
	case -ENOENT:
	case -ENOEXEC:
		return BINARY_NOT_GO;
	case -ENOMEM:
		return -ENOMEM;
	}
	return BINARY_UNREADABLE;
}

/* Takes B over; RET is B, or what another thread has found meanwhile. */
static int keep(struct known_binaries *known, struct known_binary *b,
		const struct known_binary **ret)
{
	struct known_binary **place = NULL;
	int r = -ENOMEM;

	pthread_mutex_lock(&known->lock);
	if (b->path)
		place = tsearch(b, &known->tree, compare);
	if (place && *place == b && known->count >= known->most) {
		tdelete(b, &known->tree, compare);
		r = -ENOSPC;
	} else if (place) {
		known->count += *place == b;
		*ret = *place;
		r = 0;
	}
	if (r < 0 || *place != b)
		free_binary(b);
	pthread_mutex_unlock(&known->lock);
	return r;
}

/* Look into FD, whatever it is, as what the kernel side calls KEY. */
static int learn(struct known_binaries *known, int fd, const char *path,
		 const struct oomprof_key *key, const struct known_binary **ret)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct known_binary *b = calloc(1, sizeof(*b));
	int kind, r;

	if (!b)
		return -ENOMEM;
	kind = binary_look_into(fd, &why, &b->binary);
	if (kind == BINARY_NOT_FOUND) {
		b->reason = strdup(strbuf_text(&why));
		kind = b->reason ? kind : -ENOMEM;
	}
	if (kind < 0 || kind == BINARY_NOT_GO || kind == BINARY_UNREADABLE) {
		free_binary(b);
		return kind;
	}
	b->key = *key;
	b->kind = (enum binary_kind)kind;
	b->path = strdup(path);
	r = keep(known, b, ret);
	return r < 0 ? r : kind;
}

int known_binaries_learn_fd(struct known_binaries *known, int fd, const char *path,
			    const struct oomprof_key *key, const struct known_binary **ret)
{
	int kind;

	*ret = known_binaries_find(known, key);
	if (*ret)
		return (int)(*ret)->kind;
	if (!is_named_by(fd, key))
		return BINARY_UNREADABLE;
	kind = learn(known, fd, path, key, ret);
	return kind == BINARY_NOT_GO && is_packed(fd) ? BINARY_PACKED : kind;
}

int known_binaries_learn_unpacked(struct known_binaries *known, pid_t pid,
				  const struct oomprof_key *key, const struct known_binary **ret)
{
	_cleanup_close_ int fd = -1, image = -1;
	_cleanup_free_ char *path = NULL;
	struct stat st;
	int kind;

	*ret = known_binaries_find(known, key);
	if (*ret)
		return (int)(*ret)->kind;
	if (process_open_executable(pid, &fd, &path) < 0 || !is_named_by(fd, key))
		return BINARY_UNREADABLE;
	image = unpacked_image(pid, fd);
	if (image < 0)
		return image;
	if (known->unpacked_bytes > UNPACKED_KEPT_MOST)
		return -ENOSPC;
	kind = learn(known, image, path, key, ret);
	if (*ret) {
		unpacked_shrink(image);
		known->unpacked_bytes += fstat(image, &st) == 0 ? (size_t)st.st_blocks * 512 : 0;
	}
	return kind == BINARY_NOT_GO ? -EAGAIN : kind;
}

int known_binaries_learn(struct known_binaries *known, pid_t pid, const struct oomprof_key *key,
			 const struct known_binary **ret)
{
	_cleanup_free_ char *path = NULL;
	_cleanup_close_ int fd = -1;

	*ret = known_binaries_find(known, key);
	if (*ret)
		return (int)(*ret)->kind;
	if (process_open_executable(pid, &fd, &path) < 0)
		return BINARY_UNREADABLE;
	return known_binaries_learn_fd(known, fd, path, key, ret);
}

bool known_binary_readable(const struct known_binary *b)
{
	return b->kind == BINARY_READY || b->kind == BINARY_OFF;
}

struct oomprof_binary known_binary_for_probe(const struct known_binary *b)
{
	struct oomprof_binary out = {0};

	if (known_binary_readable(b)) {
		out.entry = b->binary->entry;
		out.mbuckets = b->binary->mbuckets;
		out.rate = b->binary->mem_profile_rate;
		out.cycle = b->binary->mprof_cycle;
		out.buckhash = b->binary->buckhash;
		out.gc_controller = b->binary->gc_controller;
		out.write_barrier = b->binary->write_barrier;
		out.allglen = b->binary->allglen;
		out.allgptr = b->binary->allgptr;
		out.goroutine_status = go_runtime_goroutine_status(b->binary->minor);
		out.records_size = HEAP_RECORDS * b->binary->record_size;
	}
	return out;
}
