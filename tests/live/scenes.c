/*
 * Does lib/rank choose as the kernel does? Random scenes: processes of all kinds in memory cgroups,
 * a prediction, then memory runs out, and what the kernel did is compared: whom it chose, by how
 * many points, and who died with it. The prediction is made twice, from the kernel's own numbers
 * and from /proc.
 *
 *   scenes -d CGROUP -p PROGRAM -k KILLS [-f FILE] [-s SEED] [-n COUNT] [-o NUMBER] [-l ADJ] [-y]
 * [-N]
 *
 * CGROUP: below it they are made. PROGRAM: tests/workloads/scene. KILLS: where "oomkill -j" writes
 * to. FILE: for processes to map. NUMBER: of one scene, to see it again. ADJ: the least
 * oom_score_adj that may be set. -y: the whole machine may run out, too (sysrq), so only in a
 * guest. -N: node 1 of NUMA may run out, too, likewise.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include "base/macro.h"
#include "base/parse.h"
#include "scene_look.h"
#include "scene_truth.h"

static struct {
	const char *parent, *program, *kills;
	uint64_t seed, count, only;
	struct scene_world world;
} options = {.count = 25, .only = UINT64_MAX, .world = {.nodes = 1}};

/* What came of it. */
struct tally {
	unsigned int scenes, failed; /* failed: there was no scene to predict */
	unsigned int still, still_hits, growing, growing_hits;
	unsigned int unexplained; /* misses that what grew does not explain */
	unsigned int proc_hits, ties, waits;
	unsigned int voids;	     /* in which nothing could be seen */
	size_t scores, wrong_scores; /* of --verify's check */
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void nap(void)
{
	nanosleep(&(struct timespec){0, 2000000}, NULL);
}

/* The same twice, so that nothing moves any more. */
static int look_until_still(const struct scene_stage *stage, struct machine **ret,
			    struct strbuf *why)
{
	_cleanup_machine_ struct machine *before = NULL;
	int result = scene_look(&before, why);

	for (int i = 0; result == 0 && i < 500; i++) {
		_cleanup_machine_ struct machine *after = NULL;

		nap();
		result = scene_look(&after, why);
		if (result < 0)
			return result;
		if (scene_stands_still(stage, before, after)) {
			*ret = STEAL(after);
			return 0;
		}
		SWAP(before, after);
	}
	if (result == 0)
		strbuf_puts(why, "the processes do not come to rest");
	return result < 0 ? result : -ETIMEDOUT;
}

/* Has nobody been killed, and will nobody be? */
static bool is_over(struct scene_stage *stage, const struct scene_prediction *p, uint64_t since_ms,
		    bool *failed)
{
	uint64_t waited = now_ms() - since_ms;
	/* Only a write is told that there is no memory: others come back, or try for ever. */
	bool is_told = p->victim || stage->plan->trigger == SCENE_WRITES;

	*failed |= scene_stage_failed(stage);
	if (!*failed && waited < (is_told ? 60000 : 3000))
		return false;
	return scene_stage_kills(stage) == 0 || waited > 60000;
}

static int wait_for_kill(struct scene_stage *stage, struct scene_kills *kills,
			 const struct scene_prediction *p, struct scene_truth *ret)
{
	uint64_t since = now_ms();
	bool failed = false, is_calm = false;
	int result;

	do {
		if (!is_calm && scene_stage_dead()) {
			scene_stage_calm(stage);
			is_calm = true;
		}
		nap();
		result = scene_kills_take(kills, p, ret);
	} while (result == 0 && !ret->first && !is_over(stage, p, since, &failed));
	scene_stage_calm(stage);
	return result;
}

/* How far apart the two were that could be mistaken for each other, in pages; UINT64_MAX: unknown.
 */
static uint64_t margin(const struct scene_prediction *p, const struct kill *k)
{
	const struct scene_candidate *c = k ? scene_prediction_find(p, (pid_t)k->victim.pid) : NULL;

	if (!c || !p->victim || c->points == INT64_MIN)
		return UINT64_MAX;
	return (uint64_t)llabs(p->points - c->points);
}

/*
 * What may move in one that grows until the moment at which it fails: a CPU charges 64 pages in
 * advance, and counts 32, or twice the number of CPUs, before it adds them up (mm/memcontrol.c,
 * lib/percpu_counter.c), for each of three counters.
 */
static uint64_t slack(void)
{
	uint64_t cpus = (uint64_t)sysconf(_SC_NPROCESSORS_CONF);

	return cpus * (64 + 3 * MAX((uint64_t)32, 2 * cpus));
}

static bool victim_is(const struct scene_prediction *p, const struct kill *k)
{
	return k ? p->victim == (pid_t)k->victim.pid : p->victim == 0;
}

/* What came of one scene. */
struct outcome {
	struct strbuf why, files_why; /* how it was not as predicted; empty: it was */
	bool is_explained;	      /* by what may move in one that grows */
};

static void tell_other_victim(const struct scene_prediction *p, const struct kill *k, uint64_t most,
			      struct strbuf *why)
{
	const struct scene_candidate *c = k ? scene_prediction_find(p, (pid_t)k->victim.pid) : NULL;

