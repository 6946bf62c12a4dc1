#include "app/tool.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/exit_codes.h"
#include "app/message.h"
#include "app/privilege.h"
#include "app/probe.h"
#include "app/self_protect.h"
#include "app/terminal.h"
#include "base/file.h"
#include "base/parse.h"

#define COLUMNS_MOST 10000
#define TO_STDOUT "cannot write to standard output"

static void use_edited(struct tool *tool)
{
	/* With --edit it may be the built-in one still. */
	if (!tool->edited.name)
		return;
	tool->text = strbuf_text(&tool->edited.text);
	tool->lines = tool->edited.lines;
}

static void warn(const struct strbuf *warning)
{
	if (warning->length)
		message_warning("%s", warning->data);
}

/* The text to start with. -1, or the exit status: the user has been told. */
static int take_text(struct tool *tool)
{
	_cleanup_strbuf_ struct strbuf why = {0}, warning = {0};
	int r;

	if (!tool->common.probe && !tool->common.edit)
		return -1;
	/* Before somebody takes pains over a text that will not run. */
	if (tool->common.edit && !tool->common.ebpf && privilege_check_bpf(&why) < 0) {
		message_error("%s", strbuf_text(&why));
		return EXIT_NOT_ALLOWED;
	}
	r = probe_first(&tool->common, tool->info->name, tool->text, &tool->edited, &why, &warning);
	warn(&warning);
	if (r < 0) {
		message_error("%s", strbuf_text(&why));
		return EXIT_FAILED;
	}
	use_edited(tool);
	return -1;
}

/* Is it there? To find that out after the probe was compiled and attached is late. */
static int check_script(const char *path)
{
	struct stat st;
	int r = 0;

	if (!path || !strcmp(path, "-"))
		return -1;
	if (access(path, R_OK) < 0 || stat(path, &st) < 0)
		r = errno;
	else if (S_ISDIR(st.st_mode))
		r = EISDIR;
	if (!r)
		return -1;
	message_error("--script: cannot read %s: %s", path, strerror(r));
	return EXIT_FAILED;
}

int tool_begin(struct tool *tool, int argc, char *argv[], int *first)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	int r;

	file_open_standard();
	r = options_parse(tool->info, &tool->common, argc, argv, first);
	if (r < 0)
		r = check_script(tool->common.script);
	if (r >= 0)
		return r;
	/* A file that may not become as large (ulimit -f) is an error to tell of, not the end. */
	signal(SIGXFSZ, SIG_IGN);
	/* One heap for all threads: else each has its own, which takes 64 MiB of addresses. */
	mallopt(M_ARENA_MAX, 1);
	if (!tool->text && (tool->common.probe || tool->common.edit || tool->common.ebpf)) {
		message_error("there is no BPF text in this program");
		return EXIT_FAILED;
	}
	tool->built_in = tool->text;
	tool->built_in_lines = tool->lines;
	r = take_text(tool);
	if (r >= 0 || !tool->common.ebpf)
		return r;
	probe_text_put(tool->info->name, tool->text, &text);
	return tool_status(TO_STDOUT, file_write_fd(1, strbuf_text(&text), text.length));
}

/* For tests of each way to attach: OOMTOOLS_VARIANT names the one to take. */
static const struct tracer_variant *wanted_variants(const struct tracer_variant *all,
						    struct tracer_variant only[2])
{
	const char *name = getenv("OOMTOOLS_VARIANT");

	if (!name || !all)
		return all;
	for (; all->name; all++)
		if (!strcmp(all->name, name)) {
			only[0] = *all;
			only[1] = (struct tracer_variant){0};
			return only;
		}
	return NULL;
}

bool tool_has_console(const struct tool *tool)
{
	return tool->common.console || tool->common.commands || tool->common.script;
}

/* How this tool's text is run; ONLY has room for the one variant that may be wanted. */
static struct tracer_config run_config(const struct tool *tool, struct tracer_variant only[2])
{
	return (struct tracer_config){
		.name = tool->info->name,
		.version = PACKAGE_VERSION,
		.text = tool->text,
		.lines = tool->lines,
		.file = tool->edited.name,
		.variants = wanted_variants(tool->variants, only),
		.flags = tool->flags,
		.map_sizes = tool->map_sizes,
		.image_path = tool->common.image,
		.kernel_headers = tool->common.kernel_headers,
		.swappable = tool_has_console(tool),
		/* An image may be one of a text that was edited, too. */
		.keep_btf = tool_has_console(tool) || tool->edited.name || tool->common.image,
		.renewed_maps = tool->renewed_maps,
		.held_maps = tool->held_maps,
		.contract = tool->contract,
		.meanwhile = tool->meanwhile,
		.meanwhile_data = tool->meanwhile_data,
		.log = message_verbose_line,
	};
}

/* One try. The exit status; the line of the text that is at fault, 0: none is. */
static int attach_once(const struct tracer_config *config, struct strbuf *why,
		       unsigned int *ret_line, struct tracer **ret)
{
	struct tracer *t = NULL;
	int r;

	*ret_line = 0;
	if (privilege_check_bpf(why) < 0)
		return EXIT_NOT_ALLOWED;
	r = tracer_new(config, &t);
	if (r < 0) {
		strbuf_puts(why, strerror(-r));
		return EXIT_FAILED;
	}
	r = tracer_start(t);
	if (r < 0) {
		strbuf_puts(why, tracer_error(t));
		*ret_line = tracer_error_line(t);
		tracer_close(t);
		return r == -EPERM || r == -EACCES || r == -EOPNOTSUPP || r == -ENOSYS
			       ? EXIT_NOT_ALLOWED
			       : EXIT_FAILED;
	}
	*ret = t;
	return -1;
}

