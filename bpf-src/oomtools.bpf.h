/* What every BPF text of oomtools includes first. */

/* Read kernel memory: RD(task->mm). Never dereference a kernel pointer directly. */
#define RD(x)                                                   \
	({                                                      \
		typeof(x) rd_ = 0;                              \
		bpf_probe_read_kernel(&rd_, sizeof(rd_), &(x)); \
		rd_;                                            \
	})

/*
 * Callbacks for bpf_loop(), where the kernel has it (HAVE_BPF_LOOP). libbcc cannot pass a
 *function's address, so callbacks are numbered and linked afterwards:
 *
 *	OOMTOOLS_CALLBACK(1)
 *	{
 *		struct walk *walk = loop.context;
 *		...
 *		return 0;	(1: stop)
 *	}
 *	bpf_loop(1000, OOMTOOLS_CALLBACK_REF(1), &walk, 0);
 *
 * The two arguments of the callback come as one 16-byte struct, which is passed in two registers,
 * because libbcc takes the second parameter of any global function for a field of struct pt_regs.
 */
struct oomtools_loop {
	u64 index;
	void *context;
};
#define OOMTOOLS_CALLBACK(number) int callback_##number(struct oomtools_loop loop)
#define OOMTOOLS_CALLBACK_REF(number) ((void *)bpf_pseudo_fd(4 /* BPF_PSEUDO_FUNC */, number))

/*
 * Which struct the text sends to user space. It may be given more members, wherever in it: the tool
 * reads from the text's types where each one is, and shows those it does not know. (A map that is
 * never made: all that is wanted of it is that the compiler keeps the type of its values.)
 */
#define OOMTOOLS_EVENT(name) BPF_ARRAY(name##__layout, struct name, 1)
