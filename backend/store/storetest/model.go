package storetest

import (
	"fmt"
	"maps"
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
	now      time.Time
	capacity [modelSlots]int
	admitted map[int]time.Time // until when the pass is good
	held     map[int]modelHold
	bookings []*modelBooking
	keys     map[string]*modelBooking
	spare    [modelSlots]int // doses that came back when the stock was gone: no longer for the line
}

type modelBooking struct {
	no     string
	person int
	slot   int
	body   string
	active bool
}

type modelHold struct {
	slot int
	ends time.Time
}

// wait lets time go by.
func (m *model) wait(d time.Duration) {
	m.now = m.now.Add(d)
	maps.DeleteFunc(m.held, func(_ int, h modelHold) bool { return !h.ends.After(m.now) })
}

// kept counts what others hold.
func (m *model) kept(slot, person int) (n int) {
	for by, h := range m.held {
		if by != person && (slot < 0 || h.slot == slot) {
			n++
		}
	}
	return n
}

// may says why somebody cannot take a dose.
func (m *model) may(person, slot int) booking.Kind {
	switch {
	case m.admitted[person].IsZero():
		return booking.BadPass
	case m.active(person) != nil:
		return booking.AlreadyBooked
	case m.taken(-1) >= modelStock:
		return booking.StockGone
	case m.taken(-1)+m.kept(-1, person) >= modelStock && m.kept(-1, person) > 0:
		return booking.StockHeld
	case m.taken(slot)+m.kept(slot, person) >= m.capacity[slot]:
		return booking.SlotFull
	}
	return ""
}

func (m *model) hold(person, slot int) booking.Kind {
	if h, ok := m.held[person]; ok && h.slot == slot && m.active(person) == nil {
		return ""
	}
	kind := m.may(person, slot)
	if kind == "" {
		m.held[person] = modelHold{slot, m.now.Add(5 * time.Minute)}
	}
	return kind
}

// taken is what the line cannot have any more.
func (m *model) taken(slot int) (n int) {
	for at, spare := range m.spare {
		if slot < 0 || at == slot {
			n += spare
		}
	}
	for _, b := range m.bookings {
		if b.active && (slot < 0 || b.slot == slot) {
			n++
		}
	}
	return n
}

func (m *model) booked() (n int) {
	for _, b := range m.bookings {
		if b.active {
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
	return m.may(person, slot)
}

// agreesWithModel plays random histories, reopening in between, and compares every answer with the model's.
func agreesWithModel(t *testing.T, open Factory) {
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		dir := t.TempDir()
		s := open(t, dir)
		defer func() { s.Close() }()
		m := &model{capacity: [modelSlots]int{2, 2, 2}, now: Now, admitted: map[int]time.Time{}, held: map[int]modelHold{}, keys: map[string]*modelBooking{}}
		mustImport(t, s, Slots(modelSlots, 2, modelStock))
		person, slot := rapid.IntRange(0, modelPeople-1), rapid.IntRange(0, modelSlots-1)
		rt.Repeat(map[string]func(*rapid.T){
			"admit": func(rt *rapid.T) {
				n := person.Draw(rt, "person")
				got, err := s.Admit(t.Context(), AdmissionOf(n, 0, m.now))
				good := !m.admitted[n].Before(m.now.Add(booking.RenewBefore))
				if err != nil || got.Again != good {
					rt.Fatalf("admit %d: %+v, %v", n, got, err)
				}
				m.admitted[n] = got.ExpiresAt
			},
			"book": func(rt *rapid.T) {
				n, at := person.Draw(rt, "person"), slot.Draw(rt, "slot")
				key := fmt.Sprint("key-", n, "-", rapid.IntRange(0, 2).Draw(rt, "key"))
				want := m.book(n, at, key)
				p, err := s.Book(t.Context(), orderAt(n, SlotID(at), key, m.now))
				if booking.KindOf(err) != want {
					rt.Fatalf("book %d in %d with %s: %v, want %q", n, at, key, err, want)
				}
				m.took(rt, p, err, n, at, key)
			},
			"change": func(rt *rapid.T) {
				b, at := m.pick(rt), slot.Draw(rt, "slot")
				moved, err := s.Change(t.Context(), booking.Move{No: b.no, Slot: SlotID(at), At: m.now})
				switch full := m.taken(at)+m.kept(at, -1) >= m.capacity[at]; {
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
				if _, err := s.Cancel(t.Context(), booking.Withdrawal{No: b.no, By: booking.ByPerson, At: m.now}); err != nil {
					rt.Fatal(err)
				}
				if b.active && m.taken(-1) >= modelStock {
					m.spare[b.slot]++
				}
				b.active = false
			},
			"hold": func(rt *rapid.T) {
				n, at := person.Draw(rt, "person"), slot.Draw(rt, "slot")
				want := m.hold(n, at)
				h, err := s.Hold(t.Context(), ClaimOf(n, SlotID(at), m.now))
				if booking.KindOf(err) != want || err == nil && (h.Slot != SlotID(at) || !h.ExpiresAt.Equal(m.held[n].ends)) {
					rt.Fatalf("hold %d in %d: %+v, %v, want %q", n, at, h, err, want)
				}
			},
			"release": func(rt *rapid.T) {
				n := person.Draw(rt, "person")
				if err := s.Release(t.Context(), Opening, Person(n), m.now); err != nil {
					rt.Fatal(err)
				}
				delete(m.held, n)
			},
			"wait": func(rt *rapid.T) { m.wait(time.Duration(rapid.IntRange(1, 150).Draw(rt, "seconds")) * time.Second) },
			"reopen": func(rt *rapid.T) {
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				s = open(t, dir)
			},
			"": func(rt *rapid.T) { m.compare(rt, t, s) },
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
		delete(m.held, person)
	}
}

func (m *model) pick(rt *rapid.T) *modelBooking {
	if len(m.bookings) == 0 {
		rt.Skip("nothing booked")
	}
	return rapid.SampledFrom(m.bookings).Draw(rt, "booking")
}

func (m *model) compare(rt *rapid.T, t *testing.T, s booking.Store) {
	o := settle(t, s, m.now)
	taken, held := m.taken(-1), m.kept(-1, -1)
	if o.Left() != int64(modelStock-taken-held) || o.Held() != int64(held) || o.Booked() != int64(m.booked()) || o.Admitted() != int64(len(m.admitted)) {
		rt.Fatalf("left %d, held %d, booked %d, admitted %d", o.Left(), o.Held(), o.Booked(), o.Admitted())
	}
	for n := range modelSlots {
		if left := o.Slot(SlotID(n)).Left(); left != m.capacity[n]-m.taken(n)-m.kept(n, -1) {
			rt.Fatalf("slot %d has %d left", n, left)
		}
	}
	inside := 0
	for n, until := range m.admitted {
		if m.active(n) == nil && until.Unix() > m.now.Unix() {
			inside++
		}
	}
	if got := s.Stats(m.now).ActivePasses; got != int64(inside) {
		rt.Fatalf("%d passes active, want %d", got, inside)
	}
}
