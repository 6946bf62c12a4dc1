/*
 * oomtools-compile: BPF C text in, image out. The one program that links libbcc and LLVM; the tools
 * execute it and forget it, as LLVM can never be unloaded from a process.
 *
 * libbcc writes to stdout and stderr as it likes, calls exit(1) on some errors and may crash. So
 * the work is done in a child with both caught; this process shows what was caught and removes the
 * temporary directory, whatever the child's end. If this process itself is killed, the tool that
 * started it removes the directory, or the next helper does.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/macro.h"
#include "bcc_compile.h"
#include "bpf/compile_directory.h"

#define TEXT_SIZE_MOST (1u << 20)
#define FLAGS_MOST 200
#define OUTPUT_MOST (64u << 20)

enum { EXIT_USAGE = 2 };

static const char usage[] =
	"Usage: oomtools-compile [OPTION]... -o IMAGE|- [TEXT|-]\n"
	"\n"
	"Compile a BPF C text into an image that the tools of oomtools load (--image).\n"
	"\n"
	"Options:\n"
	"  -o, --output IMAGE         where the image goes; - is standard output\n"
	"  -D, --define MACRO         define a macro: NAME or NAME=VALUE\n"
	"      --btf FILE             compile for the kernel whose BTF this is\n"
	"      --kernel-headers       use the installed kernel headers, not BTF\n"
	"      --name TOOL            the tool whose text this is\n"
	"  -v, --verbose              show the compiler's warnings, too\n"
	"  -h, --help                 print this help and exit\n"
	"  -V, --version              print the version and exit\n"
	"\n"
	"Examples:\n"
	"  oomkill --ebpf | " LIBEXECDIR "/oomtools-compile --name oomkill \\\n"
	"    -D PROBE_KPROBE --btf vmlinux.btf -o oomkill.image -\n"
	"  oomkill --image oomkill.image\n";

struct options {
	struct bcc_request request;
	const char *flags[FLAGS_MOST];
	const char *input, *output;
	bool verbose;
};

#if defined(__SANITIZE_ADDRESS__)
/* LLVM frees nothing before it ends. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}
#endif

static int bad_usage(const char *message)
{
	fprintf(stderr, "oomtools-compile: %s\nTry 'oomtools-compile --help'.\n", message);
	return EXIT_USAGE;
}

static int add_flag(struct options *o, const char *definition)
{
	char *flag;

	if (strpbrk(definition, " \t\n"))
		return bad_usage("a definition holds no blank");
	if (o->request.n_flags == FLAGS_MOST || asprintf(&flag, "-D%s", definition) < 0)
		return bad_usage("too many -D");
	o->flags[o->request.n_flags++] = flag;
	return -1;
}

/* The exit status, or -1 to go on. */
static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option longs[] = {
		{"output", required_argument, NULL, 'o'},
		{"define", required_argument, NULL, 'D'},
		{"btf", required_argument, NULL, 'b'},
		{"kernel-headers", no_argument, NULL, 'k'},
		{"name", required_argument, NULL, 'n'},
		{"verbose", no_argument, NULL, 'v'},
		{"help", no_argument, NULL, 'h'},
		{"version", no_argument, NULL, 'V'},
		{0},
	};
	int c, status = -1;

	while (status < 0 && (c = getopt_long(argc, argv, "o:D:vhV", longs, NULL)) != -1) {
		if (c == 'o')
			o->output = optarg;
		else if (c == 'D')
			status = add_flag(o, optarg);
		else if (c == 'b')
			o->request.btf = optarg;
		else if (c == 'k')
			o->request.kernel_headers = true;
		else if (c == 'n')
			o->request.tool = optarg;
		else if (c == 'v')
			o->verbose = true;
		else if (c == 'h')
			status = fputs(usage, stdout) < 0;
		else if (c == 'V')
			status = puts("oomtools-compile " PACKAGE_VERSION) < 0;
		else
			status = EXIT_USAGE;
	}
	if (status >= 0)
		return status;
	if (!o->output)
		return bad_usage("-o IMAGE is missing");
	if (argc - optind > 1)
		return bad_usage("one text at a time");
	if (o->request.btf && o->request.kernel_headers)
		return bad_usage("--btf and --kernel-headers exclude each other");
	if (optind < argc)
		o->input = argv[optind];
	o->request.flags = o->flags;
	return -1;
}

static int complain(const char *what, int r)
{
	fprintf(stderr, "oomtools-compile: %s: %s\n", what, strerror(-r));
	return EXIT_FAILURE;
}

/* A tool may have started us before it has a text: the standard input waits until it has. */
static int read_text(const char *input, struct strbuf *text)
{
	bool is_file = strcmp(input, "-");
	_cleanup_close_ int file = is_file ? open(input, O_RDONLY | O_CLOEXEC) : -1;
	int r = is_file && file < 0
			? -errno
			: file_read_fd(is_file ? file : STDIN_FILENO, TEXT_SIZE_MOST, text);

	if (r == 0 && (!text->length || memchr(text->data, 0, text->length)))
		r = -EINVAL;
	return r < 0 ? complain(is_file ? input : "standard input", r) : 0;
}

