// noprof keeps 32 MB and never refers to the heap profile, so that the linker switches it off.
package main

import "time"

var kept [][]byte

func main() {
	for i := 0; i < 512; i++ {
		block := make([]byte, 65536)
		for at := 0; at < len(block); at += 4096 {
			block[at] = 1
		}
		kept = append(kept, block)
	}
	println("READY")
	for {
		time.Sleep(time.Hour)
	}
}
