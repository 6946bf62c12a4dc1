/*
 * Names kernel types of every shape, for tests/live/layout.c: it is never compiled. Some of these
 * types and fields are not in every kernel.
 */
struct task_struct *task;
	thread_info flags stack usage on_cpu prio se sum_exec_runtime load weight run_node cpus_ptr
	mm active_mm exit_state exit_signal pid tgid real_parent parent children sibling
	group_leader thread_group thread_pid pid_links utime stime start_time start_boottime
	min_flt maj_flt cred real_cred comm fs files nsproxy signal sighand blocked pending
	signalfd_wqh seccomp alloc_lock pi_lock io_context capture_control ioac cgroups cg_list
	rss_stat splice_pipe delays memcg_in_oom memcg_oom_gfp_mask memcg_nr_pages_over_high
	active_memcg oom_reaper_list oom_reaper_timer stack_vm_area security thread __state state
	in_execve in_iowait brk_randomized in_user_fault no_cgroup_migration frozen use_memdelay
	sched_reset_on_fork sched_contributes_to_load jobctl personality atomic_flags
struct signal_struct *signal_struct;
	sigcnt live nr_threads oom_flag_origin oom_score_adj oom_score_adj_min oom_mm pids rlim
	shared_pending group_exit_code group_exec_task group_exit_task tty leader maxrss stats
	has_child_subreaper is_child_subreaper cred_guard_mutex rlim_cur rlim_max
struct mm_struct *mm_struct;
	mmap mm_mt mmap_base task_size pgd mm_users mm_count pgtables_bytes map_count
	hiwater_rss hiwater_vm total_vm locked_vm data_vm exec_vm stack_vm def_flags start_code
	end_code start_data end_data start_brk brk start_stack arg_start arg_end env_start env_end
	saved_auxv binfmt owner exe_file mm_cid context uprobes_state count counter
struct mem_cgroup *memcg;
	css id memory swap memsw kmem memory_events vmstats vmstats_percpu oom_group oom_lock
	under_oom swappiness oom_kill_disable high max min low failcnt watermark usage parent
	events_file swap_events_file socket_pressure nodeinfo zones lruvec
struct cgroup *cgroup;
	self level max_depth kn procs_file dfl_cgrp root subsys cset_links ancestor_ids ancestors
	psi bpf nr_descendants
struct cgroup_subsys_state *css_state;
	refcnt rstat_css_node serial_nr online_cnt ss
struct css_set *css_set;
	tasks mg_tasks dfl_root
struct kernfs_node *kernfs_node;
	active name rb ns hash dir symlink attr priv mode iattr ino generation subdirs
struct oom_control *oc;
	zonelist nodemask gfp_mask order totalpages chosen chosen_points constraint
struct pt_regs *regs;
struct inode *inode;
	i_mode i_opflags i_uid i_gid i_flags i_op i_sb i_mapping i_ino i_nlink i_rdev i_size i_atime
	i_mtime i_ctime __i_ctime i_bytes i_blkbits i_blocks i_rwsem i_hash i_lru i_dentry i_rcu
	i_version i_count i_fop i_data i_pipe i_cdev i_link i_private free_inode
struct super_block *sb;
	s_list s_dev s_blocksize_bits s_blocksize s_maxbytes s_type s_op s_flags s_magic s_root s_id
	s_uuid s_bdev s_iflags s_writers s_user_ns
struct file *file;
	f_u f_path f_inode f_op f_lock f_count f_flags f_mode f_pos f_owner f_cred f_mapping f_ep
	dentry mnt d_name d_iname d_parent d_inode d_sb len qstr
struct percpu_counter *counter_type;
	lock list counters raw_lock val
struct page *page;
	lru mapping index private compound_head _refcount _mapcount page_type memcg_data units
	pp pp_magic dma_addr virtual
struct folio *folio;
	_folio_nr_pages _entire_mapcount _nr_pages_mapped
struct vm_area_struct *vma;
	vm_start vm_end vm_next vm_mm vm_page_prot vm_flags shared rb_subtree_last anon_vma vm_ops
	vm_pgoff vm_file vm_private_data anon_name vm_lock pgprot pgprot_t
struct kernel_siginfo *info;
	si_signo si_errno si_code _sifields _kill _pid _uid _sigfault _addr _timer _sigval sival_int
	sival_ptr _addr_bnd _lower _upper _sigpoll _band _fd _syscall
union sigval value;
struct linux_binprm *bprm;
	vma_pages argmin have_execfd execfd_creds secureexec point_of_no_return executable
	interpreter file per_clear argc envc filename interp fdpath interp_flags execfd loader exec
	buf p rlim_stack
struct bio *bio;
	bi_next bi_iter bi_opf bi_status bi_inline_vecs bi_io_vec bi_size bi_sector
struct sk_buff *skb;
	next prev dev sk tstamp cb _skb_refdst len data_len mac_len cloned nohdr fclone peeked
	pkt_type ignore_df ip_summed csum_start protocol transport_header head data tail
struct tcphdr *tcp;
	source dest seq ack_seq doff fin syn window
struct tcp_sock *tcp_sock;
	inet_conn snd_una rcv_nxt is_sack_reneg
struct desc_struct *descriptor;
	limit0 base0 base1 type s dpl base2
struct bpf_iter__task *iterator;
	meta task seq session_id seq_num
struct trace_event_raw_mark_victim *event;
	ent type preempt_count total_vm anon_rss __data_loc_comm __data
struct zone *zone;
	_watermark nr_reserved_highatomic lowmem_reserve node per_cpu_pageset zone_start_pfn
	managed_pages present_pages free_area vm_stat free_list nr_free
struct psi_group *psi;
	enabled avg total avg_total avg_next_update polling_total
struct pid *pid_type;
	numbers upid nr
struct acpi_table_header *packed;
	signature length revision checksum oem_id asl_compiler_id
struct elf64_hdr *elf; struct sockaddr_in6 *address; struct in6_addr *in6;
	e_ident e_machine e_entry sin6_addr in6_u u6_addr32 s6_addr
enum oom_constraint c; enum pid_type t; enum zone_type z;
atomic_t a; atomic_long_t b; spinlock_t d; gfp_t e; kuid_t f; refcount_t g; nodemask_t h; pte_t i;
cpumask_t j; sigset_t k; pgd_t l; bits sig _bits
