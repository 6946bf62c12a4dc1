/*
 * How many goroutines a victim has. The runtime keeps all that there ever were at once in one array
 * (runtime.allgs, runtime/proc.go), those that have ended as well: each has to be asked.
 *
 * The first thread counts them before it reads buckets, in at most a quarter of its time
 * (--max-walk). If that does not do, or there is no bpf_loop() (before Linux 5.17), their number is
 * not known.
 */

#ifdef HAVE_BPF_LOOP
static inline int read_goroutines(struct goroutines *g)
{
	u64 n = g->left > GOROUTINES_AT_ONCE ? GOROUTINES_AT_ONCE : g->left;

	if (bpf_ktime_get_ns() >= g->deadline_ns)
		return 1;
	if (bpf_probe_read_user(g->part, 8 * n, (void *)g->address))
		return 1;
	g->address += 8 * n;
	return 0;
}

/* One goroutine. */
OOMTOOLS_CALLBACK(3)
{
	int zero = 0;
	struct walk *w = walk.lookup(&zero);
	u64 index = loop.index % GOROUTINES_AT_ONCE;
	struct goroutines *g;
	u32 status;

	if (!w)
		return 1;
	g = &w->goroutines;
	if (!g->left || (!index && read_goroutines(g)))
		return 1;
	if (bpf_probe_read_user(&status, 4, (void *)(g->part[index] + g->status)))
		return 1;
	if (!oomprof_is_goroutine(status))
		return 1;
	g->alive += oomprof_goroutine_lives(status);
	g->left--;
	return 0;
}

/* What is not known stays 0; there is always one. */
static inline void count_goroutines(struct walk *w, u64 bias, struct oomprof_binary *binary)
{
	struct goroutines *g = &w->goroutines;
	u64 n = 0;

	g->status = binary->goroutine_status;
	if (!g->status || !binary->allglen || !binary->allgptr)
		return;
	/* The runtime stores the array before its length: in this order they fit. */
	if (bpf_probe_read_user(&n, 8, (void *)(bias + binary->allglen)) ||
	    bpf_probe_read_user(&g->address, 8, (void *)(bias + binary->allgptr)))
		return;
	if (n > OOMPROF_GOROUTINES)
		return;
	g->left = n;
	g->deadline_ns = w->began_ns + (w->deadline_ns - w->began_ns) / GOROUTINES_PART;
	bpf_loop(n, OOMTOOLS_CALLBACK_REF(3), NULL, 0);
	if (g->left)
		g->alive = 0;
}
#else
static inline void count_goroutines(struct walk *w, u64 bias, struct oomprof_binary *binary)
{
}
#endif
