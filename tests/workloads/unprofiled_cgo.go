// Built together with unprofiled.go, this makes it a cgo program (linked by the C compiler).
package main

// static int two(void) { return 2; }
import "C"

var _ = C.two()
