/* Whose a cgroup is: paths as runtimes make them, and the files of a made-up node. */
#include "unit/unit.h"

#include <sys/stat.h>

#include "base/strbuf.h"
#include "proc/container.h"
#include "proc/container_names.h"

#define A "4f797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"
#define B "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define C "9ec39b91f3d70e1beff50a308f77067065ea6be0d91a3378375056cd4422cf3d"
#define D "5d41402abc4b2a76b9719d911017c5927d793037a0760186574b0282f2f435e7"
#define UID "7b2f1c9e-5a00-11e9-b385-42010a80018d"
#define UID_ "7b2f1c9e_5a00_11e9_b385_42010a80018d"
#define HASH "0123456789abcdef0123456789abcdef"

/* What a row of the tables leaves out, the path does not tell. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

struct path_case {
	const char *path, *id, *runtime, *outer, *uid, *qos, *unit;
};

static void check_paths(const struct path_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct path_case *p = &cases[i];
		struct container c;

		container_of_path(p->path, &c);
		print_message("%s\n", p->path);
		assert_string_equal(c.id, p->id ? p->id : "");
		assert_string_equal(c.runtime ? c.runtime : "", p->runtime ? p->runtime : "");
		assert_string_equal(c.outer_id, p->outer ? p->outer : "");
		assert_string_equal(c.pod_uid, p->uid ? p->uid : "");
		assert_string_equal(c.pod_qos ? c.pod_qos : "", p->qos ? p->qos : "");
		assert_string_equal(c.unit, p->unit ? p->unit : "");
	}
}

static void tells_containers(void **state)
{
	static const struct path_case cases[] = {
		{"/docker/" A, A, "docker"},
		{"/docker/" A "/system.slice/nginx.service", A, "docker"},
		{"/system.slice/docker-" A ".scope", A, "docker", .unit = "docker-" A ".scope"},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/docker-" A ".scope", A,
		 "docker", .unit = "docker-" A ".scope"},
		{"/machine.slice/libpod-" A ".scope/container", A, "podman",
		 .unit = "libpod-" A ".scope"},
		{"/libpod_parent/libpod-" A, A, "podman"},
		/* podman's own pods are no pods of Kubernetes */
		{"/machine.slice/machine-libpod_pod_" B ".slice/libpod-" A ".scope/container", A,
		 "podman", .unit = "libpod-" A ".scope"},
		{"/machine.slice/machine-libpod_pod_" B ".slice",
		 .unit = "machine-libpod_pod_" B ".slice"},
		{"/libpod_parent/libpod_pod_" B "/libpod-" A, A, "podman"},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" A
		 ".scope/container",
		 A, "podman", .unit = "libpod-" A ".scope"},
		{"/machine.slice/libpod-conmon-" A ".scope", .unit = "libpod-conmon-" A ".scope"},
		{"/system.slice/nerdctl-" A ".scope", A, "containerd",
		 .unit = "nerdctl-" A ".scope"},
		{"/default/" A, A},
		{"/" A, A},
		{"/ecs/shop/" HASH "/" A, A, "docker"},
		{"/ecs/" HASH "/" HASH "-1234567890", HASH "-1234567890"},
		{"/" HASH "-1234567890"},
		{"/lxc/web", "web", "lxc"},
		{"/lxc/101/ns/system.slice/cron.service", "101", "lxc"},
		{"/lxc.payload.web/init.scope", "web", "lxc"},
		{"/lxc.payload/web", "web", "lxc"},
		{"/lxc.monitor.web"},
		{"/machine.slice/machine-web\\x2dfront.scope", "web-front", "systemd-nspawn",
		 .unit = "machine-web\\x2dfront.scope"},
		{"/machine.slice/systemd-nspawn@deb\\x2d12.service/payload", "deb-12",
		 "systemd-nspawn", .unit = "systemd-nspawn@deb\\x2d12.service"},
		{"/machine.slice/machine-qemu\\x2d3\\x2dweb.scope/libvirt/emulator", "qemu-3-web",
		 "libvirt", .unit = "machine-qemu\\x2d3\\x2dweb.scope"},
	};

	(void)state;
	check_paths(cases, ARRAY_SIZE(cases));
}

