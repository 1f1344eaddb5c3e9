package audit

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/ledger"
)

// asking puts a schedule in force by which the opening asks who people are from a time on.
func (s *site) asking(from time.Time) {
	s.scheduleFrom(opens.Add(24*time.Hour), from, func(o *cohort.Opening) { o.Identity = []string{"pass-app"} })
}

// showAll records, before each booking but those left out, that its person showed who they are.
func (s *site) showAll(but func(i int, b *ledger.Booking) bool) {
	n := 0
	for i := 0; i < len(s.records); i++ {
		if s.records[i].Kind != ledger.KindBooking {
			continue
		}
		var b ledger.Booking
		edit(s, i, func(k *ledger.Booking) { b = *k })
		n++
		if but(n, &b) {
			continue
		}
		data, _ := json.Marshal(ledger.Identity{Opening: b.Opening, Subject: b.Subject, Provider: "pass-app"})
		s.records = slices.Insert(s.records, i, ledger.Record{At: s.records[i].At, Kind: ledger.KindIdentity, Data: data})
		i++
	}
}

// TestBookingsOfPeopleWhoShowedWhoTheyAre: where the opening asks, a booking without the check before it is found, unless a
// lane's staff asked; where it does not ask yet, none is.
func TestBookingsOfPeopleWhoShowedWhoTheyAre(t *testing.T) {
	for name, row := range map[string]struct {
		play func(s *site)
		says string
	}{
		"all have": {func(s *site) {
			s.asking(opens.Add(-time.Hour))
			s.showAll(func(int, *ledger.Booking) bool { return false })
		}, ""},
		"one has not": {func(s *site) {
			s.asking(opens.Add(-time.Hour))
			s.showAll(func(n int, _ *ledger.Booking) bool { return n == 31 })
		}, "has not shown it"},
		"one by a lane": {func(s *site) {
			s.asking(opens.Add(-time.Hour))
			s.showAll(func(n int, _ *ledger.Booking) bool { return n == 31 })
			edit(s, s.nth(ledger.KindBooking, 30), func(b *ledger.Booking) { b.Via = "call_centre" })
		}, ""},
		"too late": {func(s *site) {
			s.asking(opens.Add(-time.Hour))
			s.showAll(func(int, *ledger.Booking) bool { return false })
			i := s.nth(ledger.KindIdentity, 30)
			s.records[i], s.records[i+1] = s.records[i+1], s.records[i]
		}, "came before the person showed"},
		"nobody asked":     {func(*site) {}, ""},
		"nobody asked yet": {func(s *site) { s.asking(opens.Add(20 * time.Hour)) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(120, 3, 7)
			row.play(s)
			s.cover()
			r, err := Reconcile(s.evidence(), Options{})
			if err != nil {
				t.Fatal(err)
			}
			told := tellAll(r)
			if row.says == "" && (strings.Contains(told, "shown it") || strings.Contains(told, "before the person showed")) || !strings.Contains(told, row.says) {
				t.Errorf("want %q: %s", row.says, told)
			}
			if row.says == "" && r.Outcome() != Holds {
				t.Errorf("%v: %s", r.Outcome(), told)
			}
		})
	}
}

func TestWhenAnOpeningAsks(t *testing.T) {
	o := opening{asks: []asking{{100, false}, {200, true}, {300, false}, {400, true}}}
	for _, c := range []struct {
		from, to int64
		asked    bool
	}{{0, 50, false}, {150, 160, false}, {250, 260, true}, {190, 210, false}, {290, 310, false}, {350, 450, false}, {500, 600, true}} {
		if got := o.asked(c.from, c.to); got != c.asked {
			t.Errorf("%d to %d: %v", c.from, c.to, got)
		}
	}
}
