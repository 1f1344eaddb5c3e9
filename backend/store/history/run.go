package history

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/group"
)

const (
	atOnce  = 40  // histories in a round
	perSite = 400 // histories in one store: a writer in doubt reads all of it
)

// Opener opens a store with what it held before, its writes through a fault.
type Opener func(through group.Between) (booking.Store, error)

// World is what histories are played in.
type World struct {
	// New makes an empty store and returns what opens it.
	New func(t testing.TB) Opener
	// Cut ends the store's connection to its database, if it has one.
	Cut func(ctx context.Context) error
}

// Histories is how many to play: what the environment says in HISTORIES, or else fewer.
func Histories(t testing.TB, few int) int {
	t.Helper()
	text := os.Getenv("HISTORIES")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("HISTORIES=%q: want how many to play, like 10000", text)
	}
	return n
}

// Run plays so many histories, or up to a round more, and judges each.
func Run(t *testing.T, w World, n int) {
	if err := flag.Set("rapid.checks", strconv.Itoa((n+atOnce-1)/atOnce)); err != nil {
		t.Fatal(err)
	}
	var s *scene
	var played, faults int64
	plans := rapid.Custom(draw)
	rapid.Check(t, func(rt *rapid.T) {
		if s == nil || s.site.games >= perSite {
			faults += s.tearDown(t)
			s = setUp(t, w)
		}
		p := plans.Draw(rt, "round")
		if err := s.play(t.Context(), &p); err != nil {
			rt.Fatal(err)
		}
		played += int64(len(p.Scripts))
	})
	faults += s.tearDown(t)
	t.Logf("%d histories, %d writes failed", played, faults)
	if played < int64(n) || faults == 0 {
		t.Fatal("that is less than was asked for")
	}
}

// plan is what happens in one round.
type plan struct {
	Scripts []Script
	Harms   []harm // one after the other
	Reopen  bool   // before everybody is asked again
}

type harm struct {
	What  string
	After int // writes or half milliseconds
}

func draw(t *rapid.T) plan {
	return plan{
		Scripts: rapid.SliceOfN(rapid.Custom(script), atOnce, atOnce).Draw(t, "scripts"),
		Harms: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) harm {
			return harm{
				rapid.SampledFrom([]string{"lost", "landed", "lost", "landed", "reopen", "cut"}).Draw(t, "what"),
				rapid.IntRange(0, 6).Draw(t, "after"),
			}
		}), 0, 3).Draw(t, "harms"),
		Reopen: rapid.IntRange(0, 3).Draw(t, "reopen") == 0,
	}
}

// scene is a store in a world.
type scene struct {
	World
	site   *Site
	faults Faults
}

func setUp(t testing.TB, w World) *scene {
	t.Helper()
	s := &scene{World: w}
	open := w.New(t)
	var err error
	if s.site, err = NewSite(func() (booking.Store, error) { return open(s.faults.Between) }); err != nil {
		t.Fatal(err)
	}
	return s
}

// tearDown looks through the ledger once more, as somebody who knows nothing of the answers, and tells how many writes
// failed.
func (s *scene) tearDown(t testing.TB) int64 {
	t.Helper()
	if s == nil {
		return 0
	}
	if err := errors.Join(Audit(s.site.Store().Ledger(t.Context(), 0, -1)), s.site.Store().Close()); err != nil {
		t.Fatal(err)
	}
	return s.faults.Hit.Load()
}

func (s *scene) play(ctx context.Context, p *plan) error {
	return s.site.Round(ctx, p.Scripts, func(ctx context.Context) error {
		for _, h := range p.Harms {
			if err := s.harm(ctx, h); err != nil {
				return fmt.Errorf("%s: %w", h.What, err)
			}
		}
		return nil
	}, p.Reopen)
}

func (s *scene) harm(ctx context.Context, h harm) error {
	switch h.What {
	case "lost":
		s.faults.Arm(Lost, h.After)
	case "landed":
		s.faults.Arm(Landed, h.After)
	}
	for wait := 0; wait < h.After || s.faults.Armed() && wait < 20; wait++ {
		time.Sleep(time.Millisecond / 2)
	}
	switch {
	case h.What == "reopen":
		return s.site.Reopen()
	case h.What == "cut" && s.Cut != nil:
		return s.Cut(ctx)
	}
	return nil
}