	strbuf_printf(why, "predicted PID %d with %" PRId64 " points", p->victim, p->points);
	if (k)
		strbuf_printf(why, ", killed was %" PRIu64 " with %" PRId64, k->victim.pid,
			      k->points);
	else
		strbuf_puts(why, ", nobody was killed");
	if (c && c->points == INT64_MIN)
		strbuf_printf(why, " (%s)", ranking_reason_text(c->reason));
	if (margin(p, k) != UINT64_MAX)
		strbuf_printf(why, "; they were %" PRIu64 " pages apart", margin(p, k));
	if (margin(p, k) == 0)
		strbuf_puts(why, ": a tie, so it is their order");
	else if (margin(p, k) <= most)
		strbuf_puts(why, ": less than what CPUs hold back");
}

static void tell_counter(const char *name, uint64_t before, uint64_t after, struct strbuf *why)
{
	if (after != KILL_UNKNOWN && before != after)
		strbuf_printf(why, ", %s %" PRIu64 "K then %" PRIu64 "K", name, before >> 10,
			      after >> 10);
}

/* Which numbers have moved between the prediction and the kill. */
static void tell_counters(const struct scene_prediction *p, const struct kill_process *v,
			  struct strbuf *why)
{
	const struct scene_candidate *c = scene_prediction_find(p, (pid_t)v->pid);

	if (!c)
		return;
	tell_counter("anon", c->anon_bytes, v->anon_bytes, why);
	tell_counter("file", c->file_bytes, v->file_bytes, why);
	tell_counter("shmem", c->shmem_bytes, v->shmem_bytes, why);
	tell_counter("swap", c->swap_bytes, v->swap_bytes, why);
	tell_counter("page tables", c->pgtables_bytes, v->pgtables_bytes, why);
}

/* Nothing in WHY: as predicted, with points that are at most so many off. */
static void compare(const struct scene_prediction *p, const struct kill *k, uint64_t most,
		    struct strbuf *why)
{
	if (!victim_is(p, k))
		tell_other_victim(p, k, most, why);
	else if (k && k->points != KILL_UNKNOWN_INT &&
		 (uint64_t)llabs(k->points - p->points) > most) {
		strbuf_printf(why, "predicted %" PRId64 " points, it had %" PRId64, p->points,
			      k->points);
		tell_counters(p, &k->victim, why);
	}
}

static void tell(const struct scene_stage *stage, unsigned int number,
		 const struct scene_prediction *p, const struct strbuf *why)
{
	const struct scene_plan *plan = stage->plan;

	printf("scene %u: %s: %s, %u cgroups, %u processes: %d of %zu, %" PRId64 " points%s%s%s\n",
	       number, *strbuf_text(why) ? "MISS" : "hit", scene_trigger_name(plan->trigger),
	       plan->n_groups, plan->n_actors, p->victim, p->n, p->points,
	       p->is_tied ? ", tied" : "", *strbuf_text(why) ? ": " : "", strbuf_text(why));
	fflush(stdout);
}

/* WRONG: how it was not as predicted; empty: it was, if there was anything to see. */
static void tell_waiting(const struct scene_stage *stage, unsigned int number, bool ran_out,
			 const struct strbuf *wrong, struct tally *tally)
{
	const bool miss = *strbuf_text(wrong), hit = !miss && ran_out;
	const char *verdict = miss ? "MISS" : "void";

	printf("scene %u: %s: %s, %u cgroups, %u processes: all wait for an earlier victim%s%s%s\n",
	       number, hit ? "hit" : verdict, scene_trigger_name(stage->plan->trigger),
	       stage->plan->n_groups, stage->plan->n_actors, miss ? ": " : "", strbuf_text(wrong),
	       hit || miss ? "" : ", which was reaped before memory ran out");
	fflush(stdout);
	tally->waits += hit || miss;
	tally->still += hit || miss;
	tally->still_hits += hit;
	tally->unexplained += miss;
	tally->proc_hits += hit;
	tally->voids += !hit && !miss;
}

static bool is_wrong_in(const struct machine *m, const struct machine_mismatch *list, size_t n,
			uint32_t pid, const struct machine_mismatch *w)
{
	for (size_t i = 0; i < n; i++)
		if (m->processes[list[i].process].task.pid == pid && list[i].score == w->score &&
		    list[i].reckoned == w->reckoned)
			return true;
	return false;
}

/*
 * Every process's oom_score against what our arithmetic makes of it. On a machine that is in use
 * some change between one file and the next: what is wrong is so twice.
 */
static int verify(const struct machine *m, unsigned int number, struct tally *tally,
		  struct strbuf *why)
{
	_cleanup_free_ struct machine_mismatch *wrong = NULL, *again = NULL;
	_cleanup_machine_ struct machine *later = NULL;
	size_t n = 0, n_again = 0, compared = 0;
	int result = machine_verify(m, &wrong, &n, &compared);