static void tells_pods(void **state)
{
	static const struct path_case cases[] = {
		{"/kubepods/burstable/pod" UID "/" A, A, NULL, NULL, UID, "burstable"},
		{"/kubepods/besteffort/pod" UID "/crio-" A, A, "cri-o", NULL, UID, "besteffort"},
		{"/kubepods/besteffort/pod" UID "/crio-conmon-" A, .uid = UID, .qos = "besteffort"},
		{"/kubepods/pod" UID, .uid = UID, .qos = "guaranteed"},
		{"/kubepods/burstable/pod" HASH, .uid = HASH, .qos = "burstable"},
		{"/kubepods/burstable"},
		{"/kubepods.slice/kubepods-burstable.slice", .unit = "kubepods-burstable.slice"},
		{"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_
		 ".slice/cri-containerd-" A ".scope",
		 A, "containerd", NULL, UID, "burstable", "cri-containerd-" A ".scope"},
		{"/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" A ".scope/container", A,
		 "cri-o", NULL, UID, "guaranteed", "crio-" A ".scope"},
		{"/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" UID_
		 ".slice/docker-" A ".scope",
		 A, "docker", NULL, UID, "besteffort", "docker-" A ".scope"},
		{"/kubepods.slice/kubepods-pod" HASH ".slice", .uid = HASH, .qos = "guaranteed",
		 .unit = "kubepods-pod" HASH ".slice"},
		{"/system.slice/containerd.service/kubepods-burstable-pod" UID_
		 ".slice:cri-containerd:" A,
		 A, "containerd", NULL, UID, "burstable", "containerd.service"},
		/* the parts that a container has made below itself */
		{"/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" A
		 ".scope/system.slice/shop.service",
		 A, "containerd", NULL, UID, "guaranteed", "cri-containerd-" A ".scope"},
		{"/kubepods/besteffort/pod" UID "/" A "/worker/1", A, NULL, NULL, UID,
		 "besteffort"},
		/* The event has the last component only where the cgroup has gone. */
		{"cri-containerd-" A ".scope", A, "containerd",
		 .unit = "cri-containerd-" A ".scope"},
	};

	(void)state;
	check_paths(cases, ARRAY_SIZE(cases));
}

static void the_innermost_wins(void **state)
{
	static const struct path_case cases[] = {
		/* A Kubernetes node that is a container. */
		{"/docker/" B "/kubelet/kubepods/burstable/pod" UID "/" A, A, NULL, B, UID,
		 "burstable"},
		{"/docker/" B "/docker/" B "/kubelet/kubepods/pod" UID, NULL, NULL, B, UID,
		 "guaranteed"},
		{"/system.slice/docker-" B ".scope/kubelet.slice/kubelet-kubepods.slice/"
		 "kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod" UID_
		 ".slice/cri-containerd-" A ".scope",
		 A, "containerd", B, UID, "besteffort", "docker-" B ".scope"},
		/* docker in a pod, and once more below that. */
		{"/kubepods/pod" UID "/" B "/docker/" A, A, "docker", B, UID, "guaranteed"},
		{"/docker/" B "/docker/" C "/docker/" A, A, "docker", B},
		{"/lxc.payload.ci/docker/" A, A, "docker", "ci"},
	};

	(void)state;
	check_paths(cases, ARRAY_SIZE(cases));
}

static void tells_units(void **state)
{
	static const struct path_case cases[] = {
		{""},
		{"/"},
		{"/shop"},
		{"/init.scope", .unit = "init.scope"},
		{"/system.slice", .unit = "system.slice"},
		{"/system.slice/shop.service", .unit = "shop.service"},
		{"/system.slice/shop.service/worker/1", .unit = "shop.service"},
		{"/system.slice/system-getty.slice/getty@tty1.service",
		 .unit = "getty@tty1.service"},
		{"/system.slice/dev-disk\\x2d1.swap", .unit = "dev-disk\\x2d1.swap"},
		{"/system.slice/_cpu.service", .unit = "cpu.service"},
		{"/system.slice/a\\x2db\\xc3\\xa4.service/x", .unit = "a\\x2db\\xc3\\xa4.service"},
		{"/user.slice/user-0.slice/session-3.scope", .unit = "session-3.scope"},
		{"/user.slice/user-0.slice/user@0.service/app.slice/x.service",
		 .unit = "x.service"},
	};

	(void)state;
	check_paths(cases, ARRAY_SIZE(cases));
}

