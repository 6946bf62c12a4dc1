/* Stacks with values as a tree, as folded lines and as a picture. */
#include "unit/unit.h"

#include <ctype.h>

#include "flame/flame_graph.h"
#include "flame/folded.h"

static const struct flame_options options = {"heap of <a&b>", "now \x1b[2J", "all"};

static void add(struct frame_tree *t, int64_t value, const char *a, const char *b, const char *c)
{
	const char *names[] = {a, b, c};
	size_t n = 0;

	while (n < ARRAY_SIZE(names) && names[n])
		n++;
	assert_int_equal(frame_tree_add(t, names, n, value), 0);
}

static struct frame_tree *tree_of_some(bool backwards)
{
	struct frame_tree *t;

	assert_int_equal(frame_tree_new(&t), 0);
	for (int i = 0; i < 5; i++)
		switch (backwards ? 4 - i : i) {
		case 0:
			add(t, 100, "main.main", "main.b", "main.x");
			break;
		case 1:
			add(t, 30, "main.main", "main.b", NULL);
			break;
		case 2:
			add(t, 7, "main.main", "main.a", "main.x");
			break;
		case 3:
			add(t, 3, "main.main", "main.a", "main.x");
			break;
		default:
			add(t, 60, "net/http.serve", NULL, NULL);
		}
	assert_int_equal(frame_tree_finish(t), 0);
	return t;
}

static void tree(void **state)
{
	static const struct {
		const char *name;
		int64_t self, total;
	} want[] = {{"", 0, 200},
		    {"main.main", 0, 140},
		    {"main.a", 0, 10},
		    {"main.x", 10, 10},
		    {"main.b", 30, 130},
		    {"main.x", 100, 100},
		    {"net/http.serve", 60, 60}};
	_cleanup_frame_tree_ struct frame_tree *t = tree_of_some(true);
	const struct frame_node *nodes;
	uint32_t at = 0;

	(void)state;
	assert_int_equal(frame_tree_nodes(t, &nodes), ARRAY_SIZE(want));
	for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
		assert_int_not_equal(at, FRAME_NONE);
		assert_string_equal(nodes[at].name, want[i].name);
		assert_int_equal(nodes[at].self, want[i].self);
		assert_int_equal(nodes[at].total, want[i].total);
		at = frame_tree_next(t, at, false);
	}
	assert_int_equal(at, FRAME_NONE);
	at = frame_tree_next(t, frame_tree_next(t, 0, false), true);
	assert_string_equal(nodes[at].name, "net/http.serve");
}

/* Nothing, less than nothing, and more than there can be. */
static void values(void **state)
{
	_cleanup_frame_tree_ struct frame_tree *t = NULL;
	const struct frame_node *nodes;

	(void)state;
	assert_int_equal(frame_tree_new(&t), 0);
	add(t, 0, "a", NULL, NULL);
	add(t, -5, "a", NULL, NULL);
	assert_int_equal(frame_tree_finish(t), 0);
	assert_int_equal(frame_tree_nodes(t, &nodes), 1);
	add(t, INT64_MAX, "a", NULL, NULL);
	add(t, INT64_MAX, "a", NULL, NULL);
	add(t, 5, "b", NULL, NULL);
	assert_int_equal(frame_tree_finish(t), 0);
	assert_int_equal(frame_tree_nodes(t, &nodes), 3);
	assert_int_equal(nodes[0].total, INT64_MAX);
}

static void folded(void **state)
{
	_cleanup_frame_tree_ struct frame_tree *t = tree_of_some(false);
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	add(t, 11, "main.main", "main.b!", NULL); /* '!' comes before ';' and behind ' ' */
	add(t, 13, "odd;name\n", "\xff 7", NULL);
	assert_int_equal(frame_tree_finish(t), 0);
	assert_int_equal(folded_write(t, &out), 0);
	assert_string_equal(strbuf_text(&out), "main.main;main.a;main.x 10\n"
					       "main.main;main.b 30\n"
					       "main.main;main.b! 11\n"
					       "main.main;main.b;main.x 100\n"
					       "net/http.serve 60\n"
					       "odd,name\\x0a;\\xff 7 13\n");
}

