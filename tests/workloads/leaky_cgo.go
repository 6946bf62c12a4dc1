// Built together with leaky.go, this makes it a cgo program (linked by the C compiler).
package main

// static int one(void) { return 1; }
import "C"

var _ = C.one()
