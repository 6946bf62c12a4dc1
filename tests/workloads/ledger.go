// ledger allocates what it is told to, at sites of many kinds, and keeps books of it: whoever reads its heap
// from outside can be checked to the object.
//
//	-rate N    set runtime.MemProfileRate first of all
//	-gc N      GOGC from the start (default: off, so that collections are those asked for)
//
// Commands come on standard input, one a line. Each is answered by one line that begins with its number and its
// name, when it has been done:
//
//	alloc SITE N KEEP     N objects at that site; all but KEEP of them are garbage then
//	run SITE N KEEP MS    the same in a goroutine of its own, every MS milliseconds, until "halt"
//	halt                  no more of these
//	grow SITE N           N objects, each by a goroutine of its own, from stacks that are full to all degrees
//	gc                    two collections: after it frees are counted, and the runtime's own profile is complete
//	books                 JSON: of each site function, size, what was allocated there and what was kept
//	stats                 JSON: what the runtime says of itself
//	profile FILE          the runtime's own heap profile
//	goroutines N          start N that wait for ever
//	gogc N, memlimit N    as runtime/debug has them
//	deep N                so many calls above the site "deep" (default 40)
//	spawn N               run N programs that end at once, as it is itself, one after the other
//	exec FILE ARG...      become that program
//	stop                  SIGSTOP; the answer comes first
//	exit                  end, with status 0
//
// The line that allocates is marked with the site's name in a comment.
package main

import (
	"bufio"
	"container/list"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Each allocates one object for each place of HOLD, and nothing else. All sizes are size classes, so nothing is
// rounded up; what has pointers is small enough not to get a header (Go 1.22).

//go:noinline
func allocSmall(hold []any) {
	for i := range hold {
		hold[i] = new([48]byte) // SITE small
	}
}

type linked struct {
	next    *linked
	payload [56]byte
}

//go:noinline
func allocPointers(hold []any) {
	for i := range hold {
		hold[i] = new(linked) // SITE pointers
	}
}

// Two of these share a block of 16 bytes, which is what the runtime counts.
//
//go:noinline
func allocTiny(hold []any) {
	for i := range hold {
		hold[i] = new([8]byte) // SITE tiny
	}
}

//go:noinline
func allocGeneric[T any](hold []any) {
	for i := range hold {
		hold[i] = new(T) // SITE generic
	}
}

func newInlined() *[96]byte {
	return new([96]byte) // SITE inlined
}

//go:noinline
func allocInlined(hold []any) {
	for i := range hold {
		hold[i] = newInlined()
	}
}

var depth = 40

//go:noinline
func allocDeep(hold []any, more int) {
	if more > 1 {
		allocDeep(hold, more-1)
		return
	}
	for i := range hold {
		hold[i] = new([320]byte) // SITE deep
	}
}

//go:noinline
func allocSlice(hold []any, size int) {
	for i := range hold {
		hold[i] = &make([]byte, size)[0] // SITE slice
	}
}

//go:noinline
func allocLarge(hold []any) {
	for i := range hold {
		hold[i] = new([40960]byte) // SITE large
	}
}

// One function, two lines.
//
//go:noinline
func allocLines(hold []any, second bool) {
	for i := range hold {
		if second {
			hold[i] = new([144]byte) // SITE line2
		} else {
			hold[i] = new([144]byte) // SITE line1
		}
	}
}

// One line, two callers.
//
//go:noinline
func allocShared(hold []any) {
	for i := range hold {
		hold[i] = new([208]byte) // SITE shared
	}
}

//go:noinline
func callOne(hold []any) { allocShared(hold) }

//go:noinline
func callTwo(hold []any) { allocShared(hold) }

type shelf struct{ hold []any }

//go:noinline
func (s *shelf) allocMethod() {
	for i := range s.hold {
		s.hold[i] = new([176]byte) // SITE method
	}
}

// Of another package: 40 bytes of container/list.Element, which take 48.
//
//go:noinline
func allocElements(hold []any) {
	var l list.List
	for i := range hold {
		hold[i] = l.PushBack(nil)
		l.Init() // so that none keeps the others
	}
}

type site struct {
	Name     string `json:"site"`
	Function string `json:"function"`
	Size     int    `json:"size"`
	// Objects. Tiny ones are those of the program, not the blocks of the runtime.
	Allocated int `json:"allocated"`
	Kept      int `json:"kept"`
	alloc     func(hold []any)
}

var sites = []*site{
	{Name: "small", Function: "main.allocSmall", Size: 48, alloc: allocSmall},
	{Name: "pointers", Function: "main.allocPointers", Size: 64, alloc: allocPointers},
	{Name: "tiny", Function: "main.allocTiny", Size: 8, alloc: allocTiny},
	{Name: "generic", Function: "main.allocGeneric[...]", Size: 1024, alloc: allocGeneric[[128]uint64]},
	{Name: "inlined", Function: "main.newInlined", Size: 96, alloc: allocInlined},
	{Name: "deep", Function: "main.allocDeep", Size: 320, alloc: func(hold []any) { allocDeep(hold, depth) }},
	{Name: "slice", Function: "main.allocSlice", Size: 2048, alloc: func(hold []any) { allocSlice(hold, 2048) }},
	{Name: "large", Function: "main.allocLarge", Size: 40960, alloc: allocLarge},
	{Name: "huge", Function: "main.allocSlice", Size: 1 << 20, alloc: func(hold []any) { allocSlice(hold, 1<<20) }},
	{Name: "line1", Function: "main.allocLines", Size: 144, alloc: func(hold []any) { allocLines(hold, false) }},
	{Name: "line2", Function: "main.allocLines", Size: 144, alloc: func(hold []any) { allocLines(hold, true) }},
	{Name: "one", Function: "main.allocShared", Size: 208, alloc: callOne},
	{Name: "two", Function: "main.allocShared", Size: 208, alloc: callTwo},
	{Name: "method", Function: "main.(*shelf).allocMethod", Size: 176,
		alloc: func(hold []any) { (&shelf{hold}).allocMethod() }},
	{Name: "element", Function: "container/list.(*List).insertValue", Size: 48, alloc: allocElements},
}

var (
	lock sync.Mutex // of the books and of what is kept
	kept [][]any
	halt = make(chan bool)
	runs sync.WaitGroup
)

func find(name string) *site {
	for _, s := range sites {
		if s.Name == name {
			return s
		}
	}
	fail(fmt.Errorf("no site %q", name))
	return nil
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "ledger:", err)
		os.Exit(1)
	}
}