/* Told WHY a text does not run, does somebody want to mend it? */
static bool wants_again(const struct strbuf *why)
{
	static const char question[] = "Edit it again? [Y/n] ";
	char c = '\n', first = 0;

	if (!isatty(0) || !isatty(2))
		return false;
	message_error("%s", strbuf_text(why));
	(void)file_write_fd(2, question, strlen(question));
	do {
		if (read(0, &c, 1) != 1)
			return false;
		if (!first)
			first = c;
	} while (c != '\n');
	return first != 'n' && first != 'N';
}

/* A text of --edit that does not run: edit it again; true: it is to be tried. Else it is kept. */
static bool edit_again(struct tool *tool, unsigned int line, struct strbuf *why)
{
	_cleanup_strbuf_ struct strbuf warning = {0};

	if (!tool->common.edit || !tool->edited.name)
		return false;
	while (wants_again(why)) {
		strbuf_reset(why);
		if (probe_edit(tool->info->name, line, &tool->edited, why, &warning) == 0) {
			warn(&warning);
			use_edited(tool);
			return true;
		}
	}
	strbuf_putc(why, '\n');
	probe_keep(tool->info->name, &tool->edited, why);
	return false;
}

int tool_try_attach(struct tool *tool, int (*prepare)(struct tracer *tracer, void *data),
		    void *data, struct strbuf *why, struct tracer **ret)
{
	unsigned int line;
	int status;

	do {
		struct tracer_variant only[2];
		struct tracer_config config = run_config(tool, only);

		config.prepare = prepare;
		config.data = data;
		strbuf_reset(why);
		status = attach_once(&config, why, &line, ret);
	} while (status >= 0 && edit_again(tool, line, why));
	return status;
}

static void use_source(struct tracer_config *config, const struct source *text)
{
	config->text = text->text;
	config->lines = text->lines;
	config->file = text->file;
	config->image_path = NULL;
}

int tool_swap(struct tool *tool, struct tracer *tracer, const struct source *text,
	      int (*prepare)(struct tracer *tracer, void *data), void *data, struct strbuf *why)
{
	struct tracer_variant only[2];
	struct tracer_config config = run_config(tool, only);
	int r;

	config.prepare = prepare;
	config.data = data;
	if (text)
		use_source(&config, text);
	r = tracer_swap(tracer, &config);
	if (r < 0)
		strbuf_puts(why, tracer_error(tracer));
	return r;
}

void tool_swap_ahead(struct tool *tool, struct tracer *tracer, const struct source *text)
{
	struct tracer_variant only[2];
	struct tracer_config config = run_config(tool, only);

	use_source(&config, text ? text : &(struct source){0});
	tracer_swap_ahead(tracer, &config);
}

int tool_check_privilege(void)
{
	_cleanup_strbuf_ struct strbuf why = {0};

	if (privilege_check_bpf(&why) == 0)
		return -1;
	message_error("%s", strbuf_text(&why));
	return EXIT_NOT_ALLOWED;
}

int tool_attach(struct tool *tool, int (*prepare)(struct tracer *tracer, void *data), void *data,
		struct tracer **ret)
{
	_cleanup_strbuf_ struct strbuf why = {0};
	int status = tool_try_attach(tool, prepare, data, &why, ret);

	if (status >= 0)
		message_error("%s", strbuf_text(&why));
	return status;
}

void tool_protect(size_t reserve)
{
	_cleanup_strbuf_ struct strbuf warnings = {0};

	self_protect(reserve, &warnings);
	if (warnings.length)
		message_warning("%.*s", (int)warnings.length - 1, warnings.data);
}

int tool_line_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	uint64_t n;

	if (isatty(1) && ioctl(1, TIOCGWINSZ, &size) == 0)
		return size.ws_col;
	return columns && parse_number(columns, 1, COLUMNS_MOST, &n) == 0 ? (int)n : 0;
}

int tool_print(const struct strbuf *text)
{
	int r = strbuf_error(text);

	return r < 0 ? r : terminal_write(1, strbuf_text(text), text->length);
}

int tool_start_line(const struct tool *tool, const char *what)
{
	_cleanup_strbuf_ struct strbuf line = {0};
	int r;

	/* At a prompt Ctrl-C is for the line that is typed. */
	strbuf_printf(&line, "%s %s\n", what,
		      tool->common.console && isatty(0) ? "'help' shows the commands, Ctrl-D ends."
							: "Ctrl-C to stop.");
	r = strbuf_error(&line);
	if (r == 0)
		r = terminal_write(tool->common.json ? 2 : 1, line.data, line.length);
	/* Where stderr is gone, nobody would read it either. */
	if (r == 0 || tool->common.json)
		return 0;
	if (r == -EPIPE)
		return r;
	message_error(TO_STDOUT ": %s", strerror(-r));
	return -ECANCELED;
}

int tool_status(const char *what, int result)
{
	if (result >= 0)
		return result;
	if (result == -EPIPE)
		return EXIT_OK;
	if (result == -ECANCELED)
		return EXIT_FAILED;
	message_error("%s: %s", what, strerror(-result));
	return EXIT_FAILED;
}

void tool_end(struct tool *tool)
{
	probe_text_free(&tool->edited);
}
