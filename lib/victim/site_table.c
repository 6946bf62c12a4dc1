#include "victim/site_table.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "go/frame_text.h"
#include "output/human.h"
#include "output/table_writer.h"

#define INDENT 2

static const struct table_column columns[] = {{"INUSE", 7, false},
					      {"OBJECTS", 8, false},
					      {"%", 5, false},
					      {"SINCE-GC", 8, false},
					      {"SITE", 0, true}};

/* Characters that are left of a line for the last column. */
static size_t room_for_site(int line_width)
{
	int before = INDENT;

	for (size_t i = 0; i + 1 < ARRAY_SIZE(columns); i++)
		before += columns[i].width + 1;
	return line_width > before ? (size_t)(line_width - before) : 0;
}

static void put_site(struct strbuf *out, const struct heap_frame *frame, int line_width)
{
	frame_text(out, frame, false);
	if (line_width && out->length > room_for_site(line_width)) {
		strbuf_reset(out);
		frame_text(out, frame, true);
	}
}

static void put_row(const struct heap_site *site, const struct heap_totals *totals, int line_width,
		    struct strbuf *out)
{
	_cleanup_strbuf_ struct strbuf bytes = {0}, since = {0}, where = {0};
	int64_t total = totals->inuse_bytes;
	char objects[32], share[16];

	human_bytes(&bytes, site->inuse_bytes);
	if (totals->since_gc_known)
		human_bytes(&since, site->since_gc_bytes);
	else
		strbuf_putc(&since, '-');
	put_site(&where, &site->frame, line_width);
	snprintf(objects, sizeof(objects), "%" PRId64, site->inuse_objects);
	snprintf(share, sizeof(share), "%.1f",
		 total > 0 ? 100.0 * (double)site->inuse_bytes / (double)total : 0.0);
	table_writer_row(out, columns, ARRAY_SIZE(columns), INDENT, line_width,
			 (const char *const[]){strbuf_text(&bytes), objects, share,
					       strbuf_text(&since), strbuf_text(&where)});
}

void site_table(const struct heap_profile *profile, size_t rows, int line_width, struct strbuf *out)
{
	const struct heap_site *sites;
	size_t n = heap_profile_sites(profile, &sites);

	n = MIN(n, rows);
	while (n && sites[n - 1].inuse_bytes <= 0)
		n--; /* all freed again: largest first, so these are last */
	if (n)
		table_writer_heads(out, columns, ARRAY_SIZE(columns), INDENT);
	for (size_t i = 0; i < n; i++)
		put_row(&sites[i], heap_profile_totals(profile), line_width, out);
}
