// Package node is one gateway at work: it keeps the snapshot that answers are made of, counts who joins, hands that in,
// and does the leader's duties while it leads.
package node

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/admission"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/meter"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/state"
	"github.com/daemun/daemun/gateway/upstream"
)

const (
	tick       = 100 * time.Millisecond // how often the snapshot is made anew and the leader acts
	dutyEvery  = 200 * time.Millisecond // how often ended epochs are looked for
	handEvery  = time.Second            // how often the sketch of the running epoch is handed in
	leaderTerm = 3 * time.Second
)

// Options are what a Node needs; all of them.
type Options struct {
	Name     string
	Schedule *cohort.Schedule
	Status   api.ScheduleStatus // of Schedule
	Roster   *roster.Filter     // answers for the roster unless Lists has it
	Lists    roster.Lists       // every other list that the schedule names; those it leaves people of out as exact sets
	// LoadLists reads the lists of a schedule that is to follow; nil: there are only the lists of the first one.
	LoadLists LoadLists
	Ring      *keyring.Ring
	Shared    *state.Store
	Backend   *upstream.Pool
	Meter     *meter.Meter
	Admission admission.Config
	// Backends are the addresses of the backend that this gateway's flags name; nil: those of the instances that Backend has.
	Backends []string
	Clock    func() time.Time
	Log      *zap.Logger
}

// Node is one gateway. Its methods are safe for concurrent use.
type Node struct {
	name     string
	ring     *keyring.Ring
	subjects *subject.Key
	tickets  *queue.Keys
	signer   signer
	shared   *state.Store
	backend  *upstream.Pool
	meter    *meter.Meter
	clock    func() time.Time
	log      *zap.Logger
	upSince  time.Time

	renewing  sync.Mutex
	plan      *plan // what the next snapshot is made by; under renewing
	followed  followed
	loadLists LoadLists
	snapshot  atomic.Pointer[Snapshot]
	leads     atomic.Bool
	doors     atomic.Pointer[func() api.DoorStatus]
	leader    *leader

	lateness   lateness
	protection protection
	measures   atomic.Pointer[measured]
	turned     turned
}

// New returns a Node with its first snapshot made and the sketches of its earlier life restored.
func New(o Options) (*Node, error) {
	lists := o.Lists.WithRoster(o.Roster)
	n := &Node{
		name: o.Name, ring: o.Ring, followed: followed{ready: map[string]prepared{}}, loadLists: o.LoadLists, subjects: o.Ring.SubjectKey(),
		tickets: queue.NewKeys(o.Ring.TicketKeys()), signer: newSigner(o.Ring), shared: o.Shared, backend: o.Backend, meter: o.Meter,
		clock: o.Clock, log: o.Log, upSince: o.Clock(), plan: newPlan(o.Schedule, lists, o.Ring, nil),
		leader: newLeader(admission.New(o.Admission)), lateness: newLateness(),
	}
	n.plan.status = o.Status
	n.startProtection(&o)
	if n.loadLists == nil {
		n.loadLists = func(*cohort.Schedule) (roster.Lists, error) { return lists, nil }
	}
	var err error
	n.shared.Read(func(m *state.Model) { err = n.plan.restore(m, n.name) })
	if err != nil {
		return nil, err
	}
	n.snapshot.Store(n.build(n.plan, n.clock()))
	return n, nil
}

// Run works until ctx ends. What was counted is handed in before it returns.
func (n *Node) Run(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Go(func() { n.lateness.delay.Run(ctx) })
	wg.Go(func() { n.every(ctx, tick, n.renew) })
	wg.Go(func() { n.every(ctx, dutyEvery, func(now time.Time) { n.duties(ctx, now) }) })
	wg.Go(func() { n.every(ctx, tick, func(now time.Time) { n.lead(ctx, now) }) })
	wg.Go(func() { n.every(ctx, dutyEvery, func(time.Time) { n.record(ctx) }) })
	wg.Go(func() { n.every(ctx, tick, func(now time.Time) { n.follow(ctx, now) }) })
	wg.Go(func() { n.every(ctx, tick, n.protect) })
	wg.Go(func() { n.every(ctx, lookEvery, n.look) })
	wg.Go(func() { n.every(ctx, journalEvery, func(time.Time) { n.journal(ctx) }) })
	wg.Wait()
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaderTerm)
	defer cancel()
	n.handIn(last, n.clock(), true)
	n.journal(last)
	if err := n.shared.Leave(last); err != nil {
		n.log.Warn("could not say that this gateway goes", zap.Error(err))
	}
}

func (n *Node) every(ctx context.Context, interval time.Duration, do func(time.Time)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			do(n.clock())
		}
	}
}

// renew makes the snapshot anew, less often while the brownout ladder wants that.
func (n *Node) renew(now time.Time) {
	if every := n.Measures().RenewEvery; every > 0 && !n.leads.Load() && now.Sub(n.Snapshot().at) < every { // who leads needs it fresh
		return
	}
	n.Renew()
}

// Renew makes the snapshot anew at once: an operator's change shows in the very next answer.
func (n *Node) Renew() {
	n.renewing.Lock() // or an older picture could replace a newer one
	defer n.renewing.Unlock()
	now := n.clock()
	n.adopt(now)
	n.snapshot.Store(n.build(n.plan, now))
}

// How late a timer may be before polling intervals are stretched, and by how much at most.
const (
	easyLag  = 5 * time.Millisecond
	stretch  = 20 * time.Millisecond
	paceMost = 4
)

// pace is the factor by which polling intervals are stretched: 1 while the gateway has time to spare.
func (n *Node) pace() float64 {
	asked := n.Measures().PollFactor
	lag := n.Late()
	if lag <= easyLag {
		return asked
	}
	return max(asked, min(1+float64(lag-easyLag)/float64(stretch), paceMost))
}

// Snapshot returns what is known now.
func (n *Node) Snapshot() *Snapshot { return n.snapshot.Load() }

// Now is the server's time, the only one that counts.
func (n *Node) Now() time.Time { return n.clock() }
