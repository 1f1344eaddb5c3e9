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
	"github.com/daemun/daemun/gateway/calling"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/state"
	"github.com/daemun/daemun/gateway/wait"
)

const (
	// sealAfter leaves every gateway time to hand in what it counted in an epoch.
	sealAfter = 600 * time.Millisecond
	// sealsPerRound bounds how long a leader that comes back late works off what was left unsealed.
	sealsPerRound = 64
	// called in at most this much at once, however long the last step is ago.
	longestStep = time.Second
)

// leader is what the leading gateway remembers between its rounds; used by one goroutine unless said
// otherwise.
type leader struct {
	clocksApart bool // as told last
	controller  *admission.Controller
	rate        atomic.Uint64 // bits of a float64: others look at it
	stepped     time.Time
	callers     map[string]*calling.Caller // by opening; none while another gateway leads
	saidAt      map[string]time.Time       // when each line's waits were published last
	presentAt   time.Time                  // used by duties alone
}

func newLeader(c *admission.Controller) *leader {
	return &leader{controller: c, callers: map[string]*calling.Caller{}, saidAt: map[string]time.Time{}}
}

// lead does one round: seal what has ended, then call in as many people as the backend bears.
func (n *Node) lead(ctx context.Context, now time.Time) {
	elapsed := min(now.Sub(n.leader.stepped), longestStep)
	n.leader.stepped = now
	if !n.leads.Load() {
		clear(n.leader.callers) // who leads next goes on from what was published
		return
	}
	if elapsed <= 0 {
		return
	}
	snapshot := n.Snapshot()
	n.notice(ctx, snapshot, now)
	var begun []*queue.Line
	for _, l := range snapshot.Lines {
		if now.Before(l.Start()) && !l.Begun(now) || l.StateAt(now) == api.OpeningClosed {
			continue
		}
		n.seal(ctx, snapshot.plan, l, now)
		begun = append(begun, l)
	}
	n.callIn(ctx, begun, elapsed, now)
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
func (n *Node) callIn(ctx context.Context, begun []*queue.Line, elapsed time.Duration, now time.Time) {
	waiting := 0.0
	for _, l := range begun {
		if l.StateAt(now) == api.OpeningOpen && l.Served() < int64(l.Seals.Total()) {
			waiting++
		}
	}
	controller := n.leader.controller
	signal := n.signal(now, waiting > 0)
	signal.Cap = n.capOf(begun, now)
	rate := controller.Step(signal)
	n.leader.rate.Store(math.Float64bits(rate))
	report, _, _ := n.backend.Report()
	for _, l := range begun {
		r := calling.Round{
			Now: now, Elapsed: elapsed, Line: l, Open: l.StateAt(now) == api.OpeningOpen, Resting: !signal.BackendOpen,
			Wanted: rate / max(waiting, 1), Found: controller.Found(), Cap: n.cap(l.ID),
		}
		if report != nil {
			counted := report.Openings[l.ID]
			r.Known, r.Entered, r.Inside, r.Booked = true, counted.Admitted, report.ActivePasses, counted.Booked
		}
		n.move(ctx, l, n.caller(l.ID).Round(r), now)
	}
}

// capOf is how many people a second the operators' caps let in at most, all lines together; 0 where one that has people
// waiting has no cap.
func (n *Node) capOf(begun []*queue.Line, now time.Time) (perSecond float64) {
	for _, l := range begun {
		if l.StateAt(now) != api.OpeningOpen || l.Served() >= int64(l.Seals.Total()) {
			continue
		}
		limit := n.cap(l.ID)
		if limit <= 0 {
			return 0
		}
		perSecond += limit / wait.Calls(n.caller(l.ID).ShowUp())
	}
	return perSecond
}

// caller returns the caller of a line, made of what was published last where this gateway has just taken the lead.
func (n *Node) caller(id string) *calling.Caller {
	c := n.leader.callers[id]
	if c == nil {
		n.shared.Read(func(m *state.Model) { c = calling.New(m.Cursors[id].Waits) })
		n.leader.callers[id] = c
	}
	return c
}

func (n *Node) signal(now time.Time, waiting bool) admission.Signal {
	gate := n.backend.Gate().Status()
	s := admission.Signal{Now: now, BackendOpen: n.backend.Open(), GateWait: gate.Waited, InFlight: gate.InFlight, Permits: gate.Permits, Waiting: waiting}
	for class := shed.P0; class <= shed.P2; class++ {
		s.Shed += n.meter.Shed(int(class))
	}
	if r, _, ok := n.backend.Report(); ok {
		s.Inside = r.ActivePasses
		s.QueueWait = time.Duration(r.QueueWaitMS * float64(time.Millisecond))
	}
	return s
}

func (n *Node) cap(id string) (perSecond float64) {
	n.shared.Read(func(m *state.Model) { perSecond = m.Openings[id].RateCap })
	return perSecond
}

// sayEvery is how often the waits of a line that stands still are published.
const sayEvery = time.Second

// move publishes a cursor and the waits that go with it, if there is anything new to them.
func (n *Node) move(ctx context.Context, l *queue.Line, m calling.Move, now time.Time) {
	events := uint32(0)
	if l.Timetable != nil {
		events = l.Timetable.Event.Number
	}
	changed := m.Cursor != l.Cursor || math.Abs(m.Speed-l.Speed) > 0.02*l.Speed || m.Waits.Timetable.Event.Number != events
	stirs := m.Waits.Timetable.Differs(l.Timetable) && now.Sub(n.leader.saidAt[l.ID]) >= sayEvery
	if !changed && !stirs {
		return
	}
	err := n.shared.MoveCursor(ctx, l.ID, state.Cursor{Epoch: m.Cursor.Epoch, Rank: m.Cursor.Rank, Speed: m.Speed, At: now, Waits: m.Waits})
	switch {
	case err == nil:
		n.leader.saidAt[l.ID] = now
		return
	case !errors.Is(err, state.ErrConflict) && !errors.Is(err, state.ErrExists) && !errors.Is(err, state.ErrBackwards) && !errors.Is(err, state.ErrUnrecorded):
		n.log.Warn("could not move the cursor", zap.String("opening", l.ID), zap.Error(err))
	}
	delete(n.leader.callers, l.ID) // nobody has heard of this move: the next round starts from what was published
}
