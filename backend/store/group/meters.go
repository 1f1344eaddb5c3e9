package group

import (
	"math"
	"sync/atomic"
	"time"

	"github.com/daemun/daemun/backend/booking"
)

// meters hold recent means: each new value counts an eighth.
type meters struct {
	wait, commit mean
}

type mean struct{ bits atomic.Uint64 }

// add is called by one goroutine, the writer.
func (m *mean) add(d time.Duration) {
	old := math.Float64frombits(m.bits.Load())
	m.bits.Store(math.Float64bits(old + (float64(d)-old)/8))
}

func (m *mean) value() time.Duration { return time.Duration(math.Float64frombits(m.bits.Load())) }

func (m *meters) waited(group []*op) {
	now := time.Now()
	var sum time.Duration
	for _, o := range group {
		sum += now.Sub(o.queued)
	}
	m.wait.add(sum / time.Duration(len(group)))
}

func (m *meters) committed(d time.Duration) { m.commit.add(d) }

// Stats tells what the store knows of its own work.
func (w *Writer) Stats(now time.Time) booking.Stats {
	w.Expire(now)
	return booking.Stats{
		Store: w.name, ActivePasses: w.state.Load().ActivePasses(now),
		QueueWait: w.meters.wait.value(), Commit: w.meters.commit.value(), LedgerSeq: w.seq.Load(),
	}
}
