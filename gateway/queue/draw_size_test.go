//go:build !race

package queue

// drawPeople is how many people the draw is tested with.
const drawPeople = 1_000_000
