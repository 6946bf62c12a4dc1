/*
 * How many pages an address space has, to the page. Since Linux 6.2 what lies in the counters is
 * not all: each CPU may have as many pages more, or less, as percpu_counter_batch says (32, or
 * twice the number of CPUs).
 */

struct mm_pages {
	u64 file, anon, swap, shmem;
};

static inline void read_pages_roughly(struct mm_struct *mm, struct mm_pages *pages)
{
	pages->file = mm_pages(mm, MM_FILEPAGES);
	pages->anon = mm_pages(mm, MM_ANONPAGES);
	pages->swap = mm_pages(mm, MM_SWAPENTS);
	pages->shmem = mm_pages(mm, MM_SHMEMPAGES);
}

#ifdef ISARRAY_mm_struct__rss_stat
/*
 * What a CPU has not added yet lies in memory of its own, at the counter's address and the CPU's
 * offset (include/linux/percpu_counter.h). No program is told that offset, but an array of a map
 * lies by the same rule, and of that both the address and each CPU's element can be had.
 */
#define PAGES_COUNTERS 4 /* NR_MM_COUNTERS, include/linux/mm_types_task.h */
#define PAGES_CPUS 8192

struct pages_sum {
	u64 area; /* the map's array, without offset */
	struct mm_struct *mm;
	s64 pages[PAGES_COUNTERS];
};
BPF_PERCPU_ARRAY(pages_cpu, u64, 1);

/* BCC makes bpf_map_lookup_elem(MAP, KEY) of a lookup, and has no word for what is wanted here. */
#define bpf_map_lookup_elem(map, key) (map)
static inline u64 pages_cpu_area(void)
{
	u32 zero = 0;
	void *map = pages_cpu.lookup(&zero);
	struct bpf_array *array = (void *)RD(map); /* a copy is a plain number */

	return (u64)RD(array->pptrs[0]);
}
#undef bpf_map_lookup_elem
#define bpf_map_lookup_elem(map, key) bpf_map_lookup_percpu_elem(map, key, cpu)
static inline u64 pages_cpu_element(u32 cpu)
{
	u32 zero = 0;
	void *element = pages_cpu.lookup(&zero);

	return element ? (u64)RD(element) : 0;
}
#undef bpf_map_lookup_elem

/* One CPU more. */
OOMTOOLS_CALLBACK(5)
{
	struct pages_sum *sum = loop.context;
	u64 element = pages_cpu_element(loop.index);
	s32 *part;

	if (!element)
		return 1;
	for (int i = 0; i < PAGES_COUNTERS; i++) {
		part = (void *)RD(sum->mm->rss_stat[i].counters) + (element - sum->area);
		sum->pages[i] += RD(*part);
	}
	return 0;
}

#define PAGES_OF(sum, member) ((sum).pages[member] > 0 ? (sum).pages[member] : 0)

OOMTOOLS_CALLBACK(9)
{
	struct mm_struct *mm = (void *)loop.index;
	struct mm_pages *pages = loop.context;
	struct pages_sum sum = {.area = pages_cpu_area(), .mm = mm};

	for (int i = 0; i < PAGES_COUNTERS; i++)
		sum.pages[i] = RD(mm->rss_stat[i].count);
	bpf_loop(mm && sum.area ? PAGES_CPUS : 0, OOMTOOLS_CALLBACK_REF(5), &sum, 0);
	pages->file = PAGES_OF(sum, MM_FILEPAGES);
	pages->anon = PAGES_OF(sum, MM_ANONPAGES);
	pages->swap = PAGES_OF(sum, MM_SWAPENTS);
	pages->shmem = PAGES_OF(sum, MM_SHMEMPAGES);
	return 0;
}

static inline void read_pages_exactly(struct mm_struct *mm, struct mm_pages *pages)
{
	OOMTOOLS_CALL(9, mm, pages);
}
#else
/* Threads keep up to 64 pages each to themselves: nobody can add them up. */
#define read_pages_exactly(mm, pages) read_pages_roughly(mm, pages)
#endif

/*
 * Has it been shown that this kernel compares processes by the exact numbers? By the points of the
 * last kill (oomkill_pages.bpf.h), or from without (lib/rank/counting.h).
 */
BPF_ARRAY(pages_exact, u32, 1);

/* As the kernel counts them. */
static inline void read_pages_counted(struct mm_struct *mm, struct mm_pages *pages)
{
	int zero = 0;
	u32 *is_exact = pages_exact.lookup(&zero);

	if (is_exact && *is_exact)
		read_pages_exactly(mm, pages);
	else
		read_pages_roughly(mm, pages);
}