	tally->scores += compared;
	if (result == 0 && n)
		result = scene_look(&later, why);
	if (result == 0 && n)
		result = machine_verify(later, &again, &n_again, &compared);
	for (size_t i = 0; result == 0 && i < n; i++) {
		uint32_t pid = m->processes[wrong[i].process].task.pid;

		if (!is_wrong_in(later, again, n_again, pid, &wrong[i]))
			continue;
		printf("scene %u: PID %u has the score %d, reckoned %d\n", number, pid,
		       wrong[i].score, wrong[i].reckoned);
		tally->wrong_scores++;
	}
	return result;
}

static void count(struct tally *tally, const struct scene_stage *stage, const struct outcome *o,
		  bool tied)
{
	bool grows = stage->plan->trigger == SCENE_GROWS, hit = !*strbuf_text(&o->why);

	*(grows ? &tally->growing : &tally->still) += 1;
	*(grows ? &tally->growing_hits : &tally->still_hits) += hit;
	tally->unexplained += !hit && !o->is_explained;
	tally->proc_hits += !*strbuf_text(&o->files_why);
	tally->ties += tied;
}

/* Why the other one could not be chosen, where /proc does not tell that. */
static void explain_files(const struct scene_prediction *exact,
			  const struct scene_prediction *files, struct strbuf *why)
{
	const struct scene_candidate *c = scene_prediction_find(exact, files->victim);

	if (c && c->points == INT64_MIN)
		strbuf_printf(why, " (the one of /proc is not to be chosen: %s)",
			      ranking_reason_text(c->reason));
}

/* What /proc says, at a time when it is the same. */
static int look_at_files(const struct scene_stage *stage, struct scene_prediction *ret,
			 struct strbuf *why)
{
	_cleanup_machine_ struct machine *m = NULL;
	int result = machine_from_proc("", &m, why);

	return result < 0 ? result : scene_predict(stage, m, ret);
}

/* Provoke it and compare. /proc adds up what CPUs hold back, the OOM killer may not. */
static int compare_all(struct scene_stage *stage, struct scene_kills *kills,
		       const struct scene_prediction *exact, const struct scene_prediction *files,
		       struct outcome *ret)
{
	struct scene_truth truth = {0};
	const struct scene_plan *plan = stage->plan;
	bool grows = plan->trigger == SCENE_GROWS;
	int result = scene_stage_provoke(stage);

