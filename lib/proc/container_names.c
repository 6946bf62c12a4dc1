#include "proc/container_names.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json_member.h"

#define LARGEST_FILE (4 << 20)	   /* of a container some 10 KiB, of podman some 1 KiB each */
#define MOST_POD_DIRECTORIES 10000 /* a node runs 110 pods unless told otherwise */

_Static_assert(LARGEST_FILE <= INT_MAX, "json-c takes an int");

static void put_json(struct json_object **o)
{
	json_object_put(*o);
}

/* The JSON in a regular file; NULL: there is none that can be read. */
static struct json_object *read_json(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	_cleanup_strbuf_ struct strbuf text = {0};
	struct json_tokener *tokener;
	struct json_object *o;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    file_read_fd(fd, LARGEST_FILE, &text) < 0)
		return NULL;
	tokener = json_tokener_new();
	if (!tokener)
		return NULL;
	o = json_tokener_parse_ex(tokener, strbuf_text(&text), (int)text.length);
	if (json_tokener_get_error(tokener) != json_tokener_success) {
		json_object_put(o);
		o = NULL;
	}
	json_tokener_free(tokener);
	return o;
}

static void take(struct strbuf *to, struct json_object *string)
{
	if (!to->length && string)
		strbuf_append(to, json_object_get_string(string),
			      (size_t)json_object_get_string_len(string));
}

/* Annotations of an OCI bundle, and labels of docker: who made the container has left notes. */
static void take_notes(struct container_names *n, struct json_object *notes)
{
	const struct {
		const char *key;
		struct strbuf *to;
	} keys[] = {
		/* containerd: internal/cri/annotations/annotations.go */
		{"io.kubernetes.cri.container-name", &n->name},
		{"io.kubernetes.cri.sandbox-name", &n->pod_name},
		{"io.kubernetes.cri.sandbox-namespace", &n->pod_namespace},
		{"io.kubernetes.cri.sandbox-uid", &n->pod_uid},
		/* kubelet's labels, which docker keeps and cri-o copies */
		{"io.kubernetes.container.name", &n->name},
		{"io.kubernetes.pod.name", &n->pod_name},
		{"io.kubernetes.pod.namespace", &n->pod_namespace},
		{"io.kubernetes.pod.uid", &n->pod_uid},
		{"nerdctl/name", &n->name},
	};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		take(keys[i].to, json_member(notes, keys[i].key, json_type_string));
}

static void take_bundle(struct container_names *n, struct json_object *top, const char *id)
{
	(void)id;
	take_notes(n, json_member(top, "annotations", json_type_object));
}

static void take_docker(struct container_names *n, struct json_object *top, const char *id)
{
	struct json_object *config = json_member(top, "Config", json_type_object);
	struct json_object *name = json_member(top, "Name", json_type_string);

	(void)id;
	take_notes(n, json_member(config, "Labels", json_type_object));
	if (n->name.length || !name)
		return;
	take(&n->name, name);
	/* "/shop": a name was once a path. */
	if (n->name.length > 1 && *n->name.data == '/') {
		memmove(n->name.data, n->name.data + 1, n->name.length);
		n->name.length--;
	}
}

/* A list of all containers: [{"id": ..., "names": [...]}]. */
static void take_storage(struct container_names *n, struct json_object *top, const char *id)
{
	size_t count =
		json_object_is_type(top, json_type_array) ? json_object_array_length(top) : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *entry = json_object_array_get_idx(top, i), *names, *name;
		struct json_object *its_id = json_member(entry, "id", json_type_string);

		if (!its_id || strcmp(json_object_get_string(its_id), id) != 0)
			continue;
		names = json_member(entry, "names", json_type_array);
		name = names ? json_object_array_get_idx(names, 0) : NULL;
		if (json_object_is_type(name, json_type_string))
			take(&n->name, name);
	}
}

