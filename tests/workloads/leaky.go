// leaky keeps memory that is known to the byte: prime counts of objects whose sizes are size classes of
// the Go runtime (so that nothing is rounded up), by several kinds of allocation sites.
//
//	-rate N       set runtime.MemProfileRate first of all
//	-pprof FILE   after two collections write the runtime's own heap profile
//	-stop         stop by SIGSTOP when all is allocated
//	-grow MBPS    after that go on allocating at so many MB a second, until killed (else: sleep)
//	-buckets N    create N more distinct heap buckets
//	-depth N      so many calls deep (150)
//
// It prints READY on a line of its own before it stops, sleeps or grows.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
)

const (
	nodeCount    = 7919 // of 48 bytes, by a helper that is inlined
	blockCount   = 211  // of 40960 bytes
	deepCount    = 101  // of 1024 bytes, under many calls
	goCount      = 307  // of 2048 bytes, by 5 goroutines each
	genericCount = 503  // of 512 bytes
	mapCount     = 20011
)

type node struct {
	next    *node
	payload [40]byte
}

var (
	nodes   *node
	blocks  [][]byte
	deep    [deepCount]*[1024]byte
	parts   [5][]*[2048]byte
	generic [][]int64
	table   = map[int]int64{}
	extra   [][]byte
)

// Small enough to be inlined into leakNodes.
func newNode(next *node) *node {
	return &node{next: next}
}

//go:noinline
func leakNodes() {
	for i := 0; i < nodeCount; i++ {
		nodes = newNode(nodes)
	}
}

//go:noinline
func leakBlocks() {
	for i := 0; i < blockCount; i++ {
		blocks = append(blocks, make([]byte, 40960))
	}
}

//go:noinline
func leakDeep(depth int) {
	if depth > 1 {
		leakDeep(depth - 1)
		return
	}
	for i := range deep {
		deep[i] = new([1024]byte)
	}
}

func leakInGoroutines() {
	var all sync.WaitGroup
	for g := range parts {
		all.Add(1)
		go func(g int) {
			defer all.Done()
			for i := 0; i < goCount; i++ {
				parts[g] = append(parts[g], new([2048]byte))
			}
		}(g)
	}
	all.Wait()
}

//go:noinline
func leakGeneric[T any](n int) []T {
	return make([]T, n)
}

//go:noinline
func leakMap() {
	for i := 0; i < mapCount; i++ {
		table[i] = int64(i)
	}
}

// Each path of calls is a stack of its own, so a bucket of its own.
//
//go:noinline
func leakPath(path, bits int) {
	if bits == 0 {
		extra = append(extra, make([]byte, 64))
		return
	}
	if path&1 != 0 {
		leakPath(path>>1, bits-1)
	} else {
		leakPath(path>>1, bits-1)
	}
}

func writeProfile(name string) {
	runtime.GC()
	runtime.GC()
	f, err := os.Create(name)
	if err == nil {
		err = pprof.WriteHeapProfile(f)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

//go:noinline
func grow(rate int) {
	for {
		for i := 0; i < rate; i++ {
			block := make([]byte, 1<<17)
			for at := 0; at < len(block); at += 4096 {
				block[at] = 1
			}
			blocks = append(blocks, block)
			time.Sleep(125 * time.Millisecond / time.Duration(rate))
		}
	}
}

func main() {
	rate := flag.Int("rate", runtime.MemProfileRate, "bytes a sample")
	profile := flag.String("pprof", "", "file for the runtime's own heap profile")
	stop := flag.Bool("stop", false, "stop by SIGSTOP when ready")
	mbps := flag.Int("grow", 0, "MB a second")
	buckets := flag.Int("buckets", 0, "more heap buckets")
	depth := flag.Int("depth", 150, "calls above the deep allocations")
	flag.Parse()
	runtime.MemProfileRate = *rate

	leakNodes()
	leakBlocks()
	leakDeep(*depth)
	leakInGoroutines()
	for i := 0; i < genericCount; i++ {
		generic = append(generic, leakGeneric[int64](64))
	}
	leakMap()
	for i := 0; i < *buckets; i++ {
		leakPath(i, 20)
	}
	if *profile != "" {
		writeProfile(*profile)
	}
	fmt.Println("READY")
	if *stop {
		syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	}
	if *mbps > 0 {
		grow(*mbps)
	}
	for {
		time.Sleep(time.Hour)
	}
}
