#include "victim/check_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "output/human.h"

static const char *const verdict_names[] = {
	[CHECK_WRITTEN] = "written",
	[CHECK_OFF_LINKER] = "profiling_off_by_linker",
	[CHECK_OFF_RATE] = "profiling_off_by_program",
	[CHECK_NOT_FOUND] = "profile_not_found",
	[CHECK_NOT_GO] = "not_go",
	[CHECK_OTHER_MACHINE] = "other_machine",
	[CHECK_CORRUPT] = "corrupt",
	[CHECK_NO_VICTIM] = "no_victim",
	[CHECK_UNKNOWN] = "unknown",
};

/* For people, and for JSON. */
static const char *const sources[][2] = {
	[GO_SOURCE_NONE] = {"unknown", NULL},
	[GO_SOURCE_BUILDINFO] = {"from the build info", "build_info"},
	[GO_SOURCE_VARIABLE] = {"from runtime.buildVersion", "variable"},
	[GO_SOURCE_SYMBOLS] = {"from the symbol table", "symbols"},
	[GO_SOURCE_INSTRUCTIONS] = {"from the runtime's instructions", "instructions"},
};

struct variable {
	const char *name; /* the runtime's */
	const char *key;  /* in JSON */
	uint64_t address; /* link-time; 0 not known */
};
#define VARIABLES 8

static void list_variables(const struct go_binary *b, struct variable v[VARIABLES])
{
	const struct variable list[VARIABLES] = {
		{"mbuckets", "mbuckets_address", b->mbuckets},
		{"MemProfileRate", "mem_profile_rate_address", b->mem_profile_rate},
		{"mProfCycle", "mprof_cycle_address", b->mprof_cycle},
		{"buckhash", "buckhash_address", b->buckhash},
		{"gcController", "gc_controller_address", b->gc_controller},
		{"writeBarrier", "write_barrier_address", b->write_barrier},
		{"allglen", "allglen_address", b->allglen},
		{"allgptr", "allgptr_address", b->allgptr},
	};

	memcpy(v, list, sizeof(list));
}

static void row(struct strbuf *out, const char *name)
{
	strbuf_printf(out, "  %-16s ", name);
}

static void put_head(const struct check *c, struct strbuf *out)
{
	if (!c->pid) {
		text_display(out, c->argument, strlen(c->argument));
	} else {
		strbuf_printf(out, "PID %d", (int)c->pid);
		if (c->process.pid) {
			strbuf_puts(out, " (\"");
			text_display(out, c->process.comm, strlen(c->process.comm));
			strbuf_puts(out, "\")");
		}
		if (c->known.path) {
			strbuf_puts(out, ": ");
			text_display(out, c->known.path, strlen(c->known.path));
		}
	}
	strbuf_putc(out, '\n');
}

static void put_addresses(const struct check *c, struct strbuf *out)
{
	struct variable v[VARIABLES];
	char cell[64], first[64] = ""; /* of the two in a line */

	row(out, "addresses");
	strbuf_puts(out, sources[c->known.binary->address_source][0]);
	if (c->live)
		strbuf_printf(out, "; load bias 0x%" PRIx64, c->bias);
	strbuf_putc(out, '\n');
	list_variables(c->known.binary, v);
	for (size_t i = 0; i < VARIABLES; i++) {
		if (!v[i].address)
			continue;
		snprintf(cell, sizeof(cell), "%-14s 0x%" PRIx64, v[i].name, v[i].address);
		if (*first)
			strbuf_printf(out, "    %-31s  %s\n", first, cell);
		snprintf(first, sizeof(first), "%s", *first ? "" : cell);
	}
	if (*first)
		strbuf_printf(out, "    %s\n", first);
}

