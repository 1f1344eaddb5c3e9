package courier_test

import (
	"context"
	"flag"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/sqlite"
	"github.com/daemun/daemun/backend/store/storetest"
)

// script is what goes wrong in a history.
type script struct {
	people, parallel int
	cancel           []bool // by person: cancels while messages are on their way
	lives            []crash
}

type crash struct {
	answers []string
	death   int
	after   bool
}

func drawScript(t *rapid.T) script {
	s := script{people: rapid.IntRange(1, 12).Draw(t, "people"), parallel: rapid.IntRange(1, 8).Draw(t, "parallel")}
	for range s.people {
		s.cancel = append(s.cancel, rapid.Bool().Draw(t, "cancels"))
	}
	answers := rapid.SliceOfN(rapid.SampledFrom([]string{"", "", "fails", "busy", "slow", "lost", "hangs"}), 0, 12)
	for range rapid.IntRange(0, 4).Draw(t, "crashes") {
		s.lives = append(s.lives, crash{answers.Draw(t, "answers"), rapid.IntRange(1, 20).Draw(t, "death"), rapid.Bool().Draw(t, "after")})
	}
	s.lives = append(s.lives, crash{answers: answers.Draw(t, "answers")}) // the last one lives on
	return s
}

// Each history opens a database some times: fewer of them do, and -rapid.checks asks for more.
func init() { _ = flag.Set("rapid.checks", "25") }

// TestNothingIsLostOrDoubled lets processes die before and after sending and before and after settling, with a gateway that
// fails, hangs, and loses its answers: at a gateway that keeps idempotency keys everybody is told everything once, in the
// order in which it happened, and reminded only of what they still have.
func TestNothingIsLostOrDoubled(t *testing.T) {
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		s := drawScript(rt)
		path := filepath.Join(t.TempDir(), fmt.Sprint(round, ".db"))
		var wrong string
		synctest.Test(t, func(t *testing.T) { wrong = s.play(t, path) })
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
	if round == 0 {
		t.Fatal("nothing was played")
	}
}

func (s *script) play(t *testing.T, path string) (wrong string) {
	began, base := time.Now(), storetest.Now
	clock := func() time.Time { return base.Add(time.Since(began)) }
	store := open(t, path)
	defer func() { store.Close() }()
	if err := store.Import(t.Context(), storetest.Slots(1, 1000, 1000)); err != nil {
		t.Fatal(err)
	}
	booked := make([]booking.Placed, s.people)
	for n := range booked {
		if _, err := store.Admit(t.Context(), storetest.AdmissionOf(n, 0, base)); err != nil {
			t.Fatal(err)
		}
		booked[n] = book(t, store, n, fmt.Sprint("key-", n))
	}
	r := &receiver{}
	for i, c := range s.lives {
		l := &life{Store: store, receiver: r, answer: c.answers, death: c.death, after: c.after}
		var people sync.WaitGroup
		if i == len(s.lives)/2 {
			people.Go(func() { s.withdraw(t, store, booked, clock) })
		}
		l.carry(t.Context(), clock, s.parallel)
		people.Wait()
		store.Close()
		store = open(t, path)
	}
	base = booking.ReminderAt(storetest.SlotDay).Add(time.Minute).Add(-time.Since(began)) // the day before
	(&life{Store: store, receiver: r}).carry(t.Context(), clock, s.parallel)
	if r.most > s.parallel {
		return fmt.Sprint(r.most, " letters at once, want at most ", s.parallel)
	}
	return s.judge(r)
}

// withdraw cancels bookings while their messages are on the way.
func (s *script) withdraw(t *testing.T, store booking.Store, booked []booking.Placed, clock func() time.Time) {
	for n, cancels := range s.cancel {
		if !cancels {
			continue
		}
		time.Sleep(300 * time.Millisecond)
		w := booking.Withdrawal{No: booked[n].No, By: booking.ByPerson, At: clock(), Tell: recipient(n)}
		if _, err := store.Cancel(t.Context(), w); err != nil {
			t.Error(err)
		}
	}
}

func (s *script) judge(r *receiver) string {
	for n, cancelled := range s.cancel {
		got := r.kinds(n)
		want := [][]string{{"booked", "reminder"}}
		if cancelled {
			want = [][]string{{"booked", "cancelled"}, {"cancelled"}}
		}
		if !slices.ContainsFunc(want, func(w []string) bool { return slices.Equal(w, got) }) {
			return fmt.Sprintf("person %d (cancelled: %t) was told %q", n, cancelled, got)
		}
	}
	return ""
}

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(context.WithoutCancel(t.Context()), path, storetest.Now)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
