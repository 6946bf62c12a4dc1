/*
 * The least that a walk over heap buckets can cost: two reads and one write to a ring for each, and
 * nothing else: no limit, no claims, no place to go on from. For comparison with oomprof's walk
 * only. It runs in the first thread of the process that ends; so from Linux 6.16 on, where that is
 * before its memory has gone.
 */
#define FRAMES 128
#define HEADER 48
#define REST (8 * (FRAMES + 16))
#define NO_WAKEUP 1

struct bare_walk {
	u64 pid;
	u64 address; /* of the next bucket */
	u64 read, failed, ns, records_size;
	u64 taken; /* by the first thread that ends: two at once would count each bucket twice */
};
struct bare_bucket {
	u64 header[6];
	u64 rest[FRAMES + 16];
};
BPF_ARRAY(walks, struct bare_walk, 1);
BPF_PERCPU_ARRAY(scratch, struct bare_bucket, 1);
BPF_RINGBUF_OUTPUT(ring, 1);

struct oomtools_loop {
	u64 index;
	void *context;
};

int callback_1(struct oomtools_loop loop)
{
	int zero = 0;
	struct bare_walk *w = walks.lookup(&zero);
	struct bare_bucket *b = scratch.lookup(&zero);
	u64 n;

	if (!w || !b || !w->address)
		return 1;
	if (bpf_probe_read_user(b->header, HEADER, (void *)w->address))
		return 1;
	n = b->header[5] * 8 + (w->records_size == 64 ? 64 : 128);
	if (n > REST)
		return 1;
	if (bpf_probe_read_user(b->rest, n, (void *)(w->address + HEADER)))
		return 1;
	w->address = b->header[1];
	if (ring.ringbuf_output(&b->rest[0], 288, NO_WAKEUP))
		w->failed++;
	else
		w->read++;
	return 0;
}

BPF_PROG(raw_tp__sched_process_exit, struct task_struct *task)
{
	int zero = 0;
	struct bare_walk *w = walks.lookup(&zero);
	u64 began;

	if (!w || !w->address || bpf_get_current_pid_tgid() >> 32 != w->pid)
		return 0;
	if (__sync_lock_test_and_set(&w->taken, 1))
		return 0;
	began = bpf_ktime_get_ns();
	bpf_loop(8 << 20, (void *)bpf_pseudo_fd(4 /* BPF_PSEUDO_FUNC */, 1), NULL, 0);
	w->ns = bpf_ktime_get_ns() - began;
	w->address = 0;
	return 0;
}