/* The child: all that libbcc prints goes to MESSAGES, the image to OUTPUT. */
static void __attribute__((noreturn))
compile_and_exit(struct options *o, int messages, int output, const sigset_t *signals)
{
	_cleanup_strbuf_ struct strbuf image = {0}, text = {0};
	int r, nothing = open("/dev/null", O_RDONLY);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigprocmask(SIG_UNBLOCK, signals, NULL);
	dup2(messages, STDOUT_FILENO);
	dup2(messages, STDERR_FILENO);
	r = bcc_begin(&o->request);
	if (r == 0 && read_text(o->input, &text))
		_exit(EXIT_FAILURE);
	dup2(nothing, STDIN_FILENO);
	o->request.text = strbuf_text(&text);
	if (r == 0)
		r = bcc_compile(&o->request, &image);
	if (r == 0)
		r = file_write_fd(output, image.data, image.length);
	fflush(NULL);
	if (r < 0 && lseek(messages, 0, SEEK_CUR) == 0)
		fprintf(stderr, BCC_ERROR "%s\n", strerror(-r));
	_exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* Wait for the child's end; a signal to end us ends it. Its wait status, or -1. */
static int wait_for_child(pid_t child, const sigset_t *signals)
{
	int status, signal;

	for (;;) {
		if (sigwait(signals, &signal) != 0)
			continue;
		if (signal != SIGCHLD)
			kill(child, SIGKILL);
		if (waitpid(child, &status, signal == SIGCHLD ? WNOHANG : 0) == child)
			return status;
	}
}

/* From now on what would end us is waited for, so that the directory is removed. */
static void block_signals(sigset_t *signals)
{
	static const int all[] = {SIGCHLD, SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};

	signal(SIGCHLD, SIG_DFL); /* an inherited SIG_IGN would keep it from us */
	sigemptyset(signals);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		sigaddset(signals, all[i]);
	sigprocmask(SIG_BLOCK, signals, NULL);
}

/* Compile in a child. 0 with the image in OUTPUT, or the status to exit with. */
static int supervise(struct options *o, int messages, int output, const sigset_t *signals)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return complain("fork", -errno);
	if (child == 0)
		compile_and_exit(o, messages, output, signals);
	status = wait_for_child(child, signals);
	/* LLVM aborts after it has said why. */
	if (WIFSIGNALED(status) &&
	    (WTERMSIG(status) != SIGABRT || lseek(messages, 0, SEEK_END) <= 0)) {
		fprintf(stderr, "oomtools-compile: the compiler was ended by signal %d (%s)\n",
			WTERMSIG(status), strsignal(WTERMSIG(status)));
		return EXIT_FAILURE;
	}
	return status ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void show(int messages)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	if (lseek(messages, 0, SEEK_SET) == 0 && file_read_fd(messages, OUTPUT_MOST, &text) == 0 &&
	    text.length)
		file_write_fd(STDERR_FILENO, text.data, text.length);
}

static int deliver(int output, const char *path)
{
	_cleanup_strbuf_ struct strbuf image = {0};
	_cleanup_close_ int fd = -1;
	int r;

	if (lseek(output, 0, SEEK_SET) < 0)
		return complain(path, -errno);
	r = file_read_fd(output, OUTPUT_MOST, &image);
	if (r == 0 && strcmp(path, "-"))
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (r == 0 && strcmp(path, "-") && fd < 0)
		r = -errno;
	if (r == 0)
		r = file_write_fd(fd < 0 ? STDOUT_FILENO : fd, strbuf_text(&image), image.length);
	return r < 0 ? complain(path, r) : EXIT_SUCCESS;
}

/* With the header tree in a private directory that is gone when we end. */
static int compile(struct options *o)
{
	_cleanup_close_ int messages = memfd_create("messages", MFD_CLOEXEC);
	_cleanup_close_ int output = memfd_create("image", MFD_CLOEXEC);
	struct compile_directory directory;
	sigset_t signals;
	int r, status;

	if (messages < 0 || output < 0)
		return complain("memfd_create", -errno);
	block_signals(&signals);
	r = compile_directory_make(&directory);
	if (r < 0)
		return complain("cannot make a directory of 1 MiB in $TMPDIR or /tmp, nor in "
				"/dev/shm: set TMPDIR to where there is room, or run an image made "
				"elsewhere (--image)",
				r);
	o->request.directory = directory.path;
	status = supervise(o, messages, output, &signals);
	compile_directory_remove(&directory);
	if (status || o->verbose)
		show(messages);
	return status ? status : deliver(output, o->output);
}

int main(int argc, char **argv)
{
	static struct options o = {.request.tool = "", .input = "-"};
	int status;

	file_open_standard();
	status = parse_options(argc, argv, &o);
	return status >= 0 ? status : compile(&o);
}
