/* What oomprof's probe and user space tell each other. Both sides include this file. */
#pragma once

#include "oomkill.h"

#define OOMPROF_FRAMES 1026 /* of a bucket's stack; Go keeps no more, deeper ones are cut */
#define OOMPROF_FRAMES_SANE (1u << 20) /* beyond, it is no stack */
#define OOMPROF_RECORD_WORDS 8 /* of a bucket on the ring: allocs and frees of its 4 records */

/* Indices into the map `settings`, which user space fills before anything is attached. */
#define OOMPROF_SETTING_MAX_WALK_NS 0 /* for which one thread may hold its CPU */
#define OOMPROF_SETTING_CPUS 1	      /* online: with one, nobody reads while a walk goes on */
#define OOMPROF_SETTING_ALL_KILLS 2   /* not 0: tell of every SIGKILL to a program that may be Go */
#define OOMPROF_SETTINGS 3

/* An executable, by what its inode says: a file written anew is another executable. */
struct oomprof_key {
	__u64 inode;
	__u64 size;
	__u64 mtime_s;
	__u32 mtime_ns;
	__u32 device;
};

/* An executable by its place only: see program_key_of() in the probe. */
struct oomprof_inode {
	__u64 inode;
	__u64 device;
};

/* What user space has learnt of a Go executable; addresses are link-time ones. */
struct oomprof_binary {
	__u64 entry;		/* e_entry: with the process's AT_ENTRY it gives the load bias */
	__u64 mbuckets;		/* runtime.mbuckets; 0: nothing to walk */
	__u64 rate;		/* runtime.MemProfileRate */
	__u64 cycle;		/* runtime.mProfCycle; 0 unknown, as all that follow */
	__u64 buckhash;		/* runtime.buckhash: pointer to the hash table's heads */
	__u64 gc_controller;	/* runtime.gcController */
	__u64 write_barrier;	/* runtime.writeBarrier */
	__u64 allglen;		/* runtime.allglen */
	__u64 allgptr;		/* runtime.allgptr */
	__u64 goroutine_status; /* offset of atomicstatus in struct g */
	__u32 records_size;	/* of a bucket's four records: 64 or 128 bytes */
	__u32 tell_exec;	/* OOMPROF_EXEC for each start of it, not for the first one only */
};

/* A process for as long as it lives: PIDs come back. */
struct oomprof_process {
	__u64 start_ns; /* since boot */
	__u32 pid;
	__u32 pad;
};

/* /proc shows when a process started in units of this, so the keys of `places` are rounded down to
 * them. */
#define OOMPROF_TICK_NS 10000000ull

/*
 * Where a process holds the Go runtime, if not in its executable: in a library, say. User space
 * writes this into the map `places`; it goes before what the executable says. The probe removes it
 * when the process ends or runs another program.
 */
struct oomprof_place {
	struct oomprof_key key; /* of the file that holds it; a key of `binaries` */
	__u64 bias;		/* its load bias */
	__u32 flags;		/* none are defined */
	__u32 pad;
};

/* What was read of the runtime beside its buckets. */
enum oomprof_known {
	OOMPROF_KNOWS_RATE = 1,
	OOMPROF_KNOWS_CYCLE = 2,
	OOMPROF_KNOWS_GC_CONTROLLER = 4,
	OOMPROF_KNOWS_WRITE_BARRIER = 8,
	OOMPROF_KNOWS_ALLGLEN = 16,
	OOMPROF_KNOWS_GOROUTINES = 32,
};

#define OOMPROF_GC_CONTROLLER_SIZE 0x160 /* of runtime.gcControllerState as far as it is of use */

/* As it lay in the victim's memory; what is not `known` is 0. */
struct oomprof_runtime {
	__u32 known; /* of enum oomprof_known */
	__u32 write_barrier;
	__u64 allglen;
	__u64 goroutines; /* that have not ended; of a victim this comes with oomprof_end */
	__u8 gc_controller[OOMPROF_GC_CONTROLLER_SIZE];
};

/*
 * The status of a goroutine (atomicstatus of struct g, runtime/runtime2.go). Bit 12, _Gscan, goes
 * with any other. Those that are idle have never run; 11 is, since Go 1.26, a dead one of a thread
 * that C code made, and the last there is.
 */
#define OOMPROF_G_SCAN 0x1000u
#define OOMPROF_G_IDLE 0u
#define OOMPROF_G_DEAD 6u
#define OOMPROF_G_DEAD_EXTRA 11u
#define OOMPROF_GOROUTINES (1u << 20) /* so many are counted at most */

static inline int oomprof_is_goroutine(__u32 status)
{
	return (status & ~OOMPROF_G_SCAN) <= OOMPROF_G_DEAD_EXTRA;
}

static inline int oomprof_goroutine_lives(__u32 status)
{
	__u32 s = status & ~OOMPROF_G_SCAN;

	return s != OOMPROF_G_IDLE && s != OOMPROF_G_DEAD && s != OOMPROF_G_DEAD_EXTRA;
}

