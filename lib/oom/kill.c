#include "oom/kill.h"

#include <string.h>

#include "base/array.h"
#include "base/macro.h"
#include "oom/kill_stacks.h"

static void field_forget(enum kill_type type, void *at)
{
	switch (type) {
	case KILL_TEXT:
		*(char **)at = NULL;
		break;
	case KILL_UINT:
	case KILL_TIME:
		*(uint64_t *)at = KILL_UNKNOWN;
		break;
	case KILL_INT:
		*(int64_t *)at = KILL_UNKNOWN_INT;
		break;
	case KILL_SHARE:
		*(double *)at = KILL_UNKNOWN_SHARE;
		break;
	case KILL_BOOL:
		*(bool *)at = false;
		break;
	}
}

static void field_free(enum kill_type type, void *at)
{
	if (type != KILL_TEXT)
		return;
	free(*(char **)at);
	*(char **)at = NULL;
}

static void each_field(const struct kill_table *tables, size_t n, void *base,
		       void (*visit)(enum kill_type type, void *at))
{
	for (size_t i = 0; i < n; i++)
		for (size_t f = 0; f < tables[i].count; f++)
			visit(tables[i].fields[f].type,
			      (char *)base + tables[i].offset + tables[i].fields[f].offset);
}

struct kill *kill_new(void)
{
	struct kill *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	/* The trigger is a whole process, of which fewer facts are told. */
	each_field(kill_process_tables, kill_process_tables_count, &k->trigger, field_forget);
	each_field(kill_tables, kill_tables_count, k, field_forget);
	return k;
}

struct kill_member *kill_add_member(struct kill *k)
{
	struct kill_member *m;

	if (array_reserve(&k->members, &k->members_capacity, k->n_members, 1, sizeof(*m)) < 0)
		return NULL;
	m = &k->members[k->n_members++];
	memset(m, 0, sizeof(*m));
	each_field(kill_member_tables, kill_member_tables_count, m, field_forget);
	return m;
}

void kill_free(struct kill *k)
{
	if (!k)
		return;
	each_field(kill_tables, kill_tables_count, k, field_free);
	each_field(kill_process_tables, kill_process_tables_count, &k->trigger, field_free);
	for (size_t i = 0; i < k->n_members; i++) {
		each_field(kill_member_tables, kill_member_tables_count, &k->members[i],
			   field_free);
		named_values_clear(&k->members[i].extras);
	}
	free(k->members);
	kill_stack_clear(&k->victim_stack);
	kill_stack_clear(&k->trigger_user_stack);
	kill_stack_clear(&k->trigger_kernel_stack);
	named_values_clear(&k->extras);
	free(k);
}

void kill_freep(struct kill **k)
{
	kill_free(*k);
}

const struct kill_field *kill_find_field(const char *key, size_t *ret)
{
	for (size_t i = 0; i < kill_tables_count; i++) {
		const struct kill_table *t = &kill_tables[i];
		size_t n = strlen(t->prefix);

		for (size_t f = 0; f < t->count && !strncmp(key, t->prefix, n); f++) {
			if (strcmp(key + n, t->fields[f].key))
				continue;
			*ret = t->offset + t->fields[f].offset;
			return &t->fields[f];
		}
	}
	return NULL;
}

bool kill_is_known(enum kill_type type, const void *at)
{
	switch (type) {
	case KILL_TEXT:
		return *(char *const *)at != NULL;
	case KILL_UINT:
	case KILL_TIME:
		return *(const uint64_t *)at != KILL_UNKNOWN;
	case KILL_INT:
		return *(const int64_t *)at != KILL_UNKNOWN_INT;
	case KILL_SHARE:
		return !isnan(*(const double *)at);
	case KILL_BOOL:
		return true;
	}
	return false;
}
