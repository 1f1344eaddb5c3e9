//go:build race

package node_test

// waitingPeople is how many people join in the test of memory: fewer under the race detector, which slows every join.
const waitingPeople = 100_000
