#include "oom/gfp.h"

int gfp_names_load(struct flag_names **ret)
{
	/* It is in every kernel that has tracepoints; its masks are gfp_t, as oom_control's. */
	return flag_names_load("kmem", "mm_page_alloc", "gfp_flags", ret);
}