static void is_not_led_astray(void **state)
{
	static const struct path_case cases[] = {
		{"/docker/4f797c539e6c"}, /* cut off */
		{"/docker/" A "0"},	  /* too long */
		{"/docker/4F"
		 "797c539e6c745de61a93ca3ff892358ecbcaccd8414d5db545c38428142970"},
		{"/docker-4f797c539e6c.scope", .unit = "docker-4f797c539e6c.scope"},
		{"/evil-" A},
		{"/-" A},
		{"/kubepods/pod"},
		{"/kubepods/pod7b2f1c9e-5a00-11e9-b385-42010a80018"},
		{"/kubepods/pod7b2f1c9e+5a00-11e9-b385-42010a80018d"},
		{"/.slice/.scope/.service"},
		{"::/a:docker:" A "x/:docker:/:x:" A},
		{":docker:" A, A, "docker"},
		{"/../../docker/" A, A, "docker"},
		{"//docker///" A "//", A, "docker"},
		{"/lxc//lxc.payload./lxc/"},
		{"/machine-.scope/systemd-nspawn@.service", .unit = "systemd-nspawn@.service"},
		{"/machine-a\\x00b\\xzz\\x2.scope", "a\\x00b\\xzz\\x2", "systemd-nspawn",
		 .unit = "machine-a\\x00b\\xzz\\x2.scope"},
		{"/machine-a\\x0a\\x1b[2J.scope", "a\n\x1b[2J", "systemd-nspawn",
		 .unit = "machine-a\\x0a\\x1b[2J.scope"},
	};
	_cleanup_strbuf_ struct strbuf path = {0};
	struct container c;

	(void)state;
	check_paths(cases, ARRAY_SIZE(cases));
	strbuf_puts(&path, "/lxc/");
	for (int i = 0; i < 255; i++)
		strbuf_putc(&path, 'x');
	container_of_path(strbuf_text(&path), &c);
	assert_int_equal(strlen(c.id), 255);
	strbuf_putc(&path, 'x'); /* longer than any file's name */
	container_of_path(strbuf_text(&path), &c);
	assert_string_equal(c.id, "");
}

static char top[] = "/tmp/oomtools-container.XXXXXX";

static void put(const char *directory, const char *name, const char *text)
{
	char path[192];

	snprintf(path, sizeof(path), "mkdir -p %s%s", top, directory);
	assert_int_equal(system(path), 0);
	snprintf(path, sizeof(path), "%s/%s", directory + 1, name);
	put_file(top, path, text);
}

static void expect(const char *path, const char *runtime, const char *name, const char *uid,
		   const char *pod, const char *namespace)
{
	_cleanup_container_names_ struct container_names n = {0};
	struct container c;

	container_of_path(path, &c);
	assert_int_equal(container_names_read(top, &c, &n), 0);
	assert_string_equal(n.runtime ? n.runtime : "", runtime);
	assert_string_equal(strbuf_text(&n.name), name);
	assert_string_equal(strbuf_text(&n.pod_uid), uid);
	assert_string_equal(strbuf_text(&n.pod_name), pod);
	assert_string_equal(strbuf_text(&n.pod_namespace), namespace);
}

#define BUNDLES "/run/containerd/io.containerd.runtime.v2.task"
#define STORAGE "/run/containers/storage/overlay-containers"

static void names_from_the_node(void **state)
{
	(void)state;
	put("/var/lib/docker/containers/" A, "config.v2.json",
	    "{\"ID\":\"" A "\",\"Name\":\"/shop_db\",\"Config\":{\"Labels\":{}}}");
	expect("/docker/" A, "docker", "shop_db", "", "", "");
	/* A bare id: who has a file on it is its runtime. */
	expect("/machines/" A, "docker", "shop_db", "", "", "");
	/* But where the path tells, only that runtime is asked. */
	expect("/system.slice/crio-" A ".scope", "cri-o", "", "", "", "");
	put("/var/lib/docker/containers/" C, "config.v2.json",
	    "{\"Name\":\"/k8s_db_shop_prod\",\"Config\":{\"Labels\":"
	    "{\"io.kubernetes.container.name\":\"db\",\"io.kubernetes.pod.name\":\"shop-0\","
	    "\"io.kubernetes.pod.namespace\":\"prod\",\"io.kubernetes.pod.uid\":\"" UID "\"}}}");
	expect("docker-" C ".scope", "docker", "db", UID, "shop-0", "prod");

	put(BUNDLES "/k8s.io/" B, "config.json",
	    "{\"ociVersion\":\"1.1.0\",\"annotations\":{"
	    "\"io.kubernetes.cri.container-name\":\"web\\n\","
	    "\"io.kubernetes.cri.sandbox-name\":\"shop-1\","
	    "\"io.kubernetes.cri.sandbox-namespace\":\"test\"}}");
	expect("/kubepods/pod" UID "/" B, "containerd", "web\n", UID, "shop-1", "test");
	put("/run/k0s/containerd/io.containerd.runtime.v2.task/k8s.io/" D, "config.json",
	    "{\"annotations\":{\"io.kubernetes.cri.container-name\":\"k0s\"}}");
	expect("/kubepods/pod" UID "/" D, "containerd", "k0s", UID, "", "");
	put(BUNDLES "/default/" C, "config.json", "{\"annotations\":{\"nerdctl/name\":\"job\"}}");
	expect("/nerdctl-" C ".scope", "containerd", "job", "", "", "");
	put(STORAGE "/" C "/userdata", "config.json",
	    "{\"annotations\":{\"io.kubernetes.container.name\":\"api\","
	    "\"io.kubernetes.pod.name\":\"p\",\"io.kubernetes.pod.namespace\":\"n\"}}");
	expect("/crio-" C ".scope", "cri-o", "api", "", "p", "n");

	put("/var/lib/containers/storage/overlay-containers", "containers.json",
	    "[{\"id\":\"" A "\",\"names\":[\"first\"]},{\"id\":\"" B
	    "\",\"names\":[\"b\",\"c\"]}]");
	put(STORAGE, "volatile-containers.json", "[7,{\"id\":\"" C "\",\"names\":[\"rm\"]}]");
	expect("/machine.slice/libpod-" B ".scope", "podman", "b", "", "", "");
	expect("/machine.slice/libpod-" C ".scope", "podman", "rm", "", "", "");
	expect("/machine.slice/machine-a\\x2db.scope", "systemd-nspawn", "a-b", "", "", "");
}

