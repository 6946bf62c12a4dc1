// unprofiled never refers to its heap profile, so that the linker switches profiling off (it refers to the
// sampling rate, which does not count). It says what its rate is whenever that changes, "RATE n" on a line of
// its own; so a test hears from the program itself what was done to it.
//
//	-rate N       set runtime.MemProfileRate first of all
//	-await        allocate when the rate is no longer 0; after two minutes give up, with status 3
//	-again        when the rate is no longer 0 execute this program once more, with -await
//	-grow MBPS    after that go on allocating at so many MB a second, until killed (else: sleep)
//	-churn        allocate and free in 4 goroutines, always checking its own data, until SIGTERM; then print
//	              VERIFIED and end with status 0, or WRONG and 1
//
// It prints READY on a line of its own when it has allocated what it keeps.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	nodeCount  = 7919 // of 48 bytes, by a helper that is inlined
	blockCount = 211  // of 40960 bytes
)

type node struct {
	next    *node
	payload [40]byte
}

var (
	nodes  *node
	blocks [][]byte
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
func rate() int {
	return runtime.MemProfileRate
}

func sayRate() {
	for last := -1; ; time.Sleep(time.Millisecond) {
		if now := rate(); now != last {
			fmt.Printf("RATE %d\n", now)
			last = now
		}
	}
}

// Not for ever: a test that waits for this program must end.
func awaitRate() {
	for end := time.Now().Add(2 * time.Minute); rate() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			fmt.Println("still off")
			os.Exit(3)
		}
	}
}

func grow(mbps int) {
	for {
		for i := 0; i < mbps; i++ {
			block := make([]byte, 1<<20)
			for at := 0; at < len(block); at += 4096 {
				block[at] = 1
			}
			blocks = append(blocks, block)
			time.Sleep(time.Second / time.Duration(mbps))
		}
	}
}

// What a goroutine keeps for a while: each knows what it has to hold.
type item struct {
	seed uint32
	data []byte
	text string
	next *item
}

func newItem(seed uint32, next *item) *item {
	x := &item{seed: seed, data: make([]byte, seed%3001), next: next}
	for i := range x.data {
		x.data[i] = byte(seed + uint32(i))
	}
	x.text = fmt.Sprint("item ", seed)
	return x
}

func (x *item) intact() bool {
	if x.text != fmt.Sprint("item ", x.seed) || len(x.data) != int(x.seed%3001) {
		return false
	}
	for i, b := range x.data {
		if b != byte(x.seed+uint32(i)) {
			return false
		}
	}
	return true
}

func churn() {
	var stop, wrong, rounds atomic.Uint32
	var all sync.WaitGroup
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	for g := uint32(1); g <= 4; g++ {
		all.Add(1)
		go func(seed uint32) {
			defer all.Done()
			for stop.Load() == 0 {
				var list *item
				for i := 0; i < 257; i++ {
					seed = seed*1664525 + 1013904223
					list = newItem(seed, list)
				}
				for ; list != nil; list = list.next {
					if !list.intact() {
						wrong.Add(1)
					}
				}
				rounds.Add(1)
			}
		}(g)
	}
	fmt.Println("READY")
	<-term
	stop.Store(1)
	all.Wait()
	if wrong.Load() != 0 || rounds.Load() == 0 {
		fmt.Println("WRONG", wrong.Load())
		os.Exit(1)
	}
	fmt.Println("VERIFIED", rounds.Load())
	os.Exit(0)
}

func main() {
	own := flag.Int("rate", -1, "bytes a sample")
	await := flag.Bool("await", false, "begin when the rate is not 0")
	mbps := flag.Int("grow", 0, "MB a second")
	again := flag.Bool("again", false, "execute it once more")
	churning := flag.Bool("churn", false, "allocate and free")
	flag.Parse()
	if *own >= 0 {
		runtime.MemProfileRate = *own
	}
	go sayRate()
	if *await || *again {
		awaitRate()
	}
	if *again {
		fmt.Println(syscall.Exec(os.Args[0], []string{os.Args[0], "-await"}, os.Environ()))
	}
	if *churning {
		churn()
	}
	leakNodes()
	leakBlocks()
	fmt.Println("READY")
	if *mbps > 0 {
		grow(*mbps)
	}
	for {
		time.Sleep(time.Hour)
	}
}
