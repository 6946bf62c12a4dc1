// unborn keeps 211 blocks of 40960 bytes and puts a heap bucket of its own at the head of the runtime's list:
// the page on which most of its counters lie was never written to. So it looks if a program dies in the very
// instant in which the runtime begins to count a new allocation site. Then it allocates until it is killed.
package main

import (
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

//go:linkname mbuckets runtime.mbuckets
var mbuckets unsafe.Pointer

// runtime/mprof.go
type bucket struct {
	next, allnext   unsafe.Pointer
	typ, hash       uintptr
	size, nstk, stk uintptr
}

var kept [][]byte

//go:noinline
func leakBlocks() {
	for i := 0; i < 211; i++ {
		kept = append(kept, make([]byte, 40960))
	}
}

func hash(pc, size uintptr) uintptr {
	h := pc
	h += h << 10
	h ^= h >> 6
	h += size
	h += h << 10
	h ^= h >> 6
	h += h << 3
	return h ^ h>>11
}

func main() {
	runtime.MemProfileRate = 1
	debug.SetGCPercent(-1) // a collection writes to all counters
	leakBlocks()
	pprof.Lookup("heap") // so that the linker leaves profiling on
	pages, err := syscall.Mmap(-1, 0, 8192, syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		panic(err)
	}
	pc, _, _, _ := runtime.Caller(0)
	// 16 bytes of its counters are on the first page.
	b := (*bucket)(unsafe.Pointer(&pages[4096-16-unsafe.Sizeof(bucket{})]))
	*b = bucket{allnext: atomic.LoadPointer(&mbuckets), typ: 1, hash: hash(pc, 64), size: 64, nstk: 1, stk: pc}
	atomic.StorePointer(&mbuckets, unsafe.Pointer(b))
	println("READY")
	for {
		kept = append(kept, make([]byte, 1<<20))
		for at := 0; at < 1<<20; at += 4096 {
			kept[len(kept)-1][at] = 1
		}
		time.Sleep(5 * time.Millisecond)
	}
}
