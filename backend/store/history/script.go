package history

import (
	"time"

	"pgregory.net/rapid"
)

// Bounds of a history. They are small so that people get in each other's way.
const (
	people = 4
	keys   = 2 // idempotency keys of each person
	slots  = 3
)

// Verb is what somebody does.
type Verb string

// Verbs.
const (
	Book    Verb = "book"    // with a key, which may have been used before
	Change  Verb = "change"  // one of the numbers that were asked for under a key, whether or not anybody was given it
	Cancel  Verb = "cancel"  // the same
	Look    Verb = "look"    // the same
	Hold    Verb = "hold"    // a slot
	Release Verb = "release" // what is held
	Held    Verb = "held"    // asks what is held
	Count   Verb = "count"   // reads what is left; only when nothing is under way

	expire Verb = "expire" // what a decision does first
)

// Action is one step of a client.
type Action struct {
	Verb   Verb
	Person int
	Slot   int
	Key    int
	Pick   int           // which of the numbers under the key
	Leave  time.Duration // after which the caller goes away; 0: stays
}

// Script is one history to be played: what an opening has to give, and what each client does, one step after the other.
// Between the two acts so much time goes by that what was held runs out.
type Script struct {
	Capacity [slots]int
	Stock    int
	Acts     [2][][]Action
}

// script draws one. Most want the first slot.
func script(t *rapid.T) Script {
	var s Script
	for i := range s.Capacity {
		s.Capacity[i] = rapid.IntRange(0, 2).Draw(t, "capacity")
	}
	s.Capacity[0] = max(1, s.Capacity[0])
	s.Stock = rapid.IntRange(1, 4).Draw(t, "stock")
	s.Acts[0] = rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(action), 1, 4), 2, 4).Draw(t, "first act")
	s.Acts[1] = rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(action), 1, 2), 0, 3).Draw(t, "second act")
	return s
}

func action(t *rapid.T) Action {
	return Action{
		Verb:   rapid.SampledFrom([]Verb{Book, Book, Book, Book, Change, Cancel, Cancel, Look, Hold, Hold, Release, Held}).Draw(t, "verb"),
		Person: rapid.IntRange(0, people-1).Draw(t, "person"),
		Slot:   rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "slot"),
		Key:    rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(t, "key"),
		Pick:   rapid.IntRange(0, 3).Draw(t, "pick"),
		Leave:  time.Duration(rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 1, 200, 1000}).Draw(t, "leave")) * time.Microsecond,
	}
}
