// Built together with unprofiled.go, this makes it a cgo program (linked by the C compiler), or as c-shared a
// library whose profile is switched off. Loaded into a program that has UNPROFILED_GROW=MBPS in its
// environment, it does what unprofiled -await -grow MBPS does.
package main

import "C"

import (
	"os"
	"strconv"
)

func init() {
	mbps, err := strconv.Atoi(os.Getenv("UNPROFILED_GROW"))
	if err != nil {
		return
	}
	go func() {
		awaitRate()
		leakNodes()
		leakBlocks()
		grow(mbps)
	}()
}
