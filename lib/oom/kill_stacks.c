#include "oom/kill_stacks.h"

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "base/macro.h"

const struct kill_stack_key kill_stacks[] = {
	{"victim_stack", offsetof(struct kill, victim_stack)},
	{"trigger_user_stack", offsetof(struct kill, trigger_user_stack)},
	{"trigger_kernel_stack", offsetof(struct kill, trigger_kernel_stack)},
};
const size_t kill_stacks_count = ARRAY_SIZE(kill_stacks);

int kill_stack_add(struct kill_stack *s, const char *frame, size_t n)
{
	char *copy;

	if (array_reserve(&s->frames, &s->capacity, s->count, 1, sizeof(*s->frames)) < 0)
		return -ENOMEM;
	copy = strndup(frame, n);
	if (!copy)
		return -ENOMEM;
	s->frames[s->count++] = copy;
	return 0;
}

void kill_stack_clear(struct kill_stack *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->frames[i]);
	free(s->frames);
	free(s->error);
	*s = (struct kill_stack){0};
}
