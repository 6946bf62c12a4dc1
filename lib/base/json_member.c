#include "base/json_member.h"

struct json_object *json_member(struct json_object *o, const char *key, enum json_type type)
{
	struct json_object *found = NULL;

	if (!json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, key, &found) || !json_object_is_type(found, type))
		return NULL;
	return found;
}
