// What library.go offers to programs that are not Go.
package main

import "C"

//export LibraryLeak
func LibraryLeak(rate, mbps C.int) {
	leak(int(rate), int(mbps))
}
