/* What every BPF text of oomtools includes first. */

/*
 * Read kernel memory: RD(task->mm). Never dereference a kernel pointer directly. What cannot be
 * read is 0: the helper sees to it (bpf_probe_read_kernel_common(), kernel/trace/bpf_trace.c).
 */
#define RD(x)                                                   \
	({                                                      \
		typeof(x) rd_;                                  \
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
 * Call a callback as a function, on any kernel. libbcc inlines all other functions: what is long
 * and stands in more than one place is better called, as each copy takes its time to compile.
 */
#define OOMTOOLS_CALL(number, index, context) \
	((int (*)(u64, void *))(0x4f4f0000ul + (number)))((u64)(index), context)

/*
 * Which struct the text sends to user space. It may be given more members, wherever in it: the tool
 * reads from the text's types where each one is, and shows those it does not know. (A map that is
 * never made: all that is wanted of it is that the compiler keeps the type of its values.)
 */
#define OOMTOOLS_EVENT(name) BPF_ARRAY(name##__layout, struct name, 1)

/*
 * Another struct that the text sends. The tool reads it as it is: one that has got members more is
 * refused, as all that follows them would be read wrong.
 */
#define OOMTOOLS_RECORD(name) OOMTOOLS_EVENT(name)
