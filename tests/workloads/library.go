// A c-shared library that a program in another language loads: it keeps memory that is known to the byte,
// prime counts of objects whose sizes are size classes of the Go runtime.
package main

import (
	"runtime"
	"time"
)

const (
	blockCount = 211  // of 40960 bytes
	smallCount = 7919 // of 48 bytes
)

type small struct {
	next    *small
	payload [40]byte
}

var (
	blocks [][]byte
	smalls *small
)

//go:noinline
func leakBlocks() {
	for i := 0; i < blockCount; i++ {
		blocks = append(blocks, make([]byte, 40960))
	}
}

//go:noinline
func leakSmalls() {
	for i := 0; i < smallCount; i++ {
		smalls = &small{next: smalls}
	}
}

func leak(rate int) {
	runtime.MemProfileRate = rate
	runtime.MemProfile(nil, true) // without this the linker would switch heap profiling off
	leakBlocks()
	leakSmalls()
}

// grow keeps MBPS MB more a second, until it is killed.
func grow(mbps int) {
	for {
		block := make([]byte, 1<<17)
		for at := 0; at < len(block); at += 4096 {
			block[at] = 1
		}
		blocks = append(blocks, block)
		time.Sleep(125 * time.Millisecond / time.Duration(mbps))
	}
}

func main() {}
