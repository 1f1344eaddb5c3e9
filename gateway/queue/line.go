package queue

import (
	"math"
	"math/bits"
	"sort"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/wait"
)

// Cursor tells how far a line is served: every place below it has had its turn come. (e, 0) means that all of the
// epochs before e are served.
type Cursor struct {
	Epoch uint32
	Rank  uint64
}

// Below tells whether the place (epoch, rank) is below the cursor.
func (c Cursor) Below(epoch uint32, rank uint64) bool {
	return epoch < c.Epoch || epoch == c.Epoch && rank < c.Rank
}

// Before tells whether c is behind d.
func (c Cursor) Before(d Cursor) bool { return d.Below(c.Epoch, c.Rank) }

// sealed is a seal made ready for use: its ranker, and how many people stand in all the sealed epochs before it.
type sealed struct {
	seal   Seal
	ranker Ranker
	before uint64
}

// Seals are the sealed epochs of a line in order, without gaps from epoch First on. Appending never changes what an
// older copy sees, so copies can be shared without a lock as long as one goroutine appends.
type Seals struct {
	list  []sealed
	total uint64
}

// Append adds the next seal. A seal that is not the next one is dropped and reported with false.
func (s *Seals) Append(seal Seal) bool {
	if seal.Epoch != s.Next(seal.Epoch) {
		return false
	}
	s.list = append(s.list, sealed{seal: seal, ranker: seal.Ranker(), before: s.total})
	s.total += seal.Count
	return true
}

// Next is the epoch to be sealed next; first is the answer while there is none yet.
func (s *Seals) Next(first uint32) uint32 {
	if len(s.list) == 0 {
		return first
	}
	return s.list[len(s.list)-1].seal.Epoch + 1
}

// Total is the estimated number of people in all sealed epochs.
func (s *Seals) Total() uint64 { return s.total }

// Len is the number of sealed epochs.
func (s *Seals) Len() int { return len(s.list) }

// From returns the published form of the seals from an epoch on, at most limit of them.
func (s *Seals) From(epoch uint32, limit int) []api.Seal {
	i := sort.Search(len(s.list), func(i int) bool { return s.list[i].seal.Epoch >= epoch })
	out := make([]api.Seal, 0, min(limit, len(s.list)-i))
	for ; i < len(s.list) && len(out) < limit; i++ {
		out = append(out, s.list[i].seal.Wire())
	}
	return out
}

// Newest returns the published form of the newest seals, oldest of them first.
func (s *Seals) Newest(limit int) []api.Seal {
	if len(s.list) == 0 {
		return []api.Seal{}
	}
	return s.From(s.list[max(0, len(s.list)-limit)].seal.Epoch, limit)
}

func (s *Seals) find(epoch uint32) *sealed {
	if len(s.list) == 0 {
		return nil
	}
	i := int64(epoch) - int64(s.list[0].seal.Epoch)
	if i < 0 || i >= int64(len(s.list)) {
		return nil
	}
	return &s.list[i]
}

// position is how many people stand before the place (epoch, rank), counted from the head of the line. The epoch
// must be sealed or be the one after the newest seal.
func (s *Seals) position(epoch uint32, rank uint64) uint64 {
	e := s.find(epoch)
	if e == nil {
		if len(s.list) > 0 && epoch < s.list[0].seal.Epoch {
			return 0
		}
		return s.total
	}
	within, _ := bits.Mul64(rank, e.seal.Count) // rank/2^64 × count
	return e.before + within
}

// Advance moves a cursor by so many people, at most to the end of the sealed epochs. It never moves backwards. Epochs
// that count nobody are passed at no cost: there may be people in them whom a gateway that died had counted.
func (s *Seals) Advance(c Cursor, people float64) Cursor {
	if people < 0 || len(s.list) == 0 {
		return c
	}
	if c.Epoch < s.list[0].seal.Epoch {
		c = Cursor{Epoch: s.list[0].seal.Epoch}
	}
	for e := s.find(c.Epoch); e != nil; e = s.find(c.Epoch) {
		share := float64(c.Rank) / (1 << 64)
		left := (1 - share) * float64(e.seal.Count)
		if people < left {
			return Cursor{c.Epoch, max(c.Rank, fraction(share+people/float64(e.seal.Count)))}
		}
		people -= left
		c = Cursor{Epoch: c.Epoch + 1}
	}
	return c
}

