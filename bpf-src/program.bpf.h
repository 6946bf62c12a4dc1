/* Which process a task belongs to, and which executable it runs. */

static inline void process_of(struct task_struct *task, struct oomprof_process *process)
{
	struct task_struct *leader = RD(task->group_leader);

	process->start_ns = RD(leader->start_boottime);
	process->pid = RD(task->tgid);
	process->pad = 0;
}

/* The executable of a task; 1: it has none (any more). */
static inline int key_of(struct task_struct *task, struct oomprof_key *key)
{
	struct mm_struct *mm = RD(task->mm);
	struct file *file = mm ? RD(mm->exe_file) : NULL;
	struct inode *inode = file ? RD(file->f_inode) : NULL;
	struct super_block *super;

	__builtin_memset(key, 0, sizeof(*key));
	if (!inode)
		return 1;
	super = RD(inode->i_sb);
	key->inode = RD(inode->i_ino);
	key->size = RD(inode->i_size);
	key->device = RD(super->s_dev);
	/* Renamed in Linux 6.7 and split in 6.11 (include/linux/fs.h). */
#if defined(HAVE_inode__i_mtime_sec)
	key->mtime_s = RD(inode->i_mtime_sec);
	key->mtime_ns = RD(inode->i_mtime_nsec);
#elif defined(HAVE_inode____i_mtime)
	key->mtime_s = RD(inode->__i_mtime.tv_sec);
	key->mtime_ns = RD(inode->__i_mtime.tv_nsec);
#else
	key->mtime_s = RD(inode->i_mtime.tv_sec);
	key->mtime_ns = RD(inode->i_mtime.tv_nsec);
#endif
	return 0;
}
