#include "flame/flame_graph.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/hash_index.h"
#include "base/text.h"
#include "output/human.h"

/* Pixels. */
#define WIDTH 1200 /* of the picture where no script makes it as wide as the window */
#define SIDE 10
#define FRAMES (WIDTH - 2 * SIDE)
#define HEAD 72 /* above the frames */
#define ROW 18
#define FOOT 60
#define CHARACTER 7.23 /* the width of one, 12 pixels high */
#define NARROWEST 0.2  /* a frame */
#define THIN 4	       /* one without an outline */

/* Made from the files of the same name. */
extern const char flame_graph_css[], flame_graph_js[];

struct drawing {
	const struct frame_tree *tree;
	const struct frame_node *nodes;
	const struct flame_options *options;
	struct strbuf *out;
	uint32_t levels;   /* above the root */
	uint64_t left_out; /* frames that are too narrow, without those above them */
};

/* Is it U+FFFE or U+FFFF? No XML file may hold these, however they are written. */
static bool is_noncharacter(const char *p)
{
	return strncmp(p, "\xef\xbf\xbe", 3) == 0 || strncmp(p, "\xef\xbf\xbf", 3) == 0;
}

static void put_text(struct strbuf *out, const char *text, size_t n)
{
	_cleanup_strbuf_ struct strbuf plain = {0};

	text_display(&plain, text, n);
	out->failed = out->failed || plain.failed;
	for (const char *p = strbuf_text(&plain); *p; p++) {
		if (*p == '&') {
			strbuf_puts(out, "&amp;");
		} else if (*p == '<') {
			strbuf_puts(out, "&lt;");
		} else if (*p == '>') {
			strbuf_puts(out, "&gt;");
		} else if (is_noncharacter(p)) {
			strbuf_putc(out, '?');
			p += 2;
		} else {
			strbuf_putc(out, *p);
		}
	}
}

