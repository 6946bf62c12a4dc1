// What library.go offers to programs that are not Go.
package main

import "C"

//export LibraryLeak
func LibraryLeak(rate C.int) {
	leak(int(rate))
}

//export LibraryGrow
func LibraryGrow(mbps C.int) {
	grow(int(mbps))
}
