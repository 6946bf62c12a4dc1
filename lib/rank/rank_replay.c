#include "rank/rank_replay.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_member.h"
#include "base/macro.h"
#include "base/text.h"
#include "oom/kill_json.h"
#include "output/human.h"
#include "output/table_writer.h"

struct rank_replay {
	struct rank_replay_options options;
	struct strbuf head; /* of the report that is being shown; empty: none yet */
	uint64_t rows, more;
};

static const struct table_column columns[] = {
	{"VERDICT", 7, true}, {"RANK", 5, false},   {"PID", 7, false}, {"COMM", 15, true},
	{"SIZE", 8, false},   {"POINTS", 8, false}, {"ADJ", 5, false}, {"WHY", 0, true},
};

int rank_replay_open(const struct rank_replay_options *options, struct rank_replay **ret)
{
	*ret = calloc(1, sizeof(**ret));
	if (!*ret)
		return -ENOMEM;
	(*ret)->options = *options;
	return 0;
}

void rank_replay_close(struct rank_replay *r)
{
	if (!r)
		return;
	strbuf_free(&r->head);
	free(r);
}

/* "" where it is none. */
static const char *text_of(struct json_object *o, const char *key)
{
	struct json_object *value = json_member(o, key, json_type_string);

	return value ? json_object_get_string(value) : "";
}

static void put_text(struct strbuf *out, const char *text)
{
	text_display(out, text, strlen(text));
}

static bool put_number(struct strbuf *out, struct json_object *o, const char *key)
{
	struct json_object *value = json_member(o, key, json_type_int);

	if (!value)
		return false;
	strbuf_printf(out, "%" PRId64, json_object_get_int64(value));
	return true;
}

static void put_number_or_dash(struct strbuf *out, struct json_object *o, const char *key)
{
	if (!put_number(out, o, key))
		strbuf_putc(out, '-');
}

static int64_t bytes_of(struct json_object *o, const char *key)
{
	struct json_object *value = json_member(o, key, json_type_int);
	int64_t bytes = value ? json_object_get_int64(value) : 0;

	return MIN(MAX(bytes, 0), INT64_MAX / 8);
}

static void put_head(struct json_object *o, struct strbuf *out)
{
	const char *path = text_of(o, "domain_memcg_path"), *nodes = text_of(o, "domain_nodes");

	put_text(out, text_of(o, "time"));
	strbuf_putc(out, ' ');
	put_text(out, text_of(o, "domain"));
	if (*path || *nodes) {
		strbuf_putc(out, ' ');
		put_text(out, *path ? path : nodes);
	}
	strbuf_puts(out, ", available ");
	human_bytes(out, bytes_of(o, "machine_available_bytes"));
	strbuf_puts(out, " of ");
	human_bytes(out, bytes_of(o, "machine_total_bytes"));
	strbuf_puts(out, ", outcome ");
	put_text(out, text_of(o, "outcome"));
	strbuf_putc(out, '\n');
}

/* What has changed, and why it is passed by or dies; of others the cgroup. */
static void put_why(struct json_object *o, struct strbuf *out)
{
	const char *change = text_of(o, "change"), *reason = text_of(o, "reason");

	put_text(out, change);
	if (*reason) {
		strbuf_puts(out, *change ? ", " : "");
		put_text(out, reason);
	}
	if (!out->length)
		put_text(out, text_of(o, "memcg_path"));
}

static int put_row(const struct rank_replay *r, struct json_object *o, struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf verdict = {0}, rank = {0}, pid = {0}, comm = {0}, size = {0},
				       points = {0}, adj = {0}, why = {0};

	put_text(&verdict, text_of(o, "verdict"));
	put_number_or_dash(&rank, o, "rank");
	put_number_or_dash(&pid, o, "pid");
	put_text(&comm, text_of(o, "comm"));
	human_bytes(&size, bytes_of(o, "rss_bytes") + bytes_of(o, "swap_bytes") +
				   bytes_of(o, "pgtables_bytes"));
	put_number_or_dash(&points, o, "points");
	put_number_or_dash(&adj, o, "oom_score_adj");
	put_why(o, &why);
	table_writer_row(out, columns, ARRAY_SIZE(columns), 0, r->options.width,
			 (const char *const[]){strbuf_text(&verdict), strbuf_text(&rank),
					       strbuf_text(&pid), strbuf_text(&comm),
					       strbuf_text(&size), strbuf_text(&points),
					       strbuf_text(&adj), strbuf_text(&why)});
	return strbuf_error(out);
}

static void put_more(struct rank_replay *r, struct strbuf *out)
{
	if (r->more)
		strbuf_printf(out, "... and %" PRIu64 " more\n", r->more);
	r->rows = r->more = 0;
}

static int show_row(struct rank_replay *r, struct json_object *o)
{
	_cleanup_strbuf_ struct strbuf out = {0}, head = {0};
	int error = 0;

	put_head(o, &head);
	if (strcmp(strbuf_text(&head), strbuf_text(&r->head)) != 0) {
		put_more(r, &out);
		strbuf_puts(&out, r->head.length ? "\n" : "");
		strbuf_puts(&out, strbuf_text(&head));
		table_writer_heads(&out, columns, ARRAY_SIZE(columns), 0);
		SWAP(r->head, head);
	}
	if (r->options.rows && r->rows >= r->options.rows)
		r->more++;
	else
		error = put_row(r, o, &out);
	r->rows++;
	if (error == 0)
		error = strbuf_error(&r->head);
	return error < 0 || !out.length ? error : r->options.show(r->options.user, &out);
}

static int show_line(struct rank_replay *r, const char *line, size_t n)
{
	_cleanup_strbuf_ struct strbuf out = {0};
	int error;

	strbuf_append(&out, line, n);
	strbuf_putc(&out, '\n');
	error = strbuf_error(&out);
	return error < 0 ? error : r->options.show(r->options.user, &out);
}

int rank_replay_line(struct rank_replay *r, const char *line, size_t n, struct strbuf *why)
{
	struct json_object *o;
	int error = kill_json_parse(line, n, &o, why);

	if (error < 0)
		return error;
	if (!*text_of(o, "time") || !*text_of(o, "verdict") ||
	    !json_member(o, "pid", json_type_int)) {
		strbuf_puts(why, "not a process of a ranking: it has no time, verdict and pid");
		error = -EBADMSG;
	} else {
		error = r->options.json ? show_line(r, line, n) : show_row(r, o);
	}
	json_object_put(o);
	return error;
}

int rank_replay_end(struct rank_replay *r)
{
	_cleanup_strbuf_ struct strbuf out = {0};

	put_more(r, &out);
	return out.length ? r->options.show(r->options.user, &out) : 0;
}