static size_t characters(const char *text, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

/* Where the name begins without its package's path. */
static const char *short_name(const char *name)
{
	const char *slash = memrchr(name, '/', strcspn(name, "[("));

	return slash ? slash + 1 : name;
}

/* The name, without the package's path where that is too long, or what fits of it. */
static void put_label(struct strbuf *out, const char *name, double width)
{
	size_t most = width > 6 ? (size_t)((width - 6) / CHARACTER) : 0, n;

	if (characters(name, strlen(name)) > most)
		name = short_name(name);
	if (characters(name, strlen(name)) <= most) {
		put_text(out, name, strlen(name));
		return;
	}
	for (n = 0; name[n] && characters(name, n + 1) < most; n++)
		;
	put_text(out, name, n);
	strbuf_puts(out, "\u2026");
}

/* One channel of a colour given by hue (degrees), saturation and lightness. */
static unsigned int channel(double hue, double saturation, double lightness, int offset)
{
	double k = fmod(offset + hue / 30, 12);
	double a = saturation * MIN(lightness, 1 - lightness);

	return (unsigned int)(255 * (lightness - a * MAX(-1.0, MIN(MIN(k - 3, 9 - k), 1.0))) + 0.5);
}

/* From green to blue by package, lighter or darker by function: the same in every picture. */
static void put_colour(struct strbuf *out, const char *name)
{
	const char *last = short_name(name);
	uint64_t package = hash_bytes(0, name, (size_t)(last - name) + strcspn(last, "."));
	uint64_t function = hash_bytes(0, name, strlen(name));
	double hue = 95 + (double)(package % 136);
	double saturation = 0.28 + (double)((package >> 16) % 28) / 100;
	double lightness = 0.66 + (double)((package >> 32) % 10 + function % 5) / 100;

	strbuf_printf(out, "#%02x%02x%02x", channel(hue, saturation, lightness, 0),
		      channel(hue, saturation, lightness, 8),
		      channel(hue, saturation, lightness, 4));
}

static void put_numbers(struct strbuf *out, int64_t value, int64_t all)
{
	if (value >= 1024) {
		human_bytes(out, value);
		strbuf_printf(out, " (%" PRId64 " bytes)", value);
	} else {
		strbuf_printf(out, "%" PRId64 " bytes", value);
	}
	strbuf_printf(out, ", %.2f%%", all > 0 ? 100.0 * (double)value / (double)all : 100.0);
}

/* One frame; FROM and WIDTH are shares of the whole, from 0 to 1. */
static void put_frame(const struct drawing *d, const struct frame_node *node, double from,
		      double width)
{
	const char *name = node->depth ? node->name : d->options->root;
	uint32_t y = ROW * (d->levels - node->depth);

	strbuf_puts(d->out, width * FRAMES < THIN ? "<g class=\"thin\"><title>" : "<g><title>");
	put_text(d->out, name, strlen(name));
	strbuf_putc(d->out, '\n');
	put_numbers(d->out, node->total, d->nodes[0].total);
	strbuf_printf(d->out,
		      "</title><rect x=\"%.4f%%\" y=\"%" PRIu32
		      "\" width=\"%.4f%%\" height=\"%d\" fill=\"",
		      from * 100, y, width * 100, ROW - 1);
	if (node->depth)
		put_colour(d->out, name);
	else
		strbuf_puts(d->out, "#d5dfe2");
	strbuf_puts(d->out, "\"/>");
	if (width * FRAMES >= 3 * CHARACTER + 6) {
		strbuf_printf(d->out, "<text x=\"%.4f%%\" dx=\"4\" y=\"%" PRIu32 "\">", from * 100,
			      y + 13);
		put_label(d->out, name, width * FRAMES);
		strbuf_puts(d->out, "</text>");
	}
	strbuf_puts(d->out, "</g>\n");
}

static double share(const struct drawing *d, int64_t value)
{
	return d->nodes[0].total > 0 ? (double)value / (double)d->nodes[0].total : 1;
}

static bool is_too_narrow(const struct drawing *d, uint32_t node)
{
	return node && share(d, d->nodes[node].total) * FRAMES < NARROWEST;
}

/* How high it gets, and what is left out of it. */
static void survey(struct drawing *d)
{
	bool narrow = false;

	for (uint32_t i = 0; i != FRAME_NONE; i = frame_tree_next(d->tree, i, narrow)) {
		narrow = is_too_narrow(d, i);
		if (narrow)
			d->left_out++;
		else
			d->levels = MAX(d->levels, d->nodes[i].depth);
	}
}

/*
 * Frames stand on their caller's left end, one beside the other; its own share is what remains on
 * the right. FROM has for each level where the next frame begins.
 */
static int put_frames(const struct drawing *d)
{
	_cleanup_free_ double *from = calloc(d->levels + 2, sizeof(*from));
	bool narrow = false;

	if (!from)
		return -ENOMEM;
	for (uint32_t i = 0; i != FRAME_NONE; i = frame_tree_next(d->tree, i, narrow)) {
		const struct frame_node *node = &d->nodes[i];
		double width = share(d, node->total);

		narrow = is_too_narrow(d, i);
		if (!narrow) {
			put_frame(d, node, from[node->depth], width);
			from[node->depth + 1] = from[node->depth];
		}
		from[node->depth] += width;
	}
	return 0;
}

static void put_line_of_text(struct strbuf *out, const char *id, int x, uint32_t y,
			     const char *text)
{
	strbuf_printf(out, "<text id=\"%s\" x=\"%d\" y=\"%" PRIu32 "\">", id, x, y);
	put_text(out, text, strlen(text));
	strbuf_puts(out, "</text>\n");
}

static void put_head(const struct drawing *d, uint32_t height)
{
	strbuf_printf(d->out,
		      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%" PRIu32
		      "\" viewBox=\"0 0 %d %" PRIu32 "\">\n<title>",
		      WIDTH, height, WIDTH, height);
	put_text(d->out, d->options->title, strlen(d->options->title));
	strbuf_printf(d->out,
		      "</title>\n<style>\n%s</style>\n"
		      "<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n",
		      flame_graph_css);
	put_line_of_text(d->out, "title", SIDE, 30, d->options->title);
	put_line_of_text(d->out, "subtitle", SIDE, 52, d->options->subtitle);
}

static void put_foot(const struct drawing *d, uint32_t y)
{
	char note[128] = "";

	if (d->left_out)
		snprintf(note, sizeof(note),
			 "left out: %" PRIu64 " frames narrower than %.3f%%, and what they call",
			 d->left_out, 100 * NARROWEST / FRAMES);
	put_line_of_text(d->out, "note", SIDE, y + 48, note);
	strbuf_printf(d->out,
		      "<g id=\"details\" data-y=\"%" PRIu32 "\" transform=\"translate(0,%" PRIu32
		      ")\"><rect width=\"100%%\" height=\"26\"/><text x=\"%d\" y=\"18\"/></g>\n"
		      "<script><![CDATA[\n%s]]></script>\n</svg>\n",
		      y + 4, y + 4, SIDE, flame_graph_js);
}

int flame_graph_write(const struct frame_tree *tree, const struct flame_options *options,
		      struct strbuf *out)
{
	struct drawing d = {.tree = tree, .options = options, .out = out};
	uint32_t height;
	int r;

	frame_tree_nodes(tree, &d.nodes);
	survey(&d);
	height = ROW * (d.levels + 1);
	put_head(&d, HEAD + height + FOOT);
	strbuf_printf(out,
		      "<svg id=\"frames\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%" PRIu32 "\">\n",
		      SIDE, HEAD, FRAMES, height);
	r = put_frames(&d);
	strbuf_puts(out, "</svg>\n");
	put_foot(&d, HEAD + height);
	return r < 0 ? r : strbuf_error(out);
}
