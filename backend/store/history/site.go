package history

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daemun/daemun/backend/booking"
)

// Site is a store at work, which can be closed and opened again while people use it.
type Site struct {
	open  func() (booking.Store, error)
	store atomic.Pointer[booking.Store]
	games int // that were played
	round int
}

// NewSite opens a store that open opens, with what it held before, each time it is called.
func NewSite(open func() (booking.Store, error)) (*Site, error) {
	s := &Site{open: open}
	return s, s.begin()
}

func (s *Site) begin() error {
	store, err := s.open()
	if err == nil {
		s.store.Store(&store)
	}
	return err
}

// Store is the store as it is open now, or was last.
func (s *Site) Store() booking.Store { return *s.store.Load() }

// Reopen closes the store and opens it again.
func (s *Site) Reopen() error {
	if err := s.Store().Close(); err != nil {
		return err
	}
	return s.begin()
}

// Round plays several histories at once while harm, which may be nil, is done; then, reopened or not, it asks everybody
// again and judges.
func (s *Site) Round(ctx context.Context, scripts []Script, harm func(context.Context) error, reopen bool) error {
	games := make([]*game, len(scripts))
	for i := range scripts {
		games[i] = &game{site: s, id: fmt.Sprintf("h%06d", s.games), first: s.games, round: s.round, script: &scripts[i], start: time.Now()}
		s.games++
	}
	s.round++
	if err := together(games, func(g *game) error { return g.prepare(ctx) }); err != nil {
		return fmt.Errorf("preparing: %w", err)
	}
	harmed := make(chan error, 1)
	go func() {
		if harm == nil {
			harmed <- nil
			return
		}
		harmed <- harm(ctx)
	}()
	for act := range scripts[0].Acts {
		_ = together(games, func(g *game) error { g.play(ctx, act); return nil }) // time goes on for all at once
	}
	if err := <-harmed; err != nil {
		return err
	}
	if reopen {
		if err := s.Reopen(); err != nil {
			return fmt.Errorf("reopening: %w", err)
		}
	}
	return together(games, func(g *game) error {
		g.end(ctx)
		if err := judge(g.seen); err != nil {
			return fmt.Errorf("history %s, capacity %v, stock %d: %w", g.id, g.script.Capacity, g.script.Stock, err)
		}
		return nil
	})
}

// together runs do for all games at once and returns the first error.
func together(games []*game, do func(*game) error) error {
	errs := make([]error, len(games))
	var wg sync.WaitGroup
	for i, g := range games {
		wg.Go(func() { errs[i] = do(g) })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
