#include "proc/container.h"

#include <stdbool.h>
#include <string.h>

#include "base/macro.h"

#define ID_LENGTH 64   /* SHA-256 sized, as docker, containerd's CRI, cri-o and podman make them */
#define UUID_LENGTH 36 /* with its dashes */
#define HASH_LENGTH 32 /* the UID of a static pod is a hash of its file, without dashes */

/* A component of the path, and the one above it ("" for the first). */
struct component {
	char name[CONTAINER_NAME_SIZE], parent[CONTAINER_NAME_SIZE];
	bool in_ecs; /* one above is "ecs" */
};

/* What runtimes put before the id: "docker-ID.scope" (systemd driver), "crio-ID" (cgroupfs). */
static const struct {
	const char *prefix, *runtime;
} prefixes[] = {
	{"docker", "docker"},	   {"cri-containerd", "containerd"},
	{"nerdctl", "containerd"}, {"crio", "cri-o"},
	{"libpod", "podman"},
};

static const char *after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(s, prefix, n) ? NULL : s + n;
}

/* How long S is without SUFFIX; 0: it has no such suffix, or is nothing else. */
static size_t before(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n > m && !strcmp(s + n - m, suffix) ? n - m : 0;
}

/* How many lower-case hexadecimal digits S begins with: runtimes write no others. */
static size_t hex(const char *s)
{
	return strspn(s, "0123456789abcdef");
}

static void copy(char *to, size_t size, const char *from, size_t n)
{
	n = MIN(n, size - 1);
	memcpy(to, from, n);
	to[n] = '\0';
}

static const char *runtime_of_prefix(const char *s, size_t n)
{
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strlen(prefixes[i].prefix) == n && !memcmp(prefixes[i].prefix, s, n))
			return prefixes[i].runtime;
	return NULL;
}

static void enter_container(struct container *c, const char *id, size_t n, const char *runtime)
{
	char name[CONTAINER_NAME_SIZE];

	copy(name, sizeof(name), id, n);
	/* A container that sees the whole hierarchy makes its own path anew below itself. */
	if (!strcmp(c->id, name))
		return;
	if (!*c->outer_id)
		memcpy(c->outer_id, c->id, sizeof(c->id));
	memcpy(c->id, name, sizeof(name));
	c->runtime = runtime;
}

/* "\x2d" stands for '-' in a unit's name (systemd.unit(5), "String escaping"); '-' for '/'. */
static void unescape(const char *s, size_t n, char ret[CONTAINER_NAME_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	size_t length = 0;

	for (size_t i = 0; i < n && length < CONTAINER_NAME_SIZE - 1; i++) {
		const char *high = NULL, *low = NULL;

		if (n - i >= 4 && s[i] == '\\' && s[i + 1] == 'x') {
			high = memchr(digits, s[i + 2], 16);
			low = memchr(digits, s[i + 3], 16);
		}
		/* An escaped NUL would end the name early. */
		if (high && low && (high > digits || low > digits)) {
			ret[length++] = (char)((high - digits) << 4 | (low - digits));
			i += 3;
		} else {
			ret[length++] = s[i];
		}
	}
	ret[length] = '\0';
}

/* A UID of a pod, all of s[0..n): with '-', or as in a slice's name with '_'. */
static bool is_pod_uid(const char *s, size_t n)
{
	if (n == HASH_LENGTH)
		return hex(s) >= n;
	if (n != UUID_LENGTH)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s[i] != '-' && s[i] != '_' : hex(s + i) == 0)
			return false;
	}
	return true;
}

static const char *qos_of(const char *s, size_t n)
{
	static const char *const classes[] = {"burstable", "besteffort"};

	for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
		size_t m = strlen(classes[i]);

		if (n >= m && !memcmp(s + n - m, classes[i], m))
			return classes[i];
	}
	return n >= 8 && !memcmp(s + n - 8, "kubepods", 8) ? "guaranteed" : NULL;
}

static void enter_pod(struct container *c, const char *uid, size_t n, const char *qos)
{
	copy(c->pod_uid, sizeof(c->pod_uid), uid, n);
	for (char *p = c->pod_uid; *p; p++)
		if (*p == '_')
			*p = '-';
	c->pod_qos = qos;
	/* A pod inside a container, as on a node that is one itself (kind). */
	if (*c->id && !*c->outer_id)
		memcpy(c->outer_id, c->id, sizeof(c->id));
	c->id[0] = '\0';
	c->runtime = NULL;
}

/* "podUID" below its class (cgroupfs driver); "kubepods-CLASS-podUID.slice" (systemd driver). */
static void look_for_pod(struct container *c, const struct component *at, const char *s, size_t n)
{
	static const char slice[] = ".slice";
	size_t tail = sizeof(slice) - 1;

	if (n > 3 && !strncmp(s, "pod", 3) && is_pod_uid(s + 3, n - 3)) {
		enter_pod(c, s + 3, n - 3, qos_of(at->parent, strlen(at->parent)));
		return;
	}
	if (n <= tail || memcmp(s + n - tail, slice, tail) != 0)
		return;
	n -= tail;
	for (size_t i = n; i-- > 0;)
		if (n - i > 5 && !memcmp(s + i, "-pod", 4) && is_pod_uid(s + i + 4, n - i - 4)) {
			enter_pod(c, s + i + 4, n - i - 4, qos_of(s, i));
			return;
		}
}

