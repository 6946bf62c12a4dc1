/*
 * A victim as victim_report_json() has written it, and as text again. The bytes are not trusted.
 * What its runtime knew is not read back.
 */
#pragma once

#include "victim/victim_report.h"

#define VICTIM_RECORDED_SITES 1000 /* the most that a line can have */

struct victim_recorded;

/*
 * Of a line without its newline. What is missing is unknown. 0; -EBADMSG: it is no victim, or what
 * it says makes no sense, and WHY says what; -ENOMEM.
 */
int victim_recorded_read(const char *line, size_t n, struct victim_recorded **ret,
			 struct strbuf *why);
void victim_recorded_free(struct victim_recorded *r);
#define _cleanup_victim_recorded_ _cleanup_(victim_recorded_freep)
void victim_recorded_freep(struct victim_recorded **r);

/* Was it killed, by whomever? Else it was a living one. */
bool victim_recorded_killed(const struct victim_recorded *r);

/* As victim_report_text(), with the sites that were recorded. */
int victim_recorded_text(const struct victim_recorded *r,
			 const struct victim_report_options *options, struct strbuf *out);
