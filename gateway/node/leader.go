package node

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/admission"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/state"
)

const (
	// sealAfter leaves every gateway time to hand in what it counted in an epoch.
	sealAfter = 600 * time.Millisecond
	// sealsPerRound bounds how long a leader that comes back late works off what was left unsealed.
	sealsPerRound = 64
	// speedHalfLife is how soon the measured speed follows a change.
	speedHalfLife = 5 * time.Second
	// called in at most this much at once, however long the last step is ago.
	longestStep = time.Second
)

// leader is what the leading gateway remembers between its rounds; used by one goroutine unless said
// otherwise.
type leader struct {
	controller *admission.Controller
	rate       atomic.Uint64 // bits of a float64: others look at it
	stepped    time.Time
	speeds     map[string]float64
	cursors    map[string]queue.Cursor // where each line was moved to last: a snapshot may not know it yet
	presentAt  time.Time               // used by duties alone
}

func newLeader(c *admission.Controller) *leader {
	return &leader{controller: c, speeds: map[string]float64{}, cursors: map[string]queue.Cursor{}}
}

// lead does one round: seal what has ended, then call in as many people as the backend bears.
func (n *Node) lead(ctx context.Context, now time.Time) {
	elapsed := min(now.Sub(n.leader.stepped), longestStep)
	n.leader.stepped = now
	if !n.leads.Load() || elapsed <= 0 {
		return
	}
	snapshot := n.Snapshot()
	var open []*queue.Line
	for _, l := range snapshot.Lines {
		if now.Before(l.Start()) || l.StateAt(now) == api.OpeningClosed {
			continue
		}
		n.seal(ctx, snapshot.plan, l, now)
		if l.StateAt(now) == api.OpeningOpen {
			open = append(open, l)
		} else if l.Speed != 0 {
			n.move(ctx, l, n.reached(l), 0, elapsed, now)
		}
	}
	n.callIn(ctx, open, elapsed, now)
}

func (n *Node) seal(ctx context.Context, p *plan, l *queue.Line, now time.Time) {
	next := l.Seals.Next(l.FirstEpoch())
	for range sealsPerRound {
		if now.Before(l.Start().Add(queue.EpochEnd(next) + sealAfter)) {
			return
		}
		if err := n.sealEpoch(ctx, p.chains[l.ID], l.ID, next); err != nil && !errors.Is(err, state.ErrExists) {
			n.log.Warn("could not seal an epoch", zap.String("opening", l.ID), zap.Uint32("epoch", next), zap.Error(err))
			return
		}
		next++
	}
}

func (n *Node) sealEpoch(ctx context.Context, chain *queue.Chain, id string, epoch uint32) error {
	handedIn := map[string][]byte{}
	n.shared.Read(func(m *state.Model) {
		for node, b := range m.Sketches[id][epoch] {
			handedIn[node] = b
		}
	})
	count, tally, err := queue.Tally(handedIn)
	if err != nil {
		return err
	}
	seed, err := chain.Seed(epoch)
	if err != nil {
		return err
	}
	if err := n.shared.Keep(ctx, id, epoch, tally, handedIn); err != nil { // nobody waits for want of a proof
		n.log.Error("the count of an epoch will not be provable", zap.String("opening", id), zap.Error(err))
	}
	if err := n.shared.Seal(ctx, id, queue.Seal{Epoch: epoch, Count: count, Tally: tally, Seed: seed}); err != nil {
		return err
	}
	for node := range handedIn {
		if err := n.shared.Forget(ctx, id, epoch, node); err != nil {
			n.log.Warn("sketch stays behind", zap.Error(err))
		}
	}
	return nil
}

// callIn shares what the admission controller allows among the open lines that have anybody left to call.
func (n *Node) callIn(ctx context.Context, open []*queue.Line, elapsed time.Duration, now time.Time) {
	var waiting []*queue.Line
	for _, l := range open {
		if l.Served() < int64(l.Seals.Total()) {
			waiting = append(waiting, l)
		}
	}
	rate := n.leader.controller.Step(n.signal(now, len(waiting) > 0))
	n.leader.rate.Store(math.Float64bits(rate))
	for _, l := range open {
		if rate == 0 {
			n.move(ctx, l, n.reached(l), 0, elapsed, now)
			continue
		}
		people := 0.0
		if l.Served() < int64(l.Seals.Total()) {
			people = rate / float64(len(waiting)) * elapsed.Seconds()
		}
		if limit := n.cap(l.ID); limit > 0 {
			people = min(people, limit*elapsed.Seconds())
		}
		from := n.reached(l)
		next := l.Seals.Advance(from, people)
		speed := float64(l.ServedAt(next)-l.ServedAt(from)) / elapsed.Seconds()
		if l.ServedAt(next) >= int64(l.Seals.Total()) {
			speed = max(speed, rate) // nobody is left to call: what could be called is what the next one can expect
		}
		n.move(ctx, l, next, speed, elapsed, now)
	}
}

// reached is how far a line is served: the later of what the snapshot says and what this leader wrote last.
func (n *Node) reached(l *queue.Line) queue.Cursor {
	if last := n.leader.cursors[l.ID]; l.Cursor.Before(last) {
		return last
	}
	return l.Cursor
}

func (n *Node) signal(now time.Time, waiting bool) admission.Signal {
	s := admission.Signal{Now: now, BackendOpen: n.backend.Open(), GateWait: n.backend.Gate().Waited, Waiting: waiting}
	for class := shed.P0; class <= shed.P2; class++ {
		s.Shed += n.meter.Shed(int(class))
	}
	if r, _, ok := n.backend.Report(); ok {
		s.QueueWait = time.Duration(r.QueueWaitMS * float64(time.Millisecond))
	}
	return s
}

func (n *Node) cap(id string) (perSecond float64) {
	n.shared.Read(func(m *state.Model) { perSecond = m.Openings[id].RateCap })
	return perSecond
}

// move publishes a cursor and the speed it moves at, if either has changed.
func (n *Node) move(ctx context.Context, l *queue.Line, to queue.Cursor, perSecond float64, elapsed time.Duration, now time.Time) {
	keep := math.Exp2(-elapsed.Seconds() / speedHalfLife.Seconds())
	speed, known := n.leader.speeds[l.ID]
	if !known {
		speed = l.Speed
	}
	if speed == 0 {
		speed = perSecond
	}
	speed = speed*keep + perSecond*(1-keep)
	if speed < 0.01 {
		speed = 0
	}
	n.leader.speeds[l.ID] = speed
	if to == l.Cursor && math.Abs(speed-l.Speed) <= 0.02*l.Speed {
		return
	}
	err := n.shared.MoveCursor(ctx, l.ID, state.Cursor{Epoch: to.Epoch, Rank: to.Rank, Speed: speed, At: now})
	switch {
	case err == nil:
		n.leader.cursors[l.ID] = to
	case !errors.Is(err, state.ErrConflict) && !errors.Is(err, state.ErrExists) && !errors.Is(err, state.ErrBackwards) && !errors.Is(err, state.ErrUnrecorded):
		n.log.Warn("could not move the cursor", zap.String("opening", l.ID), zap.Error(err))
	}
}