/* Every tag is closed in order, nothing but the five entities is written with '&'. */
static void assert_well_formed(const char *p)
{
	char open[16][32];
	size_t depth = 0;

	while (*p) {
		if (strncmp(p, "<![CDATA[", 9) == 0) {
			p = strstr(p, "]]>");
			assert_non_null(p);
			p += 3;
		} else if (strncmp(p, "<?", 2) == 0) {
			p = strstr(p, "?>") + 2;
		} else if (strncmp(p, "</", 2) == 0) {
			assert_true(depth > 0);
			depth--;
			assert_int_equal(strncmp(p + 2, open[depth], strlen(open[depth])), 0);
			p = strchr(p, '>') + 1;
		} else if (*p == '<') {
			size_t n = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz");

			assert_true(n > 0 && n < sizeof(open[0]) && depth < ARRAY_SIZE(open));
			snprintf(open[depth++], sizeof(open[0]), "%.*s", (int)n, p + 1);
			p = strchr(p, '>') + 1;
			depth -= p[-2] == '/';
		} else {
			assert_true(*p == '\n' || !iscntrl((unsigned char)*p));
			if (*p == '&')
				assert_true(strncmp(p, "&amp;", 5) == 0 ||
					    strncmp(p, "&lt;", 4) == 0 ||
					    strncmp(p, "&gt;", 4) == 0);
			p++;
		}
	}
	assert_int_equal(depth, 0);
}

/* The number behind WORD, which comes after the text NAME. */
static double number(const struct strbuf *svg, const char *name, const char *word)
{
	const char *at = strstr(strbuf_text(svg), name);

	assert_non_null(at);
	at = strstr(at, word);
	assert_non_null(at);
	return atof(at + strlen(word));
}

static void picture(void **state)
{
	_cleanup_frame_tree_ struct frame_tree *t = tree_of_some(false), *same = tree_of_some(true);
	_cleanup_strbuf_ struct strbuf out = {0}, again = {0};

	(void)state;
	assert_int_equal(flame_graph_write(t, &options, &out), 0);
	assert_int_equal(flame_graph_write(same, &options, &again), 0);
	assert_string_equal(strbuf_text(&out), strbuf_text(&again));
	assert_well_formed(strbuf_text(&out));
	assert_non_null(strstr(strbuf_text(&out), ">heap of &lt;a&amp;b&gt;</text>"));
	assert_non_null(strstr(strbuf_text(&out), ">now \\x1b[2J</text>"));
	assert_non_null(strstr(strbuf_text(&out), "<title>main.b\n130 bytes, 65.00%</title>"));
	assert_float_equal(number(&out, "<title>all", "width=\""), 100, 0);
	assert_float_equal(number(&out, "<title>main.a", "x=\""), 0, 0);
	assert_float_equal(number(&out, "<title>main.a", "width=\""), 5, 0);
	assert_float_equal(number(&out, "<title>main.b", "x=\""), 5, 0);
	assert_float_equal(number(&out, "<title>main.b", "width=\""), 65, 0);
	assert_float_equal(number(&out, "<title>net/http", "x=\""), 70, 0);
	assert_float_equal(number(&out, "<title>net/http", "width=\""), 30, 0);
	/* The caller is below. */
	assert_float_equal(number(&out, "<title>all", " y=\""), 54, 0);
	assert_float_equal(number(&out, "<title>main.b", " y=\""), 18, 0);
	assert_null(strstr(strbuf_text(&out), "left out"));
	assert_null(strstr(strbuf_text(&out), "href"));
	assert_null(strstr(strbuf_text(&out), "src="));
}

