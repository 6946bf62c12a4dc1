#include "scene_truth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/macro.h"
#include "oom/kill_json.h"

int scene_kills_open(struct scene_kills *kills, const char *path)
{
	*kills = (struct scene_kills){.fd = open(path, O_RDONLY | O_CLOEXEC)};
	return kills->fd < 0 ? -errno : 0;
}

void scene_kills_close(struct scene_kills *kills)
{
	if (kills->fd >= 0)
		close(kills->fd);
	strbuf_free(&kills->text);
}

/* Take the first whole line out of the text; false: there is none. */
static bool take_line(struct scene_kills *kills, struct strbuf *ret)
{
	const char *text = strbuf_text(&kills->text), *end = strchr(text, '\n');
	struct strbuf rest = {0};

	if (!end)
		return false;
	strbuf_reset(ret);
	strbuf_append(ret, text, (size_t)(end - text));
	strbuf_puts(&rest, end + 1);
	strbuf_free(&kills->text);
	kills->text = rest;
	return true;
}

static void add_later(struct scene_truth *t, uint64_t pid)
{
	if (t->n_later < ARRAY_SIZE(t->later))
		t->later[t->n_later++] = (pid_t)pid;
}

static void take_kill(struct scene_truth *t, struct kill *k)
{
	if (!t->first) {
		t->first = k;
		return;
	}
	add_later(t, k->victim.pid);
	for (size_t i = 0; i < k->n_members; i++)
		add_later(t, k->members[i].process.pid);
	kill_free(k);
}

int scene_kills_take(struct scene_kills *kills, const struct scene_prediction *p,
		     struct scene_truth *t)
{
	_cleanup_strbuf_ struct strbuf line = {0}, why = {0};
	char bytes[65536];
	ssize_t n;

	while ((n = read(kills->fd, bytes, sizeof(bytes))) > 0)
		strbuf_append(&kills->text, bytes, (size_t)n);
	while (take_line(kills, &line)) {
		struct kill *k;
		int result = kill_json_read(strbuf_text(&line), line.length, &k, &why);

		if (result < 0)
			return result;
		if (scene_prediction_find(p, (pid_t)k->victim.pid) &&
		    (pid_t)k->victim.pid != p->before)
			take_kill(t, k);
		else
			kill_free(k);
	}
	return 0;
}

void scene_truth_clear(struct scene_truth *t)
{
	kill_free(t->first);
	*t = (struct scene_truth){0};
}

bool scene_is_dead(pid_t pid)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *at;
	char path[64];
	char state;
	int threads;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file_read(path, 4096, &text) < 0)
		return true;
	at = strrchr(strbuf_text(&text), ')');
	/* The first thread may have exited long before the others: then there are two. */
	if (!at || sscanf(at,
			  ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
			  "%*d %d",
			  &state, &threads) != 2)
		return true;
	return (state == 'Z' || state == 'X') && threads <= 1;
}

static void nap(void)
{
	nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static bool is_later(struct scene_kills *kills, const struct scene_prediction *p,
		     struct scene_truth *t, pid_t pid)
{
	for (int try = 0; try < 10000; try++, nap()) {
		if (scene_kills_take(kills, p, t) < 0)
			return false;
		for (size_t i = 0; i < t->n_later; i++)
			if (t->later[i] == pid)
				return true;
	}
	return false;
}

static void note(struct strbuf *why, pid_t pid, const char *what)
{
	strbuf_printf(why, "%s%d %s", *strbuf_text(why) ? ", " : "", pid, what);
}

static bool is_excused(const struct scene_prediction *p, const struct scene_candidate *c,
		       pid_t excused)
{
	const struct scene_candidate *other = scene_prediction_find(p, excused);

	/* A thread of the kernel's ends with the process for which it worked. */
	return c->is_exiting || c->reason == RANKING_KERNEL_THREAD ||
	       (other && (c == other || (c->mm && c->mm == other->mm)));
}

void scene_compare_dead(const struct scene_prediction *p, struct scene_kills *kills,
			struct scene_truth *t, pid_t excused, struct strbuf *why)
{
	/* One whose exit is held up stays, killed or not. */
	for (size_t i = 0; i < p->n; i++) {
		const struct scene_candidate *c = &p->candidates[i];

		if (!c->dies || c->is_exiting)
			continue;
		for (int try = 0; try < 10000 && !scene_is_dead(c->pid); try++)
			nap();
		if (!scene_is_dead(c->pid))
			note(why, c->pid, "lives");
	}
	for (size_t i = 0; i < p->n; i++) {
		const struct scene_candidate *c = &p->candidates[i];

		if (!c->dies && !is_excused(p, c, excused) && scene_is_dead(c->pid) &&
		    !is_later(kills, p, t, c->pid))
			note(why, c->pid, "is dead, too");
	}
}
