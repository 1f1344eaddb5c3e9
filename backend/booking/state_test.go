package booking_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/store/storetest"
	"github.com/daemun/daemun/backend/subject"
)

func newState(t *rapid.T) *booking.State {
	s := booking.NewState(ledger.Head{})
	in, err := s.PrepareImport(storetest.WithSecond(storetest.Slots(3, 2, 4), 1, 3, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	s.Install(in)
	return s
}

// operation is one call on a state: what it answered, and its effect.
type operation func(*booking.State) (any, *booking.Effect, error)

// Kinds of operations: those of the line, and all.
var (
	lineKinds = []string{"admit", "hold", "hold", "release", "book", "book", "change", "cancel", "mark", "note"}
	allKinds  = append([]string{"unused", "wish", "wish", "unwish", "offer", "take"}, lineKinds...)
)

// drawOperation draws a call at an instant. The numbers of bookings follow from the keys, so that two states can play the
// same.
func drawOperation(t *rapid.T, now time.Time, kinds []string) operation {
	person, slot := rapid.IntRange(0, 4).Draw(t, "person"), storetest.SlotID(rapid.IntRange(0, 2).Draw(t, "slot"))
	key := rapid.IntRange(0, 1).Draw(t, "key")
	no := fmt.Sprint("no-", person, "-", key)
	tell := rapid.SampledFrom([]booking.Recipient{{}, storetest.RecipientOf(person)}).Draw(t, "tell")
	then := no + "-second"
	amended := rapid.SampledFrom([]string{no, then}).Draw(t, "which")
	interval := rapid.SampledFrom([]int{0, storetest.Interval}).Draw(t, "interval")
	switch rapid.SampledFrom(kinds).Draw(t, "what") {
	case "admit":
		a := storetest.AdmissionOf(person, key, now)
		return func(s *booking.State) (any, *booking.Effect, error) { return wrap(s.Admit(a)) }
	case "hold":
		c := storetest.ClaimOf(person, slot, now)
		c.Interval = interval
		return func(s *booking.State) (any, *booking.Effect, error) { return wrap(s.Hold(c)) }
	case "release":
		return func(s *booking.State) (any, *booking.Effect, error) {
			return nil, s.Release(storetest.Opening, storetest.Person(person), now), nil
		}
	case "book":
		o := storetest.TellingOrderOf(person, slot, no)
		o.No, o.BookedAt, o.Interval, o.Second.No = no, now, interval, then
		return func(s *booking.State) (any, *booking.Effect, error) { return wrap(s.Book(o)) }
	case "change":
		if amended == then {
			slot = storetest.SecondSlotID(rapid.IntRange(0, 1).Draw(t, "clinic"), rapid.IntRange(0, 2).Draw(t, "day"))
		}
		return func(s *booking.State) (any, *booking.Effect, error) {
			return wrap(s.Change(booking.Move{No: amended, Slot: slot, Interval: interval, At: now, Tell: tell}))
		}
	case "cancel":
		return func(s *booking.State) (any, *booking.Effect, error) {
			return wrap(s.Cancel(booking.Withdrawal{No: amended, By: booking.ByPerson, At: now, Tell: tell}))
		}
	case "mark":
		m := booking.Mark{No: no, Clinic: clinicOf(slot), Visit: rapid.SampledFrom([]booking.Visit{booking.Arrived, booking.Vaccinated, booking.NoShow}).Draw(t, "visit"), By: "clinic", At: storetest.SlotDay}
		return func(s *booking.State) (any, *booking.Effect, error) { return wrap(s.Mark(m)) }
	case "unused":
		u := booking.Unused{ID: no, Opening: storetest.Opening, Slot: slot, Doses: 1 + key, Clinic: clinicOf(slot), By: "clinic", At: storetest.SlotDay}
		return func(s *booking.State) (any, *booking.Effect, error) { return wrap(s.ReportUnused(u)) }
	case "wish":
		w := booking.Wish{Opening: storetest.Opening, Subject: storetest.Person(person), Region: "서울", Code: booking.HashText(no), At: now}
		return func(s *booking.State) (any, *booking.Effect, error) { return wrap(s.Wish(w)) }
	case "unwish":
		return func(s *booking.State) (any, *booking.Effect, error) {
			e, err := s.Unwish(booking.HashText(no), now)
			return nil, e, err
		}
	case "offer":
		return func(s *booking.State) (any, *booking.Effect, error) { return offerDue(s, now) }
	case "take":
		o := storetest.OrderOf(person, slot, no)
		o.No, o.BookedAt, o.PassHash = no, now, offerCode(storetest.Person(person), slot)
		return func(s *booking.State) (any, *booking.Effect, error) { return wrap(s.Book(o)) }
	}
	return func(s *booking.State) (any, *booking.Effect, error) {
		e, err := s.Note(ledger.Opening{Opening: storetest.Opening, Action: "pause", By: "operator"}, now)
		return nil, e, err
	}
}

// offerDue offers the doses of the first slot that has some.
func offerDue(s *booking.State, now time.Time) (any, *booking.Effect, error) {
	due := s.DueOffers(now)
	n := 0
	for ; n < len(due) && due[n].Slot == due[0].Slot; n++ {
		due[n].Code = offerCode(due[n].Subject, due[n].Slot)
	}
	if n == 0 {
		return nil, nil, nil
	}
	e, err := s.Offer(due[:n])
	return nil, e, err
}

func offerCode(who subject.ID, slot string) ledger.Hash { return booking.HashText(who.String() + slot) }

func clinicOf(slot string) string { return slot[:5] }

func wrap[T any](v T, e *booking.Effect, err error) (any, *booking.Effect, error) { return v, e, err }

// look is all that can be seen of a state from outside at an instant.
func look(s *booking.State, now time.Time) string {
	s.Expire(now)
	o := s.Catalog().Opening(storetest.Opening)
	text := fmt.Sprint(s.Head(), o.Left(), o.Held(), o.Booked(), o.Admitted(), s.ActivePasses(now))
	for n := range 5 {
		h, err := s.Holding(storetest.Opening, storetest.Person(n), now)
		text += fmt.Sprint(" ", h.Slot, h.ExpiresAt.Unix(), booking.KindOf(err))
	}
	text += fmt.Sprint(" ", s.Spares(now), s.DueOffers(now))
	for n := range 5 {
		for slot := range 3 {
			_, state := s.OfferOf(offerCode(storetest.Person(n), storetest.SlotID(slot)), now)
			text += fmt.Sprint(" ", state)
		}
	}
	for _, c := range o.Clinics {
		for i := range c.Second {
			text += fmt.Sprint(" ", c.Second[i].Left())
		}
		text += fmt.Sprint(" ", c.Left(), c.Slots[0].Left(), s.UnusedDoses(storetest.Opening, c.Slots[0].ID))
	}
	return text
}

// accounted checks that every dose there is, those beyond the stock too, is left, held, booked or set apart.
func accounted(t *rapid.T, s *booking.State, now time.Time) {
	o := s.Catalog().Opening(storetest.Opening)
	doses := o.Left() + o.Held() + o.Booked()
	for _, spare := range s.Spares(now) {
		doses += spare.Doses
	}
	for n := range 3 {
		doses -= int64(s.UnusedDoses(storetest.Opening, storetest.SlotID(n)))
	}
	if doses != o.Total {
		t.Fatalf("%d doses of %d", doses, o.Total)
	}
}

// TestUndoLeavesNoTrace plays a history on two states; on one of them every group of operations is first done and taken
// back, as when a commit fails. Both must answer the same for ever.
func TestUndoLeavesNoTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		plain, shaken := newState(t), newState(t)
		now := storetest.Now
		for range rapid.IntRange(1, 20).Draw(t, "groups") {
			now = now.Add(time.Duration(rapid.IntRange(0, 4).Draw(t, "minutes")) * time.Minute)
			group := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) operation { return drawOperation(t, now, allKinds) }), 1, 6).Draw(t, "group")
			before := look(shaken, now)
			var effects []*booking.Effect
			for _, do := range group {
				if _, e, _ := do(shaken); e != nil {
					effects = append(effects, e)
				}
			}
			for i := len(effects) - 1; i >= 0; i-- {
				shaken.Undo(effects[i])
			}
			if after := look(shaken, now); after != before {
				t.Fatalf("before %s, after %s", before, after)
			}
			for _, do := range group {
				want, wantEffect, wantErr := do(plain)
				got, gotEffect, gotErr := do(shaken)
				if !reflect.DeepEqual(got, want) || booking.KindOf(gotErr) != booking.KindOf(wantErr) ||
					!sameEffect(gotEffect, wantEffect) || look(plain, now) != look(shaken, now) {
					t.Fatalf("%+v %v\n%+v %v", got, gotErr, want, wantErr)
				}
				accounted(t, plain, now)
			}
		}
	})
}

// sameEffect compares what would be written down.
func sameEffect(a, b *booking.Effect) bool {
	if a == nil || b == nil {
		return a == b
	}
	return reflect.DeepEqual(a.Record, b.Record) && reflect.DeepEqual(a.Booking, b.Booking) && reflect.DeepEqual(a.Messages, b.Messages) &&
		reflect.DeepEqual(a.Dropped, b.Dropped)
}

func TestPeopleInsideAreCountedUntilTheirPassEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newState(t)
		now, ends := storetest.Now, map[int]time.Time{}
		for n := range rapid.IntRange(1, 40).Draw(t, "people") {
			now = now.Add(time.Duration(rapid.IntRange(0, 300_000).Draw(t, "ms")) * time.Millisecond)
			a := storetest.AdmissionOf(n, 0, now)
			if _, _, err := s.Admit(a); err != nil {
				t.Fatal(err)
			}
			ends[n] = a.ExpiresAt
			want := int64(0)
			for _, end := range ends {
				if end.Unix() > now.Unix() { // counted by the second
					want++
				}
			}
			if got := s.ActivePasses(now); got != want {
				t.Fatalf("%d inside, want %d", got, want)
			}
		}
	})
}
