package audit

import (
	"math"
	"sort"

	"github.com/daemun/daemun/backend/ledger"
)

// move is a move of a cursor as the ledger has it.
type move struct {
	n     uint64
	at    int64 // Unix ms
	to    place
	seq   uint64 // record; 0: on its way to the ledger when the servers ended
	other uint64 // a record that says otherwise of the same move
}

// track is how an opening's cursor moved.
type track struct {
	known   map[uint64]int // number → index in moves
	moves   []move         // after settle: by number
	soonest []int64        // soonest[i] is the earliest time of moves[i:]
	back    []move         // moves that went backwards
	gaps    []gap          // numbers that are missing
}

func (t *track) add(m *ledger.Moves, seq uint64) {
	if t.known == nil {
		t.known = map[uint64]int{}
	}
	for i, to := range m.Moves {
		next := move{n: m.From + uint64(i), at: to.At.UnixMilli(), to: place{Epoch: to.Epoch, Rank: uint64(to.Rank)}, seq: seq}
		if at, known := t.known[next.n]; known {
			if old := &t.moves[at]; old.at != next.at || old.to != next.to {
				old.other = seq
			}
			continue
		}
		t.known[next.n] = len(t.moves)
		t.moves = append(t.moves, next)
	}
}

// settle puts the moves in order and looks for what is missing.
func (t *track) settle() {
	t.known = nil
	sort.Slice(t.moves, func(i, j int) bool { return t.moves[i].n < t.moves[j].n })
	expected := uint64(1)
	for i, m := range t.moves {
		if m.n > expected {
			t.gaps = append(t.gaps, gap{expected, m.n - 1})
		}
		expected = m.n + 1
		if i > 0 && m.to.Before(t.moves[i-1].to) {
			t.back = append(t.back, m)
		}
	}
	t.soonest = make([]int64, len(t.moves))
	soonest := int64(math.MaxInt64)
	for i := len(t.moves) - 1; i >= 0; i-- {
		soonest = min(soonest, t.moves[i].at)
		t.soonest[i] = soonest
	}
}

// passedAt returns when the cursor had passed a place (Unix ms); false where it never had.
func (t *track) passedAt(p place) (at int64, ok bool) {
	i := sort.Search(len(t.moves), func(i int) bool { return t.moves[i].to.Below(p.Epoch, p.Rank) })
	if i == len(t.moves) {
		return 0, false
	}
	return t.soonest[i], true
}
