// noprof keeps 32 MB and never refers to the heap profile, so that the linker switches it off.
package main

import "time"

var kept [][]byte

func main() {
	for i := 0; i < 512; i++ {
		kept = append(kept, make([]byte, 65536))
	}
	println("READY")
	for {
		time.Sleep(time.Hour)
	}
}
