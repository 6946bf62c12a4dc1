#include "base/named_value.h"

#include <inttypes.h>
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

struct named_value *named_values_copy(struct named_values *values, const struct named_value *v)
{
	char *text = v->text ? strdup(v->text) : NULL;
	struct named_value *new = v->text && !text ? NULL : named_values_add(values, v->name);

	if (!new) {
		free(text);
		return NULL;
	}
	new->kind = v->kind;
	new->number = v->number;
	new->text = text;
	return new;
}

void named_value_text(const struct named_value *v, struct strbuf *out)
{
	switch (v->kind) {
	case NAMED_UINT:
		strbuf_printf(out, "%" PRIu64, v->number);
		break;
	case NAMED_INT:
		strbuf_printf(out, "%" PRId64, (int64_t)v->number);
		break;
	case NAMED_BOOL:
		strbuf_puts(out, v->number ? "true" : "false");
		break;
	case NAMED_TEXT:
		strbuf_puts(out, v->text ? v->text : "");
		break;
	}
}
