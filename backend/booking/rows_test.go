package booking

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

func drawTime(t *rapid.T, label string) time.Time {
	if rapid.Bool().Draw(t, label+" is zero") {
		return time.Time{}
	}
	return time.Unix(0, rapid.Int64Range(0, 1<<62).Draw(t, label)).UTC()
}

func drawHash(t *rapid.T, label string) (h ledger.Hash) {
	copy(h[:], rapid.SliceOfN(rapid.Byte(), 1, len(h)).Draw(t, label))
	return h
}

// TestBookingsAreKeptWhole: whatever is put, replaced and taken out, each booking is found as it was put last, and each slot
// knows its active ones.
func TestBookingsAreKeptWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, model := NewState(ledger.Head{}), map[string]Booking{}
		numbers := rapid.SampledFrom([]string{"A", "ABCDE-23456", "FGHJK-78901", "fifteen letters"})
		slots := []string{"s0", "s1", "s2"}
		openings := []string{"o1", "o2"}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				b := Booking{
					No: numbers.Draw(t, "no"), Opening: rapid.SampledFrom(openings).Draw(t, "opening"), Slot: rapid.SampledFrom(slots).Draw(t, "slot"),
					Dose: rapid.IntRange(1, 2).Draw(t, "dose"), Status: rapid.SampledFrom([]Status{Booked, Booked, Cancelled}).Draw(t, "status"),
					Pair: rapid.SampledFrom([]string{"", "other"}).Draw(t, "pair"), Visit: rapid.SampledFrom([]Visit{"", Arrived, NoShow}).Draw(t, "visit"),
					Place: Place{rapid.Uint32().Draw(t, "epoch"), rapid.Uint64().Draw(t, "rank")}, PassHash: drawHash(t, "pass"), KeyHash: drawHash(t, "key"),
					BodyHash: drawHash(t, "body"), BookedAt: drawTime(t, "booked"), EndedAt: drawTime(t, "ended"), told: rapid.Uint64().Draw(t, "told"),
				}
				if _, err := s.bookings.put(&b); err != nil {
					t.Fatal(err)
				}
				model[b.No] = b
			},
			"remove": func(t *rapid.T) {
				no := numbers.Draw(t, "no")
				s.bookings.remove(no)
				delete(model, no)
			},
			"refuse": func(t *rapid.T) {
				no := rapid.SampledFrom([]string{"", "sixteen letters.", "far more letters than any booking number has"}).Draw(t, "no")
				if _, err := s.bookings.put(&Booking{No: no, Status: Booked}); err == nil || s.booking(no) != nil || s.bookings.has(no) {
					t.Fatalf("took %q", no)
				}
			},
			"": func(t *rapid.T) {
				want := map[string][]string{}
				for no, b := range model {
					if got := s.booking(no); got == nil || !reflect.DeepEqual(*got, b) {
						t.Fatalf("put\n%+v, got\n%+v", b, got)
					}
					if b.Status == Booked {
						want[b.Opening+b.Slot] = append(want[b.Opening+b.Slot], no)
					}
				}
				for _, o := range openings {
					for _, slot := range slots {
						if got, want := slices.Sorted(slices.Values(s.Booked(o, []string{slot}))), slices.Sorted(slices.Values(want[o+slot])); !slices.Equal(got, want) {
							t.Fatalf("%s %s: %v, want %v", o, slot, got, want)
						}
					}
				}
				if len(s.bookings.byNumber) != len(model) || len(s.Booked("none", slots)) != 0 {
					t.Fatalf("%d bookings, want %d", len(s.bookings.byNumber), len(model))
				}
			},
		})
	})
}

// TestAdmissionsAreKeptWhole: as TestBookingsAreKeptWhole, and the passes of many renewals take no more room than one.
func TestAdmissionsAreKeptWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, model := NewState(ledger.Head{}), map[subject.ID]Admission{}
		who := func(t *rapid.T) subject.ID { return subject.ID{rapid.Byte().Draw(t, "who") % 5} }
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				a := Admission{
					Opening: "o1", Subject: who(t), Place: Place{rapid.Uint32().Draw(t, "epoch"), rapid.Uint64().Draw(t, "rank")},
					ScheduleVersion: rapid.Uint32().Draw(t, "version"), Pass: rapid.StringN(0, 40, -1).Draw(t, "pass"), PassHash: drawHash(t, "hash"),
					Before: drawHash(t, "before"), AdmittedAt: drawTime(t, "admitted"), IssuedAt: drawTime(t, "issued"), ExpiresAt: drawTime(t, "expires"),
				}
				s.people("o1").put(&a)
				model[a.Subject] = a
			},
			"remove": func(t *rapid.T) {
				id := who(t)
				s.people("o1").remove(id)
				delete(model, id)
			},
			"": func(t *rapid.T) {
				for id := range maps.Keys(model) {
					if got := s.admitted["o1"].get(id); got == nil || !reflect.DeepEqual(*got, model[id]) {
						t.Fatalf("put\n%+v, got\n%+v", model[id], got)
					}
				}
				if n := len(s.people("o1").of); n != len(model) || s.admitted["o2"].get(subject.ID{}) != nil {
					t.Fatalf("%d people, want %d", n, len(model))
				}
			},
		})
	})
	s := NewState(ledger.Head{})
	for i := range 100_000 {
		s.people("o1").put(&Admission{Opening: "o1", Pass: fmt.Sprintf("a pass of %032d", i)})
	}
	if n := len(s.people("o1").passes.chunks); n != 1 {
		t.Errorf("%d renewals take %d chunks", 100_000, n)
	}
}
