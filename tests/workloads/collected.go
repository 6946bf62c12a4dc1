// collected keeps 1009 blocks from before its last collection and 211 from after it, runs some goroutines, and
// prints what the runtime says of itself (GOGC and GOMEMLIMIT are set in the environment).
//
//	-goroutines N  that wait for ever; twice as many have ended
//	-stop          stop by SIGSTOP when ready
//	-grow          after that allocate until killed (else: sleep)
//
// It prints lines of NAME VALUE and then READY on standard error before it stops, sleeps or grows.
package main

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"syscall"
	"time"
)

const blockSize = 8192

var (
	old, young [][]byte
	garbage    []byte
)

//go:noinline
func keepOld() {
	for i := 0; i < 1009; i++ {
		old = append(old, make([]byte, blockSize))
	}
}

//go:noinline
func keepYoung() {
	for i := 0; i < 211; i++ {
		young = append(young, make([]byte, blockSize))
	}
}

//go:noinline
func drop() {
	for i := 0; i < 499; i++ {
		garbage = make([]byte, blockSize)
	}
}

func startGoroutines(n int) {
	var all sync.WaitGroup
	end := make(chan bool)
	for i := 0; i < 2*n; i++ {
		all.Add(1)
		go func() {
			<-end
			all.Done()
		}()
	}
	close(end)
	all.Wait()
	for runtime.NumGoroutine() > 1 {
		time.Sleep(time.Millisecond)
	}
	for i := 0; i < n; i++ {
		go func() { select {} }()
	}
}

//go:noinline
func grow() {
	for {
		block := make([]byte, 1<<17)
		for at := 0; at < len(block); at += 4096 {
			block[at] = 1
		}
		old = append(old, block)
		time.Sleep(time.Millisecond)
	}
}

func main() {
	goroutines := flag.Int("goroutines", 0, "that wait")
	stop := flag.Bool("stop", false, "stop by SIGSTOP when ready")
	growing := flag.Bool("grow", false, "until killed")
	flag.Parse()
	runtime.MemProfileRate = 1
	percent := debug.SetGCPercent(-1) // no collection but those asked for
	limit := debug.SetMemoryLimit(-1)

	keepOld()
	drop()
	startGoroutines(*goroutines)
	for i := 0; i < 7; i++ {
		runtime.GC()
	}
	keepYoung()
	debug.SetGCPercent(percent) // too little is allocated from here on for another one
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	println("GOGC", percent)
	println("GOMEMLIMIT", limit)
	println("NumGC", m.NumGC)
	println("HeapAlloc", m.HeapAlloc)
	println("HeapInuse", m.HeapInuse)
	println("HeapReleased", m.HeapReleased)
	println("HeapFree", m.HeapIdle-m.HeapReleased)
	println("TotalAlloc", m.TotalAlloc)
	println("NumGoroutine", runtime.NumGoroutine())
	println("READY")
	if *stop {
		syscall.Kill(os.Getpid(), syscall.SIGSTOP)
	}
	if *growing {
		grow()
	}
	if len(os.Args) > 100 {
		pprof.Lookup("heap") // refers to the profile, so that the linker keeps it
	}
	for {
		time.Sleep(time.Hour)
	}
}
