package result

import (
	"fmt"
	"iter"
)

// duel is a peer and ours at the same measurement.
type duel struct {
	Key          // ours
	peer, at     string
	mine, theirs *Summary // mine is nil where none of ours was valid
}

// duels are all of an experiment, peer by peer, where the peer has a valid measurement.
func (e *Experiment) duels() iter.Seq[duel] {
	return func(yield func(duel) bool) {
		for _, peer := range e.others() {
			for _, k := range e.keys(ours) {
				theirs := e.Find(Key{System: peer, Variant: k.Variant, Point: k.Point})
				if theirs != nil && !yield(duel{k, peer, fmt.Sprintf("%g", k.Point), e.Find(k), theirs}) {
					return
				}
			}
		}
	}
}

// judge decides a line of a duel; where ours has no valid measurement the line says so instead.
func (d duel) judge(l Line, decide func(*Line)) Line {
	if d.mine == nil {
		l.Unknown = "no valid measurement"
	} else {
		decide(&l)
	}
	return l
}

// figure is the medians of a figure, and by how much they have to differ to be apart: the greater spread of the two.
func (d duel) figure(name string) (mine, theirs, spread float64) {
	a, b := d.mine.Values[name], d.theirs.Values[name]
	return a.Median, b.Median, max(a.Spread, b.Spread, noise)
}
