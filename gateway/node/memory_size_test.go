//go:build !race

package node_test

// waitingPeople is how many people join in the test of memory.
const waitingPeople = 1_000_000
