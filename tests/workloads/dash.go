// dash [WORD...] keeps 211 blocks of 40960 bytes and goes on allocating as fast as it can, until it is killed: that
// takes some 10 ms from its start. Before that, in the order of the words:
//
//	stop        it stops by SIGSTOP
//	leaderless  its first thread exits; must be the first word
//	share       it makes a process that shares its memory
//	wait        it waits for ever
//	exec FILE   it becomes another program
package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"syscall"
	"time"
)

var kept [][]byte

// The first thread runs main().
func init() {
	runtime.LockOSThread()
}

//go:noinline
func leakBlocks() {
	for i := 0; i < 211; i++ {
		kept = append(kept, make([]byte, 40960))
	}
}

//go:noinline
func grow() {
	for {
		block := make([]byte, 1<<17)
		for at := 0; at < len(block); at += 4096 {
			block[at] = 1
		}
		kept = append(kept, block)
	}
}

// The child runs on this thread's stack; the kernel lets the thread sleep until the child has gone. A
// collection would wait for that thread, one that is not quite over too: SetGCPercent() returns before
// that, but ReadMemStats() does not, as it stops the world itself.
func share() {
	var stats runtime.MemStats
	debug.SetGCPercent(-1)
	runtime.ReadMemStats(&stats)
	go func() {
		runtime.LockOSThread()
		child, _, _ := syscall.RawSyscall(syscall.SYS_CLONE,
			syscall.CLONE_VM|syscall.CLONE_VFORK|uintptr(syscall.SIGCHLD), 0, 0)
		for child == 0 {
			syscall.RawSyscall(syscall.SYS_PAUSE, 0, 0, 0)
		}
	}()
	time.Sleep(200 * time.Millisecond)
}

func prepare(words []string) {
	for i, word := range words {
		switch word {
		case "stop":
			syscall.Kill(os.Getpid(), syscall.SIGSTOP)
		case "share":
			share()
		case "wait":
			println("READY")
			for {
				time.Sleep(time.Hour)
			}
		case "exec":
			syscall.Exec(words[i+1], words[i+1:], os.Environ())
			panic("no such program")
		}
	}
	grow()
}

func main() {
	runtime.MemProfileRate = 1
	leakBlocks()
	pprof.Lookup("heap") // so that the linker leaves profiling on
	if len(os.Args) > 1 && os.Args[1] == "leaderless" {
		go prepare(os.Args[2:])
		syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0)
	}
	prepare(os.Args[1:])
}
