/* What oomprof's probe and user space tell each other. Both sides include this file. */
#pragma once

#include "oomkill.h"

#define OOMPROF_FRAMES 1024	   /* of a bucket's stack; deeper ones are cut */
#define OOMPROF_BUCKETS (8u << 20) /* one walk goes no further */
#define OOMPROF_HEADER_WORDS 6	   /* of a bucket: next, allnext, typ, hash, size, nstk */
#define OOMPROF_RECORD_WORDS 16	   /* of a bucket, at most: 4 records of 32 bytes */

/* An executable, by what its inode says: a file written anew is another executable. */
struct oomprof_key {
	__u64 inode;
	__u64 size;
	__u64 mtime_s;
	__u32 mtime_ns;
	__u32 device;
};

/* What user space has learnt of a Go executable; addresses are link-time ones. */
struct oomprof_binary {
	__u64 entry;	     /* e_entry: with the process's AT_ENTRY it gives the load bias */
	__u64 mbuckets;	     /* runtime.mbuckets; 0: nothing to walk */
	__u64 rate;	     /* runtime.MemProfileRate */
	__u64 cycle;	     /* runtime.mProfCycle; 0 unknown, as all that follow */
	__u64 buckhash;	     /* runtime.buckhash: pointer to the hash table's heads */
	__u64 gc_controller; /* runtime.gcController */
	__u64 write_barrier; /* runtime.writeBarrier */
	__u64 allglen;	     /* runtime.allglen */
	__u32 records_size;  /* of a bucket's four records: 64 or 128 bytes */
	__u32 tell_exec;     /* OOMPROF_EXEC for each start of it, not for the first one only */
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
};

#define OOMPROF_GC_CONTROLLER_SIZE 0x160 /* of runtime.gcControllerState as far as it is of use */

/* As it lay in the victim's memory; what is not `known` is 0. */
struct oomprof_runtime {
	__u32 known; /* of enum oomprof_known */
	__u32 write_barrier;
	__u64 allglen;
	__u8 gc_controller[OOMPROF_GC_CONTROLLER_SIZE];
};

/* The first member of everything on the control ring. */
enum oomprof_kind {
	OOMPROF_EXEC = 1, /* struct oomprof_seen: a program was started; see tell_exec */
	OOMPROF_KILL,	  /* struct oomprof_kill: the OOM killer takes this process */
	OOMPROF_BEGIN,	  /* struct oomprof_begin: its buckets come now */
	OOMPROF_END,	  /* struct oomprof_end: all buckets are on the ring */
	OOMPROF_EXIT,	  /* struct oomprof_exit: the victim has gone, and no walk was begun */
};

struct oomprof_seen {
	__u32 kind;
	__u32 pad;
	struct oomprof_process process;
	struct oomprof_key key;
	__u64 exec_ns; /* 0: it ran before the probe was in place */
};

struct oomprof_kill {
	__u32 kind;
	__u32 not_go; /* user space has found so before */
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

/* Why a walk ended. */
enum oomprof_stop {
	OOMPROF_STOP_DONE = 0,	 /* the end of the list */
	OOMPROF_STOP_UNREADABLE, /* a page is not in memory: what it and its successors hold is lost
				  */
	OOMPROF_STOP_LIMIT,	 /* OOMPROF_BUCKETS, or what tail calls allow */
};

struct oomprof_end {
	__u32 kind;
	__u32 stop; /* enum oomprof_stop */
	struct oomprof_process process;
	__u64 time_ns;
	__u64 read;	  /* buckets put on the ring */
	__u64 cut;	  /* of these: stack longer than OOMPROF_FRAMES */
	__u64 unreadable; /* buckets not readable */
	__u64 lost;	  /* buckets read, but the ring was full */
};

struct oomprof_exit {
	__u32 kind;
	__u32 pad;
	struct oomprof_process process;
};

/* On the bucket ring: the words of a bucket as they lie in the victim's memory, stack cut to HELD.
 */
struct oomprof_bucket {
	struct oomprof_process process;
	__u32 held; /* frames */
	__u32 records_size;
	__u64 words[OOMPROF_HEADER_WORDS + OOMPROF_FRAMES + OOMPROF_RECORD_WORDS];
};

/* Bytes of a record on the bucket ring. */
#define OOMPROF_BUCKET_BYTES(held, records_size) \
	(sizeof(struct oomprof_process) + 8 + 8 * (OOMPROF_HEADER_WORDS + (held)) + (records_size))

/* Index into the counters map: events that could not be sent because the control ring was full. */
#define OOMPROF_COUNTER_LOST 0