// The room for what is kept is not the site's.
//
//go:noinline
func room(n int) []any {
	return make([]any, n)
}

func (s *site) allocate(n, keep int) {
	hold := room(n)
	s.alloc(hold)
	keeping := room(keep)
	copy(keeping, hold)
	lock.Lock()
	defer lock.Unlock()
	s.Allocated += n
	s.Kept += keep
	kept = append(kept, keeping)
}

//go:noinline
func deeper(calls int, do func()) {
	if calls > 0 {
		deeper(calls-1, do)
		return
	}
	do()
}

// A goroutine's stack is small at first: now and then there is too little left of it in any function that the
// runtime calls to allocate. Such a function makes room and begins anew.
func (s *site) grow(n int) {
	hold, done := room(1), make(chan bool)
	for i := 0; i < n; i++ {
		go func(calls int) {
			deeper(calls, func() { s.alloc(hold) })
			done <- true
		}(i % 307)
		<-done
	}
	lock.Lock()
	defer lock.Unlock()
	s.Allocated += n
}

func (s *site) run(n, keep int, every time.Duration) {
	defer runs.Done()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.allocate(n, keep)
		case <-halt:
			return
		}
	}
}

func stats() string {
	var m runtime.MemStats
	percent := debug.SetGCPercent(100)
	debug.SetGCPercent(percent)
	runtime.ReadMemStats(&m)
	return fmt.Sprintf(`{"total_alloc":%d,"mallocs":%d,"heap_alloc":%d,"num_gc":%d,"goroutines":%d,`+
		`"gogc":%d,"memory_limit":%d,"rate":%d}`, m.TotalAlloc, m.Mallocs, m.HeapAlloc, m.NumGC,
		runtime.NumGoroutine(), percent, debug.SetMemoryLimit(-1), runtime.MemProfileRate)
}

func books() string {
	lock.Lock()
	defer lock.Unlock()
	text, err := json.Marshal(sites)
	fail(err)
	return string(text)
}

func writeProfile(name string) {
	f, err := os.Create(name)
	fail(err)
	fail(pprof.WriteHeapProfile(f))
	fail(f.Close())
}

func spawn(n int) {
	for i := 0; i < n; i++ {
		fail(exec.Command(os.Args[0], "-child").Run())
	}
}

type command struct {
	name    string
	numbers []int // of its operands, 0 for those that are none
	words   []string
}

func parse(line string) command {
	words := strings.Fields(line)
	c := command{name: "", words: words}
	for i, word := range words {
		if i == 0 {
			c.name = word
		}
		n, _ := strconv.Atoi(word)
		c.numbers = append(c.numbers, n)
	}
	return c
}

func (c command) do() string {
	switch c.name {
	case "alloc":
		find(c.words[1]).allocate(c.numbers[2], c.numbers[3])
	case "run":
		runs.Add(1)
		go find(c.words[1]).run(c.numbers[2], c.numbers[3], time.Duration(c.numbers[4])*time.Millisecond)
	case "halt":
		close(halt)
		runs.Wait()
		halt = make(chan bool)
	case "grow":
		find(c.words[1]).grow(c.numbers[2])
	case "gc":
		runtime.GC()
		runtime.GC()
	case "books":
		return books()
	case "stats":
		return stats()
	case "profile":
		writeProfile(c.words[1])
	case "goroutines":
		for i := 0; i < c.numbers[1]; i++ {
			go func() { select {} }()
		}
	case "gogc":
		debug.SetGCPercent(c.numbers[1])
	case "memlimit":
		debug.SetMemoryLimit(int64(c.numbers[1]))
	case "deep":
		depth = c.numbers[1]
	case "spawn":
		spawn(c.numbers[1])
	case "exec":
		fail(syscall.Exec(c.words[1], c.words[1:], os.Environ()))
	case "stop", "exit", "":
	default:
		fail(fmt.Errorf("no command %q", c.name))
	}
	return ""
}

func main() {
	rate := flag.Int("rate", runtime.MemProfileRate, "bytes a sample")
	percent := flag.Int("gc", -1, "GOGC")
	child := flag.Bool("child", false, "end at once")
	flag.Parse()
	if *child {
		return
	}
	runtime.MemProfileRate = *rate
	debug.SetGCPercent(*percent)
	fmt.Println("0 ready")
	lines := bufio.NewScanner(os.Stdin)
	for n := 1; lines.Scan(); n++ {
		c := parse(lines.Text())
		result := c.do()
		fmt.Println(n, c.name, result)
		switch c.name {
		case "stop":
			fail(syscall.Kill(os.Getpid(), syscall.SIGSTOP))
		case "exit":
			return
		}
	}
}