func fraction(share float64) uint64 {
	if share >= 1 {
		return math.MaxUint64
	}
	return uint64(share * (1 << 64))
}

// Line is everything that answers about one opening's queue are derived from: an immutable picture, replaced as a
// whole when anything changes.
type Line struct {
	ID        string
	Number    uint32
	Order     cohort.Order
	State     string // an api.Opening… state as the operators and the schedule left it; see StateAt
	Reason    string
	LobbyAt   time.Time
	OpensAt   time.Time
	ClosesAt  time.Time
	StartedAt time.Time // start of epoch 1 where it has come already, whatever OpensAt says since; zero: it has not
	Moved     string    // why it was postponed, until it opens
	Reached   string    // how far time has brought it, as noticed: see opening.Opening
	Noticed   string    // its phase, as noticed
	Cohorts   map[uint32]Cohort
	Seals     Seals
	Cursor    Cursor
	Speed     float64         // people a second, measured; 0 while unknown
	RateCap   float64         // the operators' cap on it; 0: none
	Timetable *wait.Timetable // of waits, as the leader published it with the cursor; nil: none yet
	Doses     wait.Doses
	Unsealed  uint64  // people in epochs not yet sealed, estimated
	StockLeft int64   // doses; below zero: unknown
	Pace      float64 // polling intervals are stretched by this when the gateway is busy; at least 1
}

// Cohort is a cohort of a line by its number.
type Cohort struct {
	ID     string
	Paused bool
	Reason string
}

func (l *Line) standing() opening.Standing {
	return opening.Standing{
		Times: opening.Times{LobbyAt: l.LobbyAt, OpensAt: l.OpensAt, ClosesAt: l.ClosesAt, Order: l.Order},
		State: l.State, Reached: l.Reached, Noticed: l.Noticed, Postponed: l.Moved != "", Stock: l.StockLeft,
	}
}

// StateAt is the state of the opening at a time, as the outside knows it: see package opening.
func (l *Line) StateAt(now time.Time) string {
	s := l.standing()
	return s.Shown(now)
}

// PhaseAt is the state, or the finer phase that it stands for.
func (l *Line) PhaseAt(now time.Time) string {
	s := l.standing()
	return s.Phase(now)
}

// Begun tells whether turns have begun at a time.
func (l *Line) Begun(now time.Time) bool {
	s := l.standing()
	return s.Begun(now)
}

// ReasonAt is the reason that goes with PhaseAt, in Korean and English; empty where nothing needs saying.
func (l *Line) ReasonAt(now time.Time) string {
	return opening.ReasonIn(l.PhaseAt(now), l.Reason, l.Moved)
}

// Start is when epoch 1 of the line begins. Once begun it stays: a postponement moves the turns, not the places.
func (l *Line) Start() time.Time {
	if !l.StartedAt.IsZero() {
		return l.StartedAt
	}
	return opening.Times{LobbyAt: l.LobbyAt, OpensAt: l.OpensAt, Order: l.Order}.Start()
}

// lateMost is how long after its stamp a join may be counted: an epoch sealed meanwhile is still its own.
const lateMost = 5 * time.Second

// EpochAt is the epoch of a join at a time. Where epochs are sealed that end long after it, the clock has been set back:
// people join the next epoch then, and do not slip in before those who are drawn already.
func (l *Line) EpochAt(now time.Time) uint32 {
	since := now.Sub(l.Start())
	first := l.FirstEpoch()
	epoch, next := max(EpochAt(since), first), l.Seals.Next(first)
	if epoch < next && EpochEnd(next-1) > since+lateMost {
		return next
	}
	return epoch
}

// FirstEpoch is the first epoch that people can be in.
func (l *Line) FirstEpoch() uint32 {
	if l.Order == cohort.OrderArrival {
		return Lobby + 1
	}
	return Lobby
}

// Served is how many people the cursor has passed, estimated.
func (l *Line) Served() int64 { return l.ServedAt(l.Cursor) }

// ServedAt is how many people a cursor would have passed.
func (l *Line) ServedAt(c Cursor) int64 { return int64(l.Seals.position(c.Epoch, c.Rank)) }