static void names_of_a_whole_pod(void **state)
{
	(void)state;
	put("/var/log/pods/prod_shop-2_" HASH, "x", "");
	put("/var/log/pods/nounderscore", "x", "");
	put("/var/log/pods/_", "x", "");
	expect("/kubepods.slice/kubepods-pod" HASH ".slice", "", "", HASH, "shop-2", "prod");
	expect("/kubepods/burstable/pod" UID, "", "", UID, "", "");
}

static void bad_files_are_no_names(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"{\"Name\":\"/sho",
		"[]",
		"7",
		"null",
		"{\"Name\":7,\"Config\":[]}",
		"{\"Name\":null,\"Config\":{\"Labels\":null}}",
		"{\"Config\":{\"Labels\":{\"io.kubernetes.container.name\":{}}}}",
	};
	_cleanup_strbuf_ struct strbuf big = {0};
	char path[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		put("/var/lib/docker/containers/" B, "config.v2.json", texts[i]);
		put("/var/lib/containers/storage/overlay-containers", "containers.json", texts[i]);
		expect("/docker/" B, "docker", "", "", "", "");
		expect("/libpod-" B, "podman", "", "", "", "");
	}
	put("/var/lib/containers/storage/overlay-containers", "containers.json",
	    "[null,[],{\"id\":7},{\"id\":\"" B "\"},{\"id\":\"" B "\",\"names\":[]},"
	    "{\"id\":\"" B "\",\"names\":[{}]},{\"id\":\"" B "\",\"names\":\"x\"}]");
	expect("/libpod-" B, "podman", "", "", "", "");
	for (int i = 0; i < 100000; i++)
		strbuf_putc(&big, '[');
	put("/var/lib/docker/containers/" B, "config.v2.json", strbuf_text(&big));
	expect("/docker/" B, "docker", "", "", "", "");
	strbuf_reset(&big);
	strbuf_puts(&big, "{\"Name\":\"/big\"}");
	for (int i = 0; i < 4 << 20; i++)
		strbuf_putc(&big, ' ');
	put("/var/lib/docker/containers/" B, "config.v2.json", strbuf_text(&big));
	expect("/docker/" B, "docker", "", "", "", "");
	/* What would block who opens it. */
	snprintf(path, sizeof(path), "%s/var/lib/docker/containers/" B "/config.v2.json", top);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	expect("/docker/" B, "docker", "", "", "", "");
}

static int make_top(void **state)
{
	(void)state;
	return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
	char command[64];

	(void)state;
	snprintf(command, sizeof(command), "rm -r %s", top);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_containers),	cmocka_unit_test(tells_pods),
		cmocka_unit_test(the_innermost_wins),	cmocka_unit_test(tells_units),
		cmocka_unit_test(is_not_led_astray),	cmocka_unit_test(names_from_the_node),
		cmocka_unit_test(names_of_a_whole_pod), cmocka_unit_test(bad_files_are_no_names),
	};

	return cmocka_run_group_tests(tests, make_top, remove_top);
}
