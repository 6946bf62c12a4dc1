// Built together with unprofiled.go, this makes it a cgo program (linked by the C compiler), or as c-shared a
// library whose profile is switched off. Loaded into a program that has UNPROFILED_GROW=MBPS in its
// environment, it does what unprofiled -await -grow MBPS does.
package main

import "C"

import (
	"os"
	"strconv"
	"time"
)

func init() {
	mbps, err := strconv.Atoi(os.Getenv("UNPROFILED_GROW"))
	if err != nil {
		return
	}
	go func() {
		for rate() == 0 {
			time.Sleep(time.Millisecond)
		}
		leakNodes()
		leakBlocks()
		grow(mbps)
	}()
}