	if (result == 0)
		result = wait_for_kill(stage, kills, exact, &truth);
	compare(exact, truth.first, grows ? slack() : 0, &ret->why);
	compare(files, truth.first, slack(), &ret->files_why);
	ret->is_explained = grows && margin(exact, truth.first) <= slack();
	if (result == 0 && truth.first && !*strbuf_text(&ret->why))
		scene_compare_dead(exact, kills, &truth,
				   scene_trigger_is_process(plan->trigger) ? stage->actors[0].pid
									   : 0,
				   &ret->why);
	scene_truth_clear(&truth);
	return result;
}

/* What is going to happen, by the kernel's own numbers and by /proc. */
static int predict(struct scene_stage *stage, unsigned int number, struct tally *tally,
		   struct scene_prediction *exact, struct scene_prediction *files,
		   struct strbuf *why)
{
	_cleanup_machine_ struct machine *m = NULL;
	/* That of before is not to be gone. */
	bool hurries = stage->plan->waits && stage->plan->trigger == SCENE_SYSRQ;
	int result = hurries ? scene_look(&m, why) : look_until_still(stage, &m, why);

	if (result == 0 && scene_stage_kills(stage)) {
		strbuf_puts(why, "memory ran out too early");
		return -EAGAIN;
	}
	if (result == 0 && !hurries)
		result = verify(m, number, tally, why);
	if (result == 0)
		result = scene_predict(stage, m, exact);
	return result == 0 ? look_at_files(stage, files, why) : result;
}

/* Who would die, by the kernel's own numbers of now. */
static int predict_now(const struct scene_stage *stage, struct scene_prediction *ret,
		       struct strbuf *why)
{
	_cleanup_machine_ struct machine *m = NULL;
	int result = scene_look(&m, why);

	return result < 0 ? result : scene_predict(stage, m, ret);
}

/*
 * Memory runs out while an earlier victim is not gone: nobody is killed until its memory has been
 * reaped. Where that is done already it is a scene like others: 0; 1: it has been played.
 */
static int play_waiting(struct scene_stage *stage, unsigned int number, struct tally *tally,
			struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf wrong = {0};
	struct scene_prediction p = {0};
	uint64_t kills = 0;
	bool ran_out = false;
	int result = predict_now(stage, &p, why);

	if (result < 0 || !scene_is_dying(&p)) {
		scene_prediction_clear(&p);
		return result;
	}
	result = scene_stage_provoke(stage);
	/* What has been killed before a look that still shows the victim was killed too early. */
	while (result == 0 && scene_is_dying(&p) && !kills) {
		if (p.outcome != RANKING_WAITS)
			strbuf_puts(&wrong, "it is not predicted that all wait");
		scene_prediction_clear(&p);
		ran_out |= scene_stage_ran_out(stage);
		kills = scene_stage_kills(stage);
		result = predict_now(stage, &p, why);
	}
	if (result == 0 && scene_is_dying(&p) && kills)
		strbuf_puts(&wrong, "somebody is killed, and the earlier victim is not gone");
	if (result == 0)
		tell_waiting(stage, number, ran_out, &wrong, tally);
	scene_stage_calm(stage);
	scene_prediction_clear(&p);
	return result < 0 ? result : 1;
}

/* Was the victim of before, of which sysrq was to be asked at once, reaped in the meantime? */
static bool was_late(const struct scene_stage *stage, struct strbuf *why)
{
	struct scene_prediction now = {0};
	bool late =
		stage->plan->waits && predict_now(stage, &now, why) == 0 && !scene_is_dying(&now);

	scene_prediction_clear(&now);
	return late;
}

static int play(struct scene_stage *stage, unsigned int number, struct scene_kills *kills,
		struct tally *tally, struct strbuf *why)
{
	struct scene_prediction exact = {0}, files = {0};
	struct outcome o = {0};
	bool waits = stage->plan->waits && stage->plan->trigger == SCENE_WRITES;
	int result = waits ? play_waiting(stage, number, tally, why) : 0;

