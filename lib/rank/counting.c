#include "rank/counting.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/macro.h"
#include "rank/ranking.h"

#define CHUNK 512	       /* pages: what one page of a page table maps */
#define APPROACH 200	       /* pages before the score goes up, from where on it is one by one */
#define STEPS (2 * APPROACH)   /* at most */
#define GROWTH_MOST (1u << 20) /* pages: a machine with 2 TiB has that many to a point */
#define TRIES 3

struct grower {
	pid_t pid;
	int fd; /* what it is told: so many pages more */
	int scores;
	uint64_t total_pages;
	counting_read read;
	void *user;
};

/* The same memory, again and again: it counts each time, and is one chunk. */
static bool map_many(int memory, size_t page, uint32_t pages)
{
	while (pages) {
		uint32_t n = MIN(pages, CHUNK);

		if (mmap(NULL, n * page, PROT_READ, MAP_SHARED | MAP_POPULATE, memory, 0) ==
		    MAP_FAILED)
			return false;
		pages -= n;
	}
	return true;
}

/* The child: system calls only. More than one page: mapped; one: the next one of an area. */
static void grow(int fd)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int memory = memfd_create("oomtools-counting", MFD_CLOEXEC);
	char *area = mmap(NULL, 3 * CHUNK * page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t pages, used = 0;

	/* One that is exempt has no score. */
	(void)child_unprotect();
	if (memory < 0 || area == MAP_FAILED || ftruncate(memory, (off_t)(CHUNK * page)) < 0)
		_exit(1);
	/* All of it in one page of the page table, which is there from the start; no huge page. */
	madvise(area, 3 * CHUNK * page, MADV_NOHUGEPAGE);
	area = (char *)(((uintptr_t)area + CHUNK * page - 1) & ~(uintptr_t)(CHUNK * page - 1));
	*(volatile char *)area = 1;
	while (read(fd, &pages, sizeof(pages)) == sizeof(pages)) {
		if (pages == 1 && ++used < CHUNK)
			((volatile char *)area)[used * page] = 1;
		else if (pages > 1 && !map_many(memory, page, pages))
			_exit(1);
		if (write(fd, &pages, sizeof(pages)) != sizeof(pages))
			break;
	}
	_exit(0);
}

static int tell(const struct grower *g, uint32_t pages)
{
	if (send(g->fd, &pages, sizeof(pages), MSG_NOSIGNAL) != sizeof(pages) ||
	    recv(g->fd, &pages, sizeof(pages), 0) != sizeof(pages))
		return -EIO;
	return 0;
}

static int score_of(const struct grower *g, int32_t *ret)
{
	char text[32];
	ssize_t n = pread(g->scores, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return -EIO;
	text[n] = '\0';
	*ret = atoi(text);
	return 0;
}

/* Its points by one number or the other. -EAGAIN: it has none. */
static int points_of(const struct grower *g, bool exactly, int64_t *ret)
{
	const int64_t page = sysconf(_SC_PAGESIZE);
	struct oomrank_task t;
	int r = g->read(exactly, g->pid, &t, g->user);

	if (r < 0)
		return r;
	*ret = (int64_t)(t.anon_pages + t.file_pages + t.shmem_pages + t.swap_pages) +
	       (int64_t)t.pgtables_bytes / page +
	       t.oom_score_adj * (int64_t)(g->total_pages / 1000);
	return t.oom_score_adj == -1000 ? -EAGAIN : 0;
}

/* The least points above FROM that make another score. */
static int64_t next_point(int64_t from, uint64_t total_pages)
{
	const int32_t score = ranking_oom_score(from, total_pages);
	int64_t low = from, high = from + (int64_t)(total_pages / 200) + 1000;

	while (high - low > 1) {
		int64_t middle = low + (high - low) / 2;

		if (ranking_oom_score(middle, total_pages) > score)
			high = middle;
		else
			low = middle;
	}
	return high;
}

/* Grow it until its score goes up; TURN is where it should. 0; -EAGAIN. */
static int climb(const struct grower *g, int64_t turn)
{
	int32_t before, score;
	int r = score_of(g, &before);

	if (r == 0 && before != ranking_oom_score(turn - 1, g->total_pages))
		return -EAGAIN;
	for (int i = 0; i < STEPS && r == 0; i++) {
		r = tell(g, 1);
		if (r == 0)
			r = score_of(g, &score);
		if (r == 0 && score != before)
			return 0;
	}
	return r < 0 ? r : -EAGAIN;
}

/*
 * With one page at a time the exact number stands at the turn when the score goes up, if it is that
 * which counts. The rough one gets there in leaps.
 */
static int try(const struct grower *g, bool *ret_exact)
{
	int64_t exact, rough, turn;
	int r = points_of(g, true, &exact);

	if (r < 0)
		return r;
	turn = next_point(exact + 2 * APPROACH, g->total_pages);
	if (turn - exact > GROWTH_MOST)
		return -EAGAIN;
	r = tell(g, (uint32_t)(turn - exact - APPROACH - (turn - exact) / CHUNK));
	if (r == 0)
		r = climb(g, turn);
	if (r == 0)
		r = points_of(g, true, &exact);
	if (r == 0)
		r = points_of(g, false, &rough);
	if (r < 0)
		return r;
	if (exact == turn && rough == turn)
		return -EAGAIN; /* both at once */
	if (exact != turn && rough < turn)
		return -EAGAIN; /* neither: something else has grown */
	*ret_exact = exact == turn;
	return 0;
}

static int start(struct grower *g)
{
	char path[64];
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	g->pid = fork();
	if (g->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(fds[0]);
		grow(fds[1]);
	}
	close(fds[1]);
	g->fd = fds[0];
	if (g->pid < 0)
		return -errno;
	snprintf(path, sizeof(path), "/proc/%d/oom_score", (int)g->pid);
	g->scores = open(path, O_RDONLY | O_CLOEXEC);
	return g->scores < 0 ? -errno : 0;
}

static void end(struct grower *g)
{
	if (g->fd >= 0)
		close(g->fd);
	if (g->scores >= 0)
		close(g->scores);
	if (g->pid <= 0)
		return;
	kill(g->pid, SIGKILL);
	while (waitpid(g->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

int counting_find(counting_read read, void *user, uint64_t total_pages, bool *ret_exact)
{
	struct grower g = {.pid = -1,
			   .fd = -1,
			   .scores = -1,
			   .total_pages = total_pages,
			   .read = read,
			   .user = user};
	int r = start(&g);

	/* What it has to do before its first step is done. */
	if (r == 0)
		r = tell(&g, 2);
	for (int i = 0; i < TRIES && r == 0; i++) {
		r = try(&g, ret_exact);
		if (r == 0)
			break;
		if (r == -EAGAIN && i < TRIES - 1)
			r = 0;
	}
	end(&g);
	return r;
}