/* Where runtimes keep them, unless told otherwise. With an id in the path, the file is about it. */
static const struct {
	const char *runtime, *before_id, *after_id;
	void (*take)(struct container_names *n, struct json_object *top, const char *id);
} sources[] = {
	{"docker", "/var/lib/docker/containers/", "/config.v2.json", take_docker},
	{"containerd", "/run/containerd/io.containerd.runtime.v2.task/k8s.io/", "/config.json",
	 take_bundle},
	{"containerd", "/run/k3s/containerd/io.containerd.runtime.v2.task/k8s.io/", "/config.json",
	 take_bundle},
	{"containerd", "/run/k0s/containerd/io.containerd.runtime.v2.task/k8s.io/", "/config.json",
	 take_bundle},
	{"containerd",
	 "/var/snap/microk8s/common/run/containerd/io.containerd.runtime.v2.task/k8s.io/",
	 "/config.json", take_bundle},
	{"containerd", "/run/containerd/io.containerd.runtime.v2.task/default/", "/config.json",
	 take_bundle},
	{"cri-o", "/run/containers/storage/overlay-containers/", "/userdata/config.json",
	 take_bundle},
	{"podman", "/var/lib/containers/storage/overlay-containers/containers.json", NULL,
	 take_storage},
	/* those of "podman run --rm" */
	{"podman", "/run/containers/storage/overlay-containers/volatile-containers.json", NULL,
	 take_storage},
};

/* Ids that runtimes make; a name, with any bytes in it, must not become part of a file's. */
static bool is_hex_id(const char *id)
{
	return strlen(id) == 64 && strspn(id, "0123456789abcdef") == 64;
}

static void look_in_source(const char *root, size_t i, const char *id, struct container_names *n)
{
	_cleanup_(put_json) struct json_object *top = NULL;
	_cleanup_strbuf_ struct strbuf path = {0};

	/* One that the path does not tell: the runtime is known by who has a file on this id. */
	if (n->runtime ? strcmp(n->runtime, sources[i].runtime) != 0 : !sources[i].after_id)
		return;
	strbuf_printf(&path, "%s%s", root, sources[i].before_id);
	if (sources[i].after_id)
		strbuf_printf(&path, "%s%s", id, sources[i].after_id);
	if (strbuf_error(&path) < 0)
		return;
	top = read_json(strbuf_text(&path));
	if (!top)
		return;
	n->runtime = sources[i].runtime;
	sources[i].take(n, top, id);
}

/* The kubelet keeps a pod's logs in /var/log/pods/NAMESPACE_NAME_UID; neither name has a '_'. */
static void look_for_logs(const char *root, struct container_names *n)
{
	_cleanup_strbuf_ struct strbuf path = {0};
	const char *uid = strbuf_text(&n->pod_uid);
	struct dirent *entry;
	DIR *d;

	strbuf_printf(&path, "%s/var/log/pods", root);
	d = strbuf_error(&path) < 0 ? NULL : opendir(strbuf_text(&path));
	for (int i = 0; d && i < MOST_POD_DIRECTORIES && (entry = readdir(d)); i++) {
		const char *name = strchr(entry->d_name, '_');
		const char *its_uid = name ? strchr(name + 1, '_') : NULL;

		if (!its_uid || strcmp(its_uid + 1, uid) != 0)
			continue;
		strbuf_append(&n->pod_namespace, entry->d_name, (size_t)(name - entry->d_name));
		strbuf_append(&n->pod_name, name + 1, (size_t)(its_uid - name - 1));
		break;
	}
	if (d)
		closedir(d);
}

int container_names_read(const char *root, const struct container *c, struct container_names *ret)
{
	struct container_names n = {.runtime = c->runtime};
	int r;

	strbuf_puts(&n.pod_uid, c->pod_uid);
	if (is_hex_id(c->id))
		for (size_t i = 0; i < ARRAY_SIZE(sources) && !n.name.length; i++)
			look_in_source(root, i, c->id, &n);
	else if (c->runtime)
		strbuf_puts(&n.name, c->id); /* lxc and machined know it by its name */
	if (n.pod_uid.length && !n.pod_name.length && !n.pod_namespace.length)
		look_for_logs(root, &n);
	r = strbuf_error(&n.name) < 0 || strbuf_error(&n.pod_name) < 0 ||
			    strbuf_error(&n.pod_namespace) < 0 || strbuf_error(&n.pod_uid) < 0
		    ? -ENOMEM
		    : 0;
	if (r < 0)
		container_names_clear(&n);
	else
		*ret = n;
	return r;
}

void container_names_clear(struct container_names *n)
{
	strbuf_free(&n->name);
	strbuf_free(&n->pod_name);
	strbuf_free(&n->pod_namespace);
	strbuf_free(&n->pod_uid);
}
