/*
 * Which identifiers a BPF C text names, and how: the generator of kernel types asks it what the
 * text needs. It is a scan of tokens, not a parser: comments, strings and #include lines are
 * skipped, macros are not expanded and every branch of an #if counts.
 */
#pragma once

/* How a name is used, as bits. */
enum text_name_use {
	TEXT_NAME_USED = 1 << 0,     /* the identifier occurs in the text */
	TEXT_NAME_STRUCT = 1 << 1,   /* as "struct NAME" */
	TEXT_NAME_UNION = 1 << 2,    /* as "union NAME" */
	TEXT_NAME_ENUM = 1 << 3,     /* as "enum NAME" */
	TEXT_NAME_TAG_BODY = 1 << 4, /* the text itself defines that struct, union or enum */
	TEXT_NAME_DECLARED = 1 << 5, /* the text itself makes it a file-scope name: enumerator,
					typedef, function, variable, BPF map */
};

struct text_names;

/*
 * Scan TEXT, which must stay as long as the result. Names hidden in a test macro count as well:
 * HAVE_mm_struct__rss_stat, ISARRAY_... and BITS_... name "struct mm_struct" and "rss_stat";
 * HAVE_ENUMERATOR_X names X. The caller frees the result. 0 or -ENOMEM.
 */
int text_names_scan(const char *text, struct text_names **ret);

/* The uses of NAME, 0 if the text does not name it. */
unsigned text_names_use(const struct text_names *names, const char *name);

void text_names_free(struct text_names *names);
