/* What became of a victim, for people and for programs. */
#pragma once

#include "output/json_writer.h"
#include "victim/victim.h"

struct victim_report_options {
	bool date;	  /* full date and time */
	bool details;	  /* what the runtime knew, under the line */
	uint64_t rows;	  /* of the table of sites */
	uint64_t columns; /* of it, and its order: see site_table.h */
	int sort;
	int line_width; /* of the terminal; 0: do not cut */
};

/* Append one line, and under it the sites that hold most memory. 0 or -ENOMEM. */
int victim_report_text(const struct victim *v, const struct victim_report_options *options,
		       struct strbuf *out);

/* The table of it: SITES, and the totals of all. */
void victim_report_sites(const struct heap_totals *totals, const struct heap_site *sites, size_t n,
			 const struct victim_report_options *options, struct strbuf *out);

/* Is it, or could it become, a key of that JSON without an edited probe? */
bool victim_report_has_key(const char *name);

/* The same as members of W. 0 or -ENOMEM. */
int victim_report_json(const struct victim *v, const struct victim_report_options *options,
		       struct json_writer *w);
