package node

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/queue"
)

// roll counts who joined one opening at this gateway: by epoch, and by the cohorts of one plan.
type roll struct {
	*sheets
	cohorts map[uint32]*counts
	byID    map[string]*counts // the same by cohort ID
}

// sheets are who joined, by epoch until the epoch is sealed.
type sheets struct {
	sketches sync.Map                          // epoch → *queue.Sketch
	unsealed atomic.Pointer[map[uint32]uint64] // people by epoch, estimated; never changed once stored
	known    queue.Known                       // who has been counted

	// What duties remember between their rounds; used by their goroutine alone.
	handed map[uint32]handed
	lastAt time.Time
}

// counts is a cohort's traffic at this gateway.
type counts struct{ joined, entered atomic.Int64 }

type handed struct {
	final bool // handed in after the epoch had ended
	count uint64
}

// newRoll makes the roll of an opening; before is its roll in the plan before, nil if it is new.
func newRoll(o *cohort.Opening, before *roll) *roll {
	if before == nil {
		before = &roll{sheets: &sheets{handed: map[uint32]handed{}}}
	}
	r := &roll{sheets: before.sheets, cohorts: map[uint32]*counts{}, byID: map[string]*counts{}}
	for _, c := range o.Cohorts {
		counted := before.byID[c.ID]
		if counted == nil {
			counted = &counts{}
		}
		r.cohorts[c.Number()], r.byID[c.ID] = counted, counted
	}
	return r
}

func (r *sheets) sketch(epoch uint32) *queue.Sketch {
	if s, ok := r.sketches.Load(epoch); ok {
		return s.(*queue.Sketch)
	}
	s, _ := r.sketches.LoadOrStore(epoch, &queue.Sketch{})
	return s.(*queue.Sketch)
}

// add counts somebody in the epoch of their first ticket here, and never again: the line has as many people as there are,
// however often one of them joins.
func (r *roll) add(epoch, cohortNumber uint32, id subject.ID) {
	if !r.known.Add(id) {
		return
	}
	r.sketch(epoch).Add(id)
	r.cohorts[cohortNumber].joined.Add(1)
}

// entered counts somebody who was let in. The cohort of an old ticket may be gone from the schedule.
func (r *roll) entered(cohortNumber uint32) {
	if c := r.cohorts[cohortNumber]; c != nil {
		c.entered.Add(1)
	}
}

// waitingFrom is how many people of this gateway stand in epochs from one on.
func (r *sheets) waitingFrom(epoch uint32) (people uint64) {
	if unsealed := r.unsealed.Load(); unsealed != nil {
		for e, n := range *unsealed {
			if e >= epoch {
				people += n
			}
		}
	}
	return people
}

// settled is how long after its end an epoch's sketch is final: a join that was stamped just before has been counted.
const settled = 50 * time.Millisecond

// duties says that this gateway is there and hands in what it counted.
func (n *Node) duties(ctx context.Context, now time.Time) {
	n.handIn(ctx, now, false)
	if now.Sub(n.leader.presentAt) < handEvery {
		return
	}
	n.leader.presentAt = now
	if err := n.shared.Present(ctx, now); err != nil {
		n.log.Warn("could not say that this gateway is there", zap.Error(err))
	}
	led, err := n.shared.Lead(ctx, now, leaderTerm)
	if err != nil {
		n.log.Warn("could not take part in choosing the leader", zap.Error(err))
	}
	if n.leads.Swap(led) != led {
		n.log.Info("lead changed", zap.Bool("leads", led))
	}
}

// handIn publishes the sketches of epochs that ended, once each, and of the running ones now and then.
func (n *Node) handIn(ctx context.Context, now time.Time, all bool) {
	snapshot := n.Snapshot()
	for _, l := range snapshot.Lines {
		r := snapshot.plan.rolls[l.ID]
		periodic := all || now.Sub(r.lastAt) >= handEvery
		if periodic {
			r.lastAt = now
		}
		unsealed := map[uint32]uint64{}
		r.sketches.Range(func(key, value any) bool {
			epoch := key.(uint32)
			if epoch < l.Seals.Next(l.FirstEpoch()) {
				r.sketches.Delete(epoch)
				delete(r.handed, epoch)
				return true
			}
			final := !now.Before(l.Start().Add(queue.EpochEnd(epoch) + settled))
			if h := r.handed[epoch]; !h.final && (final || periodic) {
				r.handed[epoch] = n.handInOne(ctx, l.ID, epoch, value.(*queue.Sketch), final, h)
			}
			unsealed[epoch] = r.handed[epoch].count
			return true
		})
		r.unsealed.Store(&unsealed)
	}
}

// handInOne publishes one sketch and returns what has been handed in then: what it was before, if that failed.
func (n *Node) handInOne(ctx context.Context, id string, epoch uint32, s *queue.Sketch, final bool, before handed) handed {
	b, err := s.Bytes()
	if err == nil && b != nil {
		err = n.shared.HandIn(ctx, id, epoch, b)
	}
	if err != nil {
		n.log.Warn("could not hand in a sketch", zap.String("opening", id), zap.Uint32("epoch", epoch), zap.Error(err))
		return before
	}
	count := uint64(0)
	if b != nil {
		if count, _, err = queue.Tally(map[string][]byte{n.name: b}); err != nil {
			n.log.Error("own sketch cannot be read", zap.Error(err))
		}
	}
	return handed{final: final, count: count}
}
