#include "rank/rank_columns.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/macro.h"
#include "rank/rank_json.h"

static const struct column_about own[] = {
	{"rank", NULL, "", "1 is the one that is killed"},
	{"verdict", NULL, "", "kill, with, next, rank or skip"},
	{"reason", NULL, "", "why it is passed by, or dies with the victim"},
	{"reason_memcg_path", NULL, "", "the cgroup whose memory.oom.group is set"},
	{"pid", NULL, "", "its number"},
	{"comm", NULL, "", "its name"},
	{"points", NULL, "pages", "badness, with the adjustment"},
	{"adj_pages", NULL, "pages", "what oom_score_adj adds to them"},
	{"oom_score_adj", NULL, "", "as in /proc/PID"},
	{"oom_score", NULL, "", "as in /proc/PID, of the whole machine"},
	{"uid", NULL, "", "whose process it is"},
	{"parent_pid", NULL, "", "who started it"},
	{"threads", NULL, "", "how many it has"},
	{"age_ns", NULL, "ns", "since it was started"},
	{"rss_bytes", NULL, "bytes", "resident: the sum of the next three"},
	{"anon_bytes", NULL, "bytes", "memory of its own"},
	{"file_bytes", NULL, "bytes", "pages of files"},
	{"shmem_bytes", NULL, "bytes", "shared memory"},
	{"swap_bytes", NULL, "bytes", "what is swapped out"},
	{"pgtables_bytes", NULL, "bytes", "page tables"},
	{"frees_bytes", NULL, "bytes", "what its death would give back"},
	{"command_line", NULL, "", "as in /proc/PID"},
	{"memcg_path", NULL, "", "its memory cgroup"},
	{"container_id", NULL, "", "its container's"},
	{"container_runtime", NULL, "", "docker, containerd, crio, podman"},
	{"container_name", NULL, "", "its container's"},
	{"outer_container_id", NULL, "", "of the container that its container is in"},
	{"pod_uid", NULL, "", "its Kubernetes pod's"},
	{"pod_name", NULL, "", "its Kubernetes pod's"},
	{"pod_namespace", NULL, "", "its Kubernetes pod's"},
	{"pod_qos", NULL, "", "its Kubernetes pod's class"},
	{"unit", NULL, "", "its systemd unit"},
};

size_t rank_columns(const char *const *more, struct column_about ret[COLUMN_CHOICE_MOST])
{
	size_t n = ARRAY_SIZE(own);

	memcpy(ret, own, sizeof(own));
	/* The last bit says that there are none. */
	for (size_t i = 0; more && more[i] && n < COLUMN_CHOICE_MOST - 1; i++)
		ret[n++] = (struct column_about){more[i], NULL, "", "of the probe"};
	return n;
}

uint64_t rank_columns_shown(uint64_t chosen, const char *const *more)
{
	struct column_about abouts[COLUMN_CHOICE_MOST];
	size_t n = rank_columns(more, abouts);

	return chosen ? chosen & ~RANK_COLUMNS_NONE
		      : (UINT64_C(1) << n) - (UINT64_C(1) << ARRAY_SIZE(own));
}

uint64_t rank_columns_as(uint64_t chosen, const char *const *more, const char *const *now)
{
	struct column_about before[COLUMN_CHOICE_MOST], after[COLUMN_CHOICE_MOST];
	size_t n = rank_columns(more, before), m = rank_columns(now, after);
	uint64_t as = chosen & RANK_COLUMNS_NONE;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < m; j++)
			if (chosen & UINT64_C(1) << i && !strcmp(before[i].name, after[j].name))
				as |= UINT64_C(1) << j;
	return as;
}

/* "n/a": it is not known, or this process has no such member. */
static int add(struct named_values *values, const char *name, struct json_object *object)
{
	struct named_value *v = named_values_add(values, name);
	struct json_object *value = NULL;

	if (!v)
		return -ENOMEM;
	(void)json_object_object_get_ex(object, name, &value);
	v->kind = NAMED_TEXT;
	v->text = strdup(value ? json_object_get_string(value) : "n/a");
	return v->text ? 0 : -ENOMEM;
}

int rank_columns_values(const struct rank_report *p, size_t row, struct named_values *ret)
{
	uint64_t shown = rank_columns_shown(p->columns, p->more);
	struct column_about abouts[COLUMN_CHOICE_MOST];
	size_t n = rank_columns(p->more, abouts);
	_cleanup_strbuf_ struct strbuf line = {0};
	struct json_object *object;
	int r = shown ? rank_json_row(p, row, NULL, &line) : 0;

	if (r < 0 || !shown)
		return r;
	object = json_tokener_parse(strbuf_text(&line));
	r = object ? 0 : -ENOMEM;
	for (size_t i = 0; i < n && r == 0; i++)
		if (shown & UINT64_C(1) << i)
			r = add(ret, abouts[i].name, object);
	json_object_put(object);
	return r;
}
