package storetest

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

const (
	modelPeople = 6
	modelSlots  = 3
	modelStock  = 5
)

// model says in the plainest way what a store must answer.
type model struct {
	capacity [modelSlots]int
	admitted map[int]bool
	bookings []*modelBooking
	keys     map[string]*modelBooking
}

type modelBooking struct {
	no     string
	person int
	slot   int
	body   string
	active bool
}

func (m *model) taken(slot int) (n int) {
	for _, b := range m.bookings {
		if b.active && (slot < 0 || b.slot == slot) {
			n++
		}
	}
	return n
}

func (m *model) active(person int) *modelBooking {
	for _, b := range m.bookings {
		if b.active && b.person == person {
			return b
		}
	}
	return nil
}

func (m *model) book(person, slot int, key string) booking.Kind {
	if b := m.keys[key]; b != nil {
		if b.body != SlotID(slot) {
			return booking.KeyReused
		}
		return ""
	}
	switch {
	case !m.admitted[person]:
		return booking.BadPass
	case m.active(person) != nil:
		return booking.AlreadyBooked
	case m.taken(-1) >= modelStock:
		return booking.StockGone
	case m.taken(slot) >= m.capacity[slot]:
		return booking.SlotFull
	}
	return ""
}

// agreesWithModel plays random histories, reopening in between, and compares every answer with the model's.
func agreesWithModel(t *testing.T, open Factory) {
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		dir := t.TempDir()
		s := open(t, dir)
		defer func() { s.Close() }()
		m := &model{capacity: [modelSlots]int{2, 2, 2}, admitted: map[int]bool{}, keys: map[string]*modelBooking{}}
		mustImport(t, s, Slots(modelSlots, 2, modelStock))
		person, slot := rapid.IntRange(0, modelPeople-1), rapid.IntRange(0, modelSlots-1)
		rt.Repeat(map[string]func(*rapid.T){
			"admit": func(rt *rapid.T) {
				n := person.Draw(rt, "person")
				got, err := s.Admit(t.Context(), AdmissionOf(n, 0, Now))
				if err != nil || got.Again != m.admitted[n] {
					rt.Fatalf("admit %d: %+v, %v", n, got, err)
				}
				m.admitted[n] = true
			},
			"book": func(rt *rapid.T) {
				n, at := person.Draw(rt, "person"), slot.Draw(rt, "slot")
				key := fmt.Sprint("key-", n, "-", rapid.IntRange(0, 2).Draw(rt, "key"))
				want := m.book(n, at, key)
				p, err := s.Book(t.Context(), OrderOf(n, SlotID(at), key))
				if booking.KindOf(err) != want {
					rt.Fatalf("book %d in %d with %s: %v, want %q", n, at, key, err, want)
				}
				m.took(rt, p, err, n, at, key)
			},
			"change": func(rt *rapid.T) {
				b, at := m.pick(rt), slot.Draw(rt, "slot")
				moved, err := s.Change(t.Context(), booking.Move{No: b.no, Slot: SlotID(at), At: Now})
				switch full := m.taken(at) >= m.capacity[at]; {
				case !b.active:
					wantIn(rt, err, booking.NoSuchBooking)
				case b.slot != at && full:
					wantIn(rt, err, booking.SlotFull)
				case err != nil || moved.Slot != SlotID(at):
					rt.Fatalf("change: %+v, %v", moved, err)
				default:
					b.slot = at
				}
			},
			"cancel": func(rt *rapid.T) {
				b := m.pick(rt)
				if _, err := s.Cancel(t.Context(), booking.Withdrawal{No: b.no, By: booking.ByPerson, At: Now}); err != nil {
					rt.Fatal(err)
				}
				b.active = false
			},
			"reopen": func(rt *rapid.T) {
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				s = open(t, dir)
			},
			"": func(rt *rapid.T) { m.compare(rt, s) },
		})
		if _, err := ledger.Verify(ledger.Head{}, s.Ledger(t.Context(), 0, -1)); err != nil {
			rt.Fatal(err)
		}
	})
	if round == 0 {
		t.Fatal("nothing was played")
	}
}

func wantIn(rt *rapid.T, err error, kind booking.Kind) {
	if booking.KindOf(err) != kind {
		rt.Fatalf("%v, want %q", err, kind)
	}
}

// took notes an accepted order.
func (m *model) took(rt *rapid.T, p booking.Placed, err error, person, slot int, key string) {
	known := m.keys[key]
	switch {
	case err != nil:
	case known != nil && (!p.Replayed || p.No != known.no):
		rt.Fatalf("%s answers %+v, first %s", key, p, known.no)
	case known == nil:
		b := &modelBooking{no: p.No, person: person, slot: slot, body: SlotID(slot), active: true}
		m.bookings, m.keys[key] = append(m.bookings, b), b
	}
}

func (m *model) pick(rt *rapid.T) *modelBooking {
	if len(m.bookings) == 0 {
		rt.Skip("nothing booked")
	}
	return rapid.SampledFrom(m.bookings).Draw(rt, "booking")
}

func (m *model) compare(rt *rapid.T, s booking.Store) {
	o := s.Catalog().Opening(Opening)
	if o.Left() != int64(modelStock-m.taken(-1)) || o.Booked() != int64(m.taken(-1)) || o.Admitted() != int64(len(m.admitted)) {
		rt.Fatalf("left %d, booked %d, admitted %d", o.Left(), o.Booked(), o.Admitted())
	}
	for n := range modelSlots {
		if left := o.Slot(SlotID(n)).Left(); left != m.capacity[n]-m.taken(n) {
			rt.Fatalf("slot %d has %d left", n, left)
		}
	}
	inside := 0
	for n := range m.admitted {
		if m.active(n) == nil {
			inside++
		}
	}
	if got := s.Stats(Now.Add(time.Second)).ActivePasses; got != int64(inside) {
		rt.Fatalf("%d passes active, want %d", got, inside)
	}
}
