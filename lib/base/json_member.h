/* A member of a JSON object that others have written. */
#pragma once

#include <json-c/json.h>

/* The member KEY if it is of that type, else NULL; O's. O may be NULL, or no object. */
struct json_object *json_member(struct json_object *o, const char *key, enum json_type type);
