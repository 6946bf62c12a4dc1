#include "oom/container_report.h"

#include <stdio.h>
#include <string.h>

#include "base/macro.h"
#include "proc/container_names.h"

int container_report_json(const char *prefix, const char *path, struct json_writer *w)
{
	_cleanup_container_names_ struct container_names names = {0};
	struct container c;
	char key[64];
	int r;

	container_of_path(path, &c);
	r = container_names_read("", &c, &names);
	if (r < 0)
		return r;
	const struct {
		const char *key, *text;
		size_t length;
	} members[] = {
		{"container_id", c.id, strlen(c.id)},
		{"container_runtime", names.runtime, names.runtime ? strlen(names.runtime) : 0},
		{"container_name", names.name.data, names.name.length},
		{"outer_container_id", c.outer_id, strlen(c.outer_id)},
		{"pod_uid", names.pod_uid.data, names.pod_uid.length},
		{"pod_name", names.pod_name.data, names.pod_name.length},
		{"pod_namespace", names.pod_namespace.data, names.pod_namespace.length},
		{"pod_qos", c.pod_qos, c.pod_qos ? strlen(c.pod_qos) : 0},
		{"unit", c.unit, strlen(c.unit)},
	};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		snprintf(key, sizeof(key), "%s%s", prefix, members[i].key);
		if (members[i].length)
			json_writer_text(w, key, members[i].text, members[i].length);
		else
			json_writer_null(w, key);
	}
	return 0;
}