static void put_binary(const struct check *c, struct strbuf *out)
{
	const struct go_binary *b = c->known.binary;

	row(out, "Go version");
	if (*b->version) {
		text_display(out, b->version, strlen(b->version));
		if (b->version_source != GO_SOURCE_NONE)
			strbuf_printf(out, ", %s", sources[b->version_source][0]);
		strbuf_putc(out, '\n');
	} else {
		strbuf_puts(out, "not known\n");
	}
	row(out, "executable");
	strbuf_printf(out, "%s, %s, %s\n", check_machine_name(c),
		      c->position_independent ? "position independent" : "fixed address",
		      b->stripped ? "stripped" : "with symbols");
	if (*b->build_id) {
		row(out, "build ID");
		strbuf_printf(out, "%s\n", b->build_id);
	}
	put_addresses(c, out);
	row(out, "profiling");
	strbuf_puts(out, b->profiling_linked ? "linked in\n"
					     : "off: the linker drops what nothing refers to\n");
}

static void put_numbers(const struct check *c, struct strbuf *out)
{
	row(out, "rate");
	if (c->rate > 0)
		strbuf_printf(out, "a sample every %" PRId64 " bytes%s\n", c->rate,
			      c->live ? ", now" : ", when it starts");
	else
		strbuf_puts(out, "0: nothing is sampled\n");
	if (!c->live || c->verdict != CHECK_WRITTEN)
		return;
	row(out, "buckets");
	strbuf_printf(out, "%" PRIu64 " now", c->buckets);
	if (c->unreadable)
		strbuf_puts(out, ", and then some that cannot be read");
	strbuf_putc(out, '\n');
	row(out, "profile");
	strbuf_puts(out, "about ");
	human_bytes(out, (int64_t)c->profile_bytes);
	strbuf_puts(out, " as a file\n");
}

int check_report_text(const struct check *c, struct strbuf *out)
{
	put_head(c, out);
	if (c->known.binary) {
		put_binary(c, out);
		put_numbers(c, out);
	}
	if (c->verdict == CHECK_WRITTEN)
		strbuf_puts(out, "  would be written\n");
	else
		strbuf_printf(out, "  would NOT be written: %s\n", strbuf_text(&c->why));
	return strbuf_error(out);
}

static void put_json_binary(const struct go_binary *b, struct json_writer *w)
{
	struct variable v[VARIABLES];

	json_writer_string(w, "go_version", *b->version ? b->version : NULL);
	json_writer_string(w, "go_version_source", sources[b->version_source][1]);
	json_writer_string(w, "build_id", *b->build_id ? b->build_id : NULL);
	json_writer_bool(w, "stripped", b->stripped);
	json_writer_string(w, "address_source", sources[b->address_source][1]);
	list_variables(b, v);
	for (size_t i = 0; i < VARIABLES; i++) {
		if (v[i].address)
			json_writer_uint(w, v[i].key, v[i].address);
		else
			json_writer_null(w, v[i].key);
	}
	json_writer_bool(w, "profiling_linked", b->profiling_linked);
	json_writer_bool(w, "profiling_can_be_enabled", b->sure);
}

void check_report_json(const struct check *c, struct json_writer *w)
{
	json_writer_string(w, "argument", c->argument);
	if (c->pid)
		json_writer_int(w, "pid", c->pid);
	else
		json_writer_null(w, "pid");
	json_writer_string(w, "comm", c->process.pid ? c->process.comm : NULL);
	json_writer_string(w, "executable", c->known.path);
	json_writer_string(w, "verdict", verdict_names[c->verdict]);
	if (c->verdict == CHECK_UNKNOWN)
		json_writer_null(w, "would_be_written");
	else
		json_writer_bool(w, "would_be_written", c->verdict == CHECK_WRITTEN);
	json_writer_string(w, "reason", c->why.length ? strbuf_text(&c->why) : NULL);
	json_writer_bool(w, "is_go", check_is_go(c));
	json_writer_string(w, "machine", c->machine ? check_machine_name(c) : NULL);
	if (!c->known.binary)
		return;
	json_writer_bool(w, "position_independent", c->position_independent);
	put_json_binary(c->known.binary, w);
	json_writer_int(w, "mem_profile_rate_bytes", c->rate);
	if (!c->live)
		return;
	json_writer_uint(w, "load_bias", c->bias);
	json_writer_uint(w, "buckets", c->buckets);
	json_writer_uint(w, "profile_bytes", c->profile_bytes);
}