	if (result != 0)
		return result;
	result = predict(stage, number, tally, &exact, &files, why);
	if (result == 0)
		result = compare_all(stage, kills, &exact, &files, &o);
	if (result == 0) {
		o.is_explained |= *strbuf_text(&o.why) && was_late(stage, why);
		tell(stage, number, &exact, &o.why);
		if (*strbuf_text(&o.files_why) && !*strbuf_text(&o.why)) {
			explain_files(&exact, &files, &o.files_why);
			printf("scene %u: from /proc: %s\n", number, strbuf_text(&o.files_why));
		}
		count(tally, stage, &o, exact.is_tied);
	}
	strbuf_free(&o.why);
	strbuf_free(&o.files_why);
	scene_prediction_clear(&exact);
	scene_prediction_clear(&files);
	return result;
}

static void run(unsigned int number, struct scene_kills *kills, struct tally *tally)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct scene_plan plan;
	struct scene_stage stage = {
		.world = &options.world, .plan = &plan, .program = options.program};
	int result;

	scene_plan_make(&options.world, options.seed, number, &plan);
	tally->scenes++;
	result = scene_stage_start(&stage, options.parent);
	if (result == 0)
		result = scene_stage_limit(&stage);
	if (result == 0)
		result = play(&stage, number, kills, tally, &why);
	if (result < 0) {
		tally->failed++;
		printf("scene %u: failed: %s%s (%s)\n", number, strbuf_text(&stage.why),
		       strbuf_text(&why), strerror(-result));
	}
	scene_stage_end(&stage);
}

static int read_options(int argc, char *argv[])
{
	int c;

	while ((c = getopt(argc, argv, "d:p:k:f:s:n:o:l:yN")) != -1) {
		int result = 0;

		switch (c) {
		case 'd':
			options.parent = optarg;
			break;
		case 'p':
			options.program = optarg;
			break;
		case 'k':
			options.kills = optarg;
			break;
		case 'f':
			options.world.file = optarg;
			break;
		case 's':
			result = parse_number(optarg, 0, UINT64_MAX, &options.seed);
			break;
		case 'n':
			result = parse_number(optarg, 1, 100000, &options.count);
			break;
		case 'o':
			result = parse_number(optarg, 0, 100000, &options.only);
			break;
		case 'l':
			options.world.least_adj = atoi(optarg);
			break;
		case 'y':
			options.world.may_sysrq = true;
			break;
		case 'N':
			options.world.nodes = 2;
			break;
		default:
			result = -EINVAL;
		}
		if (result < 0)
			return result;
	}
	return options.parent && options.program && options.kills ? 0 : -EINVAL;
}

/* Many processes of a scene lock some megabytes each. */
static bool may_lock(void)
{
	const size_t bytes = (size_t)16 << 20;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool locks = p != MAP_FAILED && mlock(p, bytes) == 0;

	if (p != MAP_FAILED)
		munmap(p, bytes);
	return locks;
}

static void look_around(void)
{
	struct meminfo memory = {0};

	meminfo_read("", &memory);
	options.world.has_swap = memory.swap_total_bytes > 0;
	options.world.page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	options.world.cgroup_version = strstr(options.parent, "/sys/fs/cgroup/memory") ? 1 : 2;
	options.world.may_lock = may_lock();
	/* What processes of a scene leave behind is for us to reap. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

int main(int argc, char *argv[])
{
	_cleanup_strbuf_ struct strbuf why = {0};
	struct scene_kills kills;
	struct tally t = {0};

	if (read_options(argc, argv) < 0 || scene_kills_open(&kills, options.kills) < 0)
		return 2;
	look_around();
	if (scene_look_start(&why) < 0) {
		printf("%s\n", strbuf_text(&why));
		return 1;
	}
	scene_stage_warm(&options.world, options.program);
	if (options.only != UINT64_MAX)
		run((unsigned int)options.only, &kills, &t);
	else
		for (unsigned int i = 0; i < options.count; i++)
			run(i, &kills, &t);
	printf("%zu oom_scores of processes checked, %zu are not as reckoned\n", t.scores,
	       t.wrong_scores);
	printf("%u scenes of seed %" PRIu64
	       ": standing still %u of %u predicted, growing %u of %u; "
	       "%u not explained; from /proc %u of %u; %u tied, %u waiting, %u void, %u failed\n",
	       t.scenes, options.seed, t.still_hits, t.still, t.growing_hits, t.growing,
	       t.unexplained, t.proc_hits, t.still + t.growing, t.ties, t.waits, t.voids, t.failed);
	scene_look_end();
	scene_kills_close(&kills);
	return t.unexplained || t.wrong_scores || t.failed ? 1 : 0;
}
