/*
 * What the kernel calls the bits of a mask. Numbers, names and their order differ from kernel to
 * kernel (__GFP_HIGH was bit 5 before Linux 6.10 and need not be after it, __GFP_ATOMIC went in
 * 6.3), but tracefs has them of the kernel that runs: the format file of an event whose record
 * holds such a mask shows how to print it, as
 *   __print_flags(REC->FIELD, "|", {(unsigned long)((gfp_t)(0x400u|0x800u)), "__GFP_RECLAIM"}, ...)
 * and the kernel's own messages are made from the same table.
 */
#pragma once

#include <stdint.h>

#include "base/strbuf.h"

struct flag_names;

/*
 * Those of FIELD in the record of an event. The file is read now, so that nothing need be when
 * memory is short. 0; -ENOENT without tracefs, event or such a field; -EBADMSG if the table is not
 * understood; -errno.
 */
int flag_names_load(const char *category, const char *event, const char *field,
		    struct flag_names **ret);

/*
 * The same from the text of a format file. VALUE_OF tells the number of an enumerator, 0 or
 * -errno: some kernels have their names in the table where others have numbers. NULL: of none.
 */
typedef int flag_value_fn(void *user, const char *name, uint64_t *ret);
int flag_names_parse(const char *format, const char *field, flag_value_fn *value_of, void *user,
		     struct flag_names **ret);

/*
 * Append the names of the bits of MASK, "|" between them, as the kernel words it: the first name
 * of the table whose bits are all set takes them, and what is left over at the end is one
 * hexadecimal number. 0 or -ENOMEM.
 */
int flag_names_text(const struct flag_names *names, uint64_t mask, struct strbuf *out);

void flag_names_free(struct flag_names *names);
#define _cleanup_flag_names_ _cleanup_(flag_names_freep)
void flag_names_freep(struct flag_names **names);
