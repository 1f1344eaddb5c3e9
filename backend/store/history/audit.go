package history

import (
	"encoding/json"
	"fmt"
	"iter"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

type place struct{ opening, slot string }

// auditor follows a ledger record by record and knows what must hold after each.
type auditor struct {
	capacity map[place]int
	taken    map[place]int
	stock    map[string]int64
	booked   map[string]int64
	active   map[subject.ID]string // number
	at       map[string]place      // by number
}

// Audit follows a ledger from its beginning: the chain holds, no slot and no stock is ever oversold, and nobody has two
// bookings at a time.
func Audit(records iter.Seq2[ledger.Record, error]) error {
	a := &auditor{
		capacity: map[place]int{}, taken: map[place]int{}, stock: map[string]int64{}, booked: map[string]int64{},
		active: map[subject.ID]string{}, at: map[string]place{},
	}
	_, err := ledger.Verify(ledger.Head{}, func(yield func(ledger.Record, error) bool) {
		for r, err := range records {
			if err == nil {
				if err = a.follow(&r); err != nil {
					err = fmt.Errorf("record %d, %s: %w", r.Seq, r.Data, err)
				}
			}
			if !yield(r, err) {
				return
			}
		}
	})
	return err
}

func (a *auditor) follow(r *ledger.Record) error {
	switch r.Kind {
	case ledger.KindClinic:
		return read(r, func(c *ledger.Clinic) error {
			for _, s := range c.Slots {
				a.capacity[place{c.Opening, s.Slot}] = s.Capacity
			}
			return nil
		})
	case ledger.KindStock:
		return read(r, func(s *ledger.Stock) error { a.stock[s.Opening] = s.Doses; return nil })
	case ledger.KindBooking:
		return read(r, a.book)
	case ledger.KindChange:
		return read(r, func(c *ledger.Change) error {
			a.taken[place{c.Opening, c.From}]--
			return a.take(c.No, place{c.Opening, c.To})
		})
	case ledger.KindCancel:
		return read(r, func(c *ledger.Cancel) error {
			if a.active[c.Subject] != c.No {
				return fmt.Errorf("cancels what is not booked; the person has %q", a.active[c.Subject])
			}
			delete(a.active, c.Subject)
			a.taken[a.at[c.No]]--
			a.booked[c.Opening]--
			return nil
		})
	}
	return nil
}

func (a *auditor) book(b *ledger.Booking) error {
	if no := a.active[b.Subject]; no != "" {
		return fmt.Errorf("a second booking; the person has %s", no)
	}
	a.active[b.Subject] = b.No
	if a.booked[b.Opening]++; a.booked[b.Opening] > a.stock[b.Opening] {
		return fmt.Errorf("%d booked of a stock of %d", a.booked[b.Opening], a.stock[b.Opening])
	}
	return a.take(b.No, place{b.Opening, b.Slot})
}

func (a *auditor) take(no string, p place) error {
	a.at[no] = p
	if a.taken[p]++; a.taken[p] > a.capacity[p] {
		return fmt.Errorf("%d booked in a slot for %d", a.taken[p], a.capacity[p])
	}
	return nil
}

func read[T any](r *ledger.Record, do func(*T) error) error {
	var v T
	if err := json.Unmarshal(r.Data, &v); err != nil {
		return err
	}
	return do(&v)
}
