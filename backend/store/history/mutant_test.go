package history

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/group"
)

// mutants are stores that break one promise each, most of the time unnoticed.
var mutants = map[string]func(booking.Store) booking.Store{
	"oversells by one":                  func(s booking.Store) booking.Store { return &oversells{Store: s} },
	"loses what it acknowledged":        func(s booking.Store) booking.Store { return &forgets{Store: s} },
	"acknowledges what may be lost":     func(s booking.Store) booking.Store { return &hurries{s} },
	"answers a retry with another one":  func(s booking.Store) booking.Store { return &retells{s} },
	"takes a used key for a new one":    func(s booking.Store) booking.Store { return &mistakes{Store: s} },
	"cancels and keeps":                 func(s booking.Store) booking.Store { return &keeps{Store: s} },
	"holds what it does not keep":       func(s booking.Store) booking.Store { return &promises{Store: s} },
	"reads what was some time ago":      func(s booking.Store) booking.Store { return &lags{Store: s} },
	"moves a booking that was not told": func(s booking.Store) booking.Store { return &moves{Store: s} },
}

type oversells struct{ booking.Store }

func (s *oversells) Import(ctx context.Context, in booking.Import) error {
	in.Slots[0].Capacity++
	return s.Store.Import(ctx, in)
}

type forgets struct {
	booking.Store
	n atomic.Int64
}

func (s *forgets) Book(ctx context.Context, o booking.Order) (booking.Placed, error) {
	if s.n.Add(1)%50 != 0 {
		return s.Store.Book(ctx, o)
	}
	o.Status = booking.Booked
	return booking.Placed{Booking: o.Booking}, nil
}

type hurries struct{ booking.Store }

func (s *hurries) Book(ctx context.Context, o booking.Order) (booking.Placed, error) {
	p, err := s.Store.Book(ctx, o)
	if booking.KindOf(err) == booking.Unavailable {
		o.Status = booking.Booked
		return booking.Placed{Booking: o.Booking}, nil
	}
	return p, err
}

type retells struct{ booking.Store }

func (s *retells) Book(ctx context.Context, o booking.Order) (booking.Placed, error) {
	p, err := s.Store.Book(ctx, o)
	if p.Replayed {
		p.No = o.No
	}
	return p, err
}

type mistakes struct {
	booking.Store
	n atomic.Int64
}

func (s *mistakes) Book(ctx context.Context, o booking.Order) (booking.Placed, error) {
	if s.n.Add(1)%20 == 0 {
		o.KeyHash = booking.HashText(o.No)
	}
	return s.Store.Book(ctx, o)
}

type keeps struct {
	booking.Store
	n atomic.Int64
}

func (s *keeps) Cancel(ctx context.Context, w booking.Withdrawal) (booking.Booking, error) {
	b, err := s.Store.Booking(ctx, w.No)
	if err != nil || s.n.Add(1)%3 != 0 {
		return s.Store.Cancel(ctx, w)
	}
	b.Status = booking.Cancelled
	return b, nil
}

type promises struct {
	booking.Store
	n atomic.Int64
}

func (s *promises) Hold(ctx context.Context, c booking.Claim) (booking.Hold, error) {
	h, err := s.Store.Hold(ctx, c)
	if err == nil && s.n.Add(1)%2 == 0 {
		return h, s.Release(context.WithoutCancel(ctx), c.Opening, c.Subject, c.At)
	}
	return h, err
}

type lags struct {
	booking.Store
	seen sync.Map
}

func (s *lags) Book(ctx context.Context, o booking.Order) (booking.Placed, error) {
	p, err := s.Store.Book(ctx, o)
	if err == nil && !p.Replayed {
		s.seen.Store(p.No, p.Booking)
	}
	return p, err
}

func (s *lags) Booking(ctx context.Context, no string) (booking.Booking, error) {
	if b, ok := s.seen.LoadAndDelete(no); ok {
		return b.(booking.Booking), nil
	}
	return s.Store.Booking(ctx, no)
}

type moves struct {
	booking.Store
	n atomic.Int64
}

func (s *moves) Change(ctx context.Context, m booking.Move) (booking.Booking, error) {
	before, _ := s.Store.Booking(ctx, m.No)
	b, err := s.Store.Change(ctx, m)
	if err == nil && s.n.Add(1)%3 == 0 {
		b.Slot = before.Slot
	}
	return b, err
}

// TestMutantsAreCaught: a judge who lets one of these pass is none. Each gets a few hundred histories to give itself away.
func TestMutantsAreCaught(t *testing.T) {
	plans := rapid.Custom(draw)
	for name, mutate := range mutants {
		t.Run(name, func(t *testing.T) {
			honest := sqliteWorld().New
			s := setUp(t, World{New: func(t testing.TB) Opener {
				open := honest(t)
				return func(through group.Between) (booking.Store, error) {
					store, err := open(through)
					if err != nil {
						return nil, err
					}
					return mutate(store), nil
				}
			}})
			defer func() { s.site.Store().Close() }()
			for round := range 25 {
				p := plans.Example(round)
				if err := s.play(t.Context(), &p); err != nil {
					t.Logf("caught after %d histories: %.300s …", s.site.games, err)
					return
				}
			}
			t.Errorf("not caught in %d histories", s.site.games)
		})
	}
}