/* "[PREFIX-]ID[.scope]"; what has another word before the id (crio-conmon-ID) is no container. */
static bool look_for_id(struct container *c, const struct component *at)
{
	size_t n = before(at->name, ".scope");
	const char *id, *runtime = NULL;

	n = n ? n : strlen(at->name);
	if (n < ID_LENGTH)
		return false;
	id = at->name + n - ID_LENGTH;
	if (hex(id) < ID_LENGTH)
		return false;
	if (id > at->name) {
		if (id[-1] != '-')
			return false;
		runtime = runtime_of_prefix(at->name, (size_t)(id - 1 - at->name));
		if (!runtime)
			return false;
	} else if (!strcmp(at->parent, "docker") || at->in_ecs) {
		runtime = "docker";
	} else if (!strcmp(at->parent, "lxc")) {
		runtime = "lxc";
	}
	enter_container(c, id, ID_LENGTH, runtime);
	return true;
}

/*
 * "SLICE:PREFIX:ID" is the systemd driver's way to name a cgroup; a runtime set to the other driver
 * takes it for a directory's name.
 */
static bool look_for_triple(struct container *c, const struct component *at)
{
	const char *first = strchr(at->name, ':'), *second = first ? strchr(first + 1, ':') : NULL;
	const char *runtime;

	if (!second || hex(second + 1) != ID_LENGTH || second[1 + ID_LENGTH])
		return false;
	runtime = runtime_of_prefix(first + 1, (size_t)(second - first - 1));
	if (!runtime)
		return false;
	look_for_pod(c, at, at->name, (size_t)(first - at->name));
	enter_container(c, second + 1, ID_LENGTH, runtime);
	return true;
}

/* lxc: "lxc/NAME", since 4.0 "lxc.payload.NAME" or "lxc.payload/NAME". ECS: "TASK-NUMBER". */
static bool look_for_name(struct container *c, const struct component *at)
{
	const char *name = after(at->name, "lxc.payload.");

	if (!name && (!strcmp(at->parent, "lxc") || !strcmp(at->parent, "lxc.payload")))
		name = at->name;
	if (name && *name) {
		enter_container(c, name, strlen(name), "lxc");
		return true;
	}
	if (at->in_ecs && hex(at->name) == HASH_LENGTH && at->name[HASH_LENGTH] == '-') {
		name = at->name + HASH_LENGTH + 1;
		if (*name && strspn(name, "0123456789") == strlen(name)) {
			enter_container(c, at->name, strlen(at->name), NULL);
			return true;
		}
	}
	return false;
}

/* machined's "machine-NAME.scope", of systemd-nspawn and libvirt; "systemd-nspawn@NAME.service". */
static void look_for_machine(struct container *c, const struct component *at)
{
	const char *name = after(at->name, "machine-"), *runtime = "systemd-nspawn";
	char machine[CONTAINER_NAME_SIZE];
	size_t n = before(at->name, name ? ".scope" : ".service"), skip;

	if (!name)
		name = after(at->name, "systemd-nspawn@");
	skip = name ? (size_t)(name - at->name) : 0;
	if (!name || n <= skip)
		return;
	unescape(name, n - skip, machine);
	/* libvirt names its machines "qemu-1-web", with the number of the domain. */
	if ((name = after(machine, "qemu-")) || (name = after(machine, "lxc-")))
		if (strspn(name, "0123456789") && name[strspn(name, "0123456789")] == '-')
			runtime = "libvirt";
	enter_container(c, machine, strlen(machine), runtime);
}

static void look_for_unit(struct container *c, const char *name)
{
	/* The types of unit that have a cgroup (systemd.resource-control(5)). */
	static const char *const types[] = {".service", ".scope", ".slice",
					    ".socket",	".mount", ".swap"};

	/* Units inside a container are those of another systemd. */
	if (*c->id || *c->outer_id)
		return;
	/* A '_' keeps names apart from the kernel's own files ("_cpu.service"). */
	if (*name == '_')
		name++;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (before(name, types[i]))
			copy(c->unit, sizeof(c->unit), name, strlen(name));
}

static void look_at(struct container *c, const struct component *at)
{
	look_for_unit(c, at->name);
	if (look_for_id(c, at) || look_for_triple(c, at) || look_for_name(c, at))
		return;
	look_for_pod(c, at, at->name, strlen(at->name));
	look_for_machine(c, at);
}

void container_of_path(const char *path, struct container *ret)
{
	struct component at = {0};
	size_t n;

	*ret = (struct container){0};
	for (; *path; path += n) {
		n = strcspn(path, "/");
		if (n == 0) {
			n = 1;
			continue;
		}
		memcpy(at.parent, at.name, sizeof(at.name));
		at.in_ecs |= !strcmp(at.parent, "ecs");
		/* The kernel makes none so long. */
		copy(at.name, sizeof(at.name), path, n < sizeof(at.name) ? n : 0);
		look_at(ret, &at);
	}
}
