/* status: what is attached and what it costs. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <bpf/bpf.h>

#include "base/file.h"
#include "bpf/map_text.h"
#include "output/human.h"
#include "session/session_internal.h"

struct report {
	const struct session *s;
	struct tracer *tracer;
	struct strbuf *out;
	size_t maps;
	uint64_t map_bytes;
	bool some_unknown; /* of the maps' memory */
};

static void put_text(const struct session *s, struct strbuf *out)
{
	const struct probe_text *running = texts_running(&s->texts);

	strbuf_printf(out, "Text:     %s%s", session_text_name(running),
		      running->text.length ? "" : " (an image: its text is not known)");
	if (s->texts.count > 1) {
		strbuf_puts(out, ", ");
		human_things(out, s->texts.count - 1, "change");
		strbuf_puts(out, " applied ('undo')");
	}
	strbuf_putc(out, '\n');
	if (!texts_has_draft(&s->texts))
		return;
	strbuf_printf(out, "Draft:    %s", session_text_name(&s->texts.draft));
	if (s->texts.error_line)
		strbuf_printf(out, ", failed at line %u ('edit')\n", texts_error_line(&s->texts));
	else
		strbuf_puts(out, ", not applied ('apply', 'diff draft')\n");
}

/* "12.3 us" */
static void put_time(struct strbuf *out, const char *format, double ns)
{
	char text[32];

	if (ns < 1e3)
		snprintf(text, sizeof(text), "%.0f ns", ns);
	else if (ns < 1e6)
		snprintf(text, sizeof(text), "%.1f us", ns / 1e3);
	else if (ns < 1e9)
		snprintf(text, sizeof(text), "%.1f ms", ns / 1e6);
	else
		snprintf(text, sizeof(text), "%.1f s", ns / 1e9);
	strbuf_printf(out, format, text);
}

/* Without statistics nothing is counted: that is not the same as no run. */
static bool counted(const struct session *s)
{
	_cleanup_strbuf_ struct strbuf text = {0};

	return s->stats >= 0 || (file_read("/proc/sys/kernel/bpf_stats_enabled", 64, &text) == 0 &&
				 text.data[0] == '1');
}

static void put_missed(struct strbuf *out, const struct tracer_program *p)
{
	if (p->missed)
		strbuf_printf(out, ", not run for %" PRIu64 " events (it was interrupted)",
			      p->missed);
	strbuf_putc(out, '\n');
}

static int put_program(const struct tracer_program *p, void *user)
{
	struct report *r = user;

	strbuf_printf(r->out, "  %-32s %-36s", p->name, p->where);
	if (!counted(r->s)) {
		strbuf_printf(r->out, " %10s %10s %10s", "n/a", "n/a", "n/a");
		put_missed(r->out, p);
		return 0;
	}
	strbuf_printf(r->out, " %10" PRIu64, p->runs);
	if (p->runs)
		put_time(r->out, " %10s", (double)p->run_ns / (double)p->runs);
	else
		strbuf_printf(r->out, " %10s", "-");
	put_time(r->out, " %10s", (double)p->run_ns);
	put_missed(r->out, p);
	return 0;
}

/* A number in a file of lines "NAME: NUMBER". */
static bool read_number(const char *path, const char *name, uint64_t *ret)
{
	_cleanup_strbuf_ struct strbuf text = {0};
	const char *at;

	if (file_read(path, 1 << 16, &text) < 0)
		return false;
	at = strstr(strbuf_text(&text), name);
	return at && sscanf(at + strlen(name), "%" SCNu64, ret) == 1;
}

static int add_map(const struct tracer_map *map, void *user)
{
	struct report *r = user;
	char path[64];
	uint64_t bytes;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", map->fd);
	if (read_number(path, "memlock:", &bytes))
		r->map_bytes += bytes;
	else
		r->some_unknown = true;
	r->maps++;
	return 0;
}

static int put_ring(const struct tracer_map *map, void *user)
{
	struct report *r = user;
	_cleanup_strbuf_ struct strbuf text = {0}, why = {0};
	size_t size;
	const void *btf;

	if (map->type != BPF_MAP_TYPE_RINGBUF)
		return 0;
	btf = tracer_btf(r->tracer, &size);
	if (map_text(map, btf, btf ? size : 0, NULL, 1, &text, &why) == 0)
		strbuf_printf(r->out, "Ring:     %s: %s", map->name, strbuf_text(&text));
	return 0;
}

static void put_memory(struct report *r)
{
	static const struct {
		const char *name, *text;
	} lines[] = {{"VmRSS:", "resident"}, {"VmLck:", "locked"}};
	uint64_t kib;

	strbuf_puts(r->out, "Memory:   ");
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		if (read_number("/proc/self/status", lines[i].name, &kib))
			human_bytes(r->out, (int64_t)kib * 1024);
		else
			strbuf_puts(r->out, "n/a");
		strbuf_printf(r->out, " %s, ", lines[i].text);
	}
	if (!r->tracer) {
		strbuf_puts(r->out, "no maps\n");
		return;
	}
	tracer_each_map(r->tracer, add_map, r);
	if (r->some_unknown)
		strbuf_puts(r->out, "n/a");
	else
		human_bytes(r->out, (int64_t)r->map_bytes);
	strbuf_puts(r->out, " in ");
	human_things(r->out, r->maps, "map");
	strbuf_putc(r->out, '\n');
}

static void put_programs(struct report *r)
{
	struct tracer_supply supplied = tracer_supplied(r->tracer);

	strbuf_printf(r->out, "Variant:  %s\n", tracer_variant(r->tracer));
	strbuf_printf(r->out, "  %-32s %-36s %10s %10s %10s\n", "Program", "Where", "Runs",
		      "Average", "Total");
	tracer_each_program(r->tracer, put_program, r);
	if (!counted(r->s))
		strbuf_printf(r->out, "  (the kernel does not count runs: %s)\n",
			      strerror(-r->s->stats));
	tracer_each_map(r->tracer, put_ring, r);
	strbuf_printf(r->out, "Images:   %u from the cache, %u compiled\n", supplied.from_cache,
		      supplied.compiled);
}

int session_status(struct command_call *call)
{
	struct session *s = call->user;
	_cleanup_strbuf_ struct strbuf why_none = {0};
	struct report r = {.s = s, .out = call->out, .tracer = session_tracer(s, &why_none)};

	put_text(s, call->out);
	if (r.tracer)
		put_programs(&r);
	else
		strbuf_printf(call->out, "Probe:    %s\n", strbuf_text(&why_none));
	if (s->config.status)
		s->config.status(call->out, s->config.user);
	put_memory(&r);
	return 0;
}
