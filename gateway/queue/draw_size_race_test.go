//go:build race

package queue

// drawPeople is how many people the draw is tested with: fewer under the race detector, which makes hashing slow.
const drawPeople = 100_000