/* The first member of everything on the rings `execs` (OOMPROF_EXEC) and `control`. */
enum oomprof_kind {
	OOMPROF_EXEC = 1, /* struct oomprof_seen: a program was started; see tell_exec */
	OOMPROF_KILL,	  /* struct oomprof_kill: this process is killed */
	OOMPROF_BEGIN,	  /* struct oomprof_begin: its buckets come now */
	OOMPROF_END,	  /* struct oomprof_end: a thread has done its part of the walk */
	OOMPROF_EXIT,	  /* struct oomprof_exit: the last thread of the victim has gone */
};

struct oomprof_seen {
	__u32 kind;
	__u32 tid; /* of a thread that has not exited: /proc/PID knows no more than the first one */
	struct oomprof_process process;
	struct oomprof_key key;
	__u64 exec_ns; /* 0: it ran before the probe was in place */
};

/* Who has sent SIGKILL, if it was not the OOM killer. */
enum oomprof_sent {
	OOMPROF_SENT_BY_OOM = 0,
	OOMPROF_SENT_BY_PROCESS, /* kill(2) and its kin */
	OOMPROF_SENT_BY_KERNEL,	 /* for a process: cgroup.kill, the end of a PID namespace; or the
				  * OOM killer: then OOMPROF_SENT_BY_OOM follows */
};

struct oomprof_kill {
	__u32 kind;
	__u16 not_go; /* user space has found so before */
	__u16 sent;   /* enum oomprof_sent; not OOM: the event's trigger is the sender */
	struct oomprof_process process;
	struct oomprof_key key;
	struct oomkill_event event;
};

struct oomprof_begin {
	__u32 kind;
	__u32 cycle; /* value of runtime.mProfCycle */
	struct oomprof_process process;
	struct oomprof_key key;
	__u64 killed_ns; /* when SIGKILL was sent; CLOCK_MONOTONIC, as all times here */
	__u64 time_ns;
	__u64 bias; /* load bias */
	__u64 head; /* of the list of buckets; 0: none, or unreadable */
	__s64 rate; /* value of runtime.MemProfileRate */
	char comm[OOMKILL_COMM_SIZE];
	struct oomprof_runtime runtime;
};

enum oomprof_end_flag {
	OOMPROF_END_FINAL = 1,	/* nobody walks any more, and no part of the list is left */
	OOMPROF_END_BROKEN = 2, /* what lies behind an unreadable bucket could not be looked for */
};

/* One thread has done its part. Numbers are of this part. */
struct oomprof_end {
	__u32 kind;
	__u32 flags; /* enum oomprof_end_flag */
	struct oomprof_process process;
	__u64 time_ns;
	__u64 held_ns;	  /* how long it held its CPU */
	__u64 read;	  /* buckets put on the ring */
	__u64 cut;	  /* of these: stack longer than OOMPROF_FRAMES */
	__u64 unreadable; /* buckets known by their address, but not readable */
	__u64 damaged; /* what was linked as a bucket, but is none; or a list that runs in a circle
			*/
	__u64 lost;    /* buckets read, but the ring was full */
	__u64 goroutines;   /* counted by this thread; 0: not */
	__u64 heads_unread; /* entries of the hash table that were looked for and not readable */
	__u32 walkers;	    /* other threads that walk now */
	__u32 pending;	    /* parts of the list that wait for a thread */
};

/* The last thread of a victim has gone. */
struct oomprof_exit {
	__u32 kind;
	__u16 begun;	  /* 0: no walk was begun; then walkers and pending are 0 too */
	__u16 unreadable; /* a thread wanted to begin: where the list starts was not in memory */
	struct oomprof_process process;
	__u32 walkers; /* as above: threads that had left already, but for their last steps */
	__u32 pending;
};

/*
 * On the bucket ring. Of the records only the counts: in all Go versions the bytes are counts times
 * size.
 */
struct oomprof_bucket {
	__u64 victim; /* oomprof_id() */
	__u64 hash;
	__u64 size;
	__u32 depth; /* of the stack as the runtime has it */
	__u32 held;  /* of these: here */
	__u64 words[OOMPROF_FRAMES + OOMPROF_RECORD_WORDS];
};

/* Bytes of a record on the bucket ring. */
#define OOMPROF_BUCKET_BYTES(held) (32 + 8 * ((held) + OOMPROF_RECORD_WORDS))

/* A process in one word. PIDs are below 2^22; what is left of the time comes again after 73
 * minutes.
 */
static inline __u64 oomprof_id(const struct oomprof_process *process)
{
	return process->start_ns << 22 | (process->pid & 0x3fffff);
}

/* Which buckets of 64 KiB have been taken: a bit for each 64 bytes, less than any bucket has. */
struct oomprof_claim {
	__u64 victim; /* oomprof_id() */
	__u64 region; /* address / 64 KiB */
};

/* Index into the counters map: events that could not be sent because the ring was full. */
#define OOMPROF_COUNTER_LOST 0