static void odd_names(void **state)
{
	_cleanup_frame_tree_ struct frame_tree *t = NULL;
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	assert_int_equal(frame_tree_new(&t), 0);
	add(t, 10, "</title><script>alert(1)</script>", "]]>", "\"'&amp;");
	add(t, 10, "\xef\xbf\xbe\xef\xbf\xbf", "\xff\xfe\x01\t\n", "");
	assert_int_equal(frame_tree_finish(t), 0);
	assert_int_equal(flame_graph_write(t, &options, &out), 0);
	assert_well_formed(strbuf_text(&out));
	assert_non_null(strstr(strbuf_text(&out), "&lt;script&gt;alert(1)&lt;/script&gt;"));
	assert_non_null(strstr(strbuf_text(&out), "<title>\"'&amp;amp;\n"));
	assert_non_null(strstr(strbuf_text(&out), "<title>??\n"));
}

/* A name that is too long loses its package's path first, then its end; characters stay whole. */
static void labels(void **state)
{
	_cleanup_frame_tree_ struct frame_tree *t = NULL;
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	assert_int_equal(frame_tree_new(&t), 0);
	add(t, 10, "example.com/a/long/path.Function[x/y]", NULL, NULL); /* 118 pixels */
	add(t, 5, "a.b\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9\u00e9", NULL, NULL);
	add(t, 85, "main.main", NULL, NULL);
	assert_int_equal(frame_tree_finish(t), 0);
	assert_int_equal(flame_graph_write(t, &options, &out), 0);
	assert_non_null(strstr(strbuf_text(&out), ">path.Function[\u2026</text>"));
	assert_non_null(strstr(strbuf_text(&out), ">a.b\u00e9\u00e9\u00e9\u2026</text>"));
}

static void narrow_frames(void **state)
{
	_cleanup_frame_tree_ struct frame_tree *t = NULL;
	_cleanup_strbuf_ struct strbuf out = {0};

	(void)state;
	assert_int_equal(frame_tree_new(&t), 0);
	add(t, 1000000, "wide", NULL, NULL);
	add(t, 3, "narrow", "above", "higher");
	add(t, 2, "thin", NULL, NULL);
	assert_int_equal(frame_tree_finish(t), 0);
	assert_int_equal(flame_graph_write(t, &options, &out), 0);
	assert_well_formed(strbuf_text(&out));
	assert_null(strstr(strbuf_text(&out), "<title>narrow"));
	assert_null(strstr(strbuf_text(&out), "<title>above"));
	assert_non_null(strstr(strbuf_text(&out), "left out: 2 frames narrower than 0.017%"));
	assert_float_equal(number(&out, "<title>all", " y=\""), 18, 0);
}

static void nothing(void **state)
{
	_cleanup_frame_tree_ struct frame_tree *t = NULL;
	_cleanup_strbuf_ struct strbuf out = {0}, lines = {0};

	(void)state;
	assert_int_equal(frame_tree_new(&t), 0);
	assert_int_equal(frame_tree_finish(t), 0);
	assert_int_equal(flame_graph_write(t, &options, &out), 0);
	assert_well_formed(strbuf_text(&out));
	assert_float_equal(number(&out, "<title>all\n0 bytes", "width=\""), 100, 0);
	assert_int_equal(folded_write(t, &lines), 0);
	assert_string_equal(strbuf_text(&lines), "");
}

/* As deep as Go's stacks can get. */
static void deep(void **state)
{
	_cleanup_frame_tree_ struct frame_tree *t = NULL;
	_cleanup_strbuf_ struct strbuf out = {0}, lines = {0};
	const char *names[1026];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		names[i] = i % 2 ? "main.f" : "main.g";
	assert_int_equal(frame_tree_new(&t), 0);
	assert_int_equal(frame_tree_add(t, names, ARRAY_SIZE(names), 5), 0);
	assert_int_equal(frame_tree_finish(t), 0);
	assert_int_equal(flame_graph_write(t, &options, &out), 0);
	assert_float_equal(number(&out, "<title>all", " y=\""), 18 * 1026, 0);
	assert_int_equal(folded_write(t, &lines), 0);
	assert_int_equal(lines.length, 1026 * 7 + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree),		 cmocka_unit_test(values),
		cmocka_unit_test(folded),	 cmocka_unit_test(picture),
		cmocka_unit_test(odd_names),	 cmocka_unit_test(labels),
		cmocka_unit_test(narrow_frames), cmocka_unit_test(nothing),
		cmocka_unit_test(deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
