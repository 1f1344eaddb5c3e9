package versus

import (
	"context"
	"fmt"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/loadlab/bench"
)

const rounds = 3

// match has contenders book in the same slots, ours first among them.
type match struct {
	where string // "PostgreSQL, 4 hot slots"
	slots []string
	all   []*contender
}

// figures are a contender's in each round.
type figures struct{ rate, p50, p99, calm []float64 }

// play measures everybody in turns, forwards and backwards, so that a slow moment of the machine hits all alike.
func (m *match) play(ctx context.Context, d time.Duration) ([]bench.Row, error) {
	for _, c := range m.all {
		if c.tune == nil {
			continue
		}
		if err := c.tune(ctx, c); err != nil {
			return nil, err
		}
	}
	seen := make([]figures, len(m.all))
	err := m.inTurns(func(i int, c *contender) error {
		o, err := c.peak(ctx, m.slots, d)
		f := &seen[i]
		f.rate, f.p50, f.p99 = append(f.rate, o.rate()), append(f.p50, o.percentile(0.5)), append(f.p99, o.percentile(0.99))
		return err
	})
	if err != nil {
		return nil, err
	}
	err = m.inTurns(func(i int, c *contender) error {
		o, err := c.calm(ctx, m.slots, bench.Median(seen[i].rate)/2, d)
		seen[i].calm = append(seen[i].calm, o.percentile(0.99))
		return err
	})
	return m.rows(seen), err
}

func (m *match) inTurns(do func(i int, c *contender) error) error {
	for round := range rounds {
		for turn := range m.all {
			i := turn
			if round%2 == 1 {
				i = len(m.all) - 1 - turn
			}
			if err := do(i, m.all[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *match) rows(seen []figures) []bench.Row {
	ours := seen[0]
	var rows []bench.Row
	for i, peer := range m.all[1:] {
		theirs := seen[i+1]
		name := func(what string) string { return fmt.Sprintf("booking in %s: %s%s", m.where, what, peer.note) }
		rows = append(rows,
			bench.Compare(name("bookings from 64 clients"), "1/s", bench.More, ours.rate, peer.name, theirs.rate),
			bench.Compare(name("p50 at the peak"), "ms", bench.Less, ours.p50, peer.name, theirs.p50),
			bench.Compare(name("p99 at the peak"), "ms", bench.Less, ours.p99, peer.name, theirs.p99),
			bench.Compare(name("p99 at half of its own peak"), "ms", bench.Less, ours.calm, peer.name, theirs.calm))
	}
	return rows
}

// ourStore makes a contender of a store of ours.
func ourStore(s booking.Store, kept func(context.Context) (int, error)) *contender {
	return &contender{
		name:  "ours",
		kept:  kept,
		admit: func(ctx context.Context, a booking.Admission) error { _, err := s.Admit(ctx, a); return err },
		book: func(ctx context.Context, o *booking.Order) error {
			_, err := s.Book(ctx, *o)
			if booking.KindOf(err) == booking.SlotFull {
				return errFull
			}
			return err
		},
	}
}
