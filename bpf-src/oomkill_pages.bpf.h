/* A kill's numbers of pages, as the kernel itself has had them. */
#include "pages.bpf.h"

/* How far from the points of the chosen one that many pages are (oom_badness(), mm/oom_kill.c). */
static inline u64 pages_error(struct oomkill_event *e, u64 pages)
{
	s64 weight = e->oom_score_adj * (s64)(e->totalpages / 1000);
	s64 error = e->points - weight - (s64)(pages + e->pgtables_bytes / 4096);

	return error < 0 ? -error : error;
}

/*
 * The numbers that the kernel itself has used, and logs. Which these are differs by version, and it
 * was changed in stable kernels, too: the victim's points tell.
 */
static inline void as_the_kernel_counts(struct oomkill_event *e, struct task_struct *victim)
{
	struct mm_struct *mm = RD(victim->mm);
	u64 rough = e->file_pages + e->anon_pages + e->swap_pages + e->shmem_pages, exact;
	struct mm_pages pages;
	int zero = 0;
	u32 *is_exact = pages_exact.lookup(&zero);

	if (!mm || !is_exact)
		return;
	read_pages_exactly(mm, &pages);
	exact = pages.file + pages.anon + pages.swap + pages.shmem;
	if (e->flags & OOMKILL_HAS_CONTROL && e->points != OOMKILL_UNKNOWN_POINTS)
		*is_exact = pages_error(e, exact) < pages_error(e, rough);
	if (!*is_exact)
		return;
	e->file_pages = pages.file;
	e->anon_pages = pages.anon;
	e->swap_pages = pages.swap;
	e->shmem_pages = pages.shmem;
}
