#include "base/named_value.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct named_value *named_values_add(struct named_values *values, const char *name)
{
	struct named_value *v;

	if (array_reserve(&values->list, &values->capacity, values->count, 1,
			  sizeof(*values->list)) < 0)
		return NULL;
	v = &values->list[values->count];
	*v = (struct named_value){.name = strdup(name)};
	if (!v->name)
		return NULL;
	values->count++;
	return v;
}

const struct named_value *named_values_find(const struct named_values *values, const char *name)
{
	for (size_t i = 0; i < values->count; i++)
		if (!strcmp(values->list[i].name, name))
			return &values->list[i];
	return NULL;
}

void named_values_clear(struct named_values *values)
{
	for (size_t i = 0; i < values->count; i++) {
		free(values->list[i].name);
		free(values->list[i].text);
	}
	free(values->list);
	*values = (struct named_values){0};
}
