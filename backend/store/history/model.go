package history

import (
	"fmt"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/daemun/daemun/backend/booking"
)

// input is an operation as it was asked for. Number is which try under the key asked for the booking, from 1 on: each try
// brings a number of its own.
type input struct {
	verb   Verb
	person int
	slot   int
	key    int
	number int
	act    int
	shape  *Script
}

// output is what was answered. The zero output with unsure set is what nobody was told.
type output struct {
	unsure   bool
	kind     booking.Kind // of a refusal
	number   int
	slot     int
	ended    bool
	replayed bool
	left     counts
}

func (i input) String() string {
	return fmt.Sprintf("act %d: person %d: %s slot %d, key %d, try %d", i.act, i.person, i.verb, i.slot, i.key, i.number)
}

func (o output) String() string {
	switch {
	case o.unsure:
		return "nobody knows"
	case o.kind != "":
		return string(o.kind)
	}
	return fmt.Sprintf("try %d, slot %d, ended %t, again %t, %+v", o.number, o.slot, o.ended, o.replayed, o.left)
}

// counts are what an opening shows.
type counts struct {
	left, held, booked int
	slots              [slots]int
}

// book is what the clerk's book says of an opening.
type book struct {
	orders [people][keys]order
	holds  [people]held
	spare  [slots]int // cancelled when there was no stock left: kept for others than those who book
}

// order is what became of a key; the zero order: nothing yet.
type order struct {
	number int
	asked  int // the slot of the request
	slot   int
	ended  bool
}

// held is what somebody holds; the zero held: nothing.
type held struct {
	slot int // from 1 on
	act  int // in which it was taken
}

// model is the clerk. The book before the first operation is empty whatever the opening has to give: that is in the inputs.
func model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return book{} },
		Step: func(state, in, out any) (bool, any) {
			b, i, want := state.(book), in.(input), out.(output)
			got := b.answer(&i)
			return want.unsure || got == want, b
		},
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%v → %v", in, out) },
		DescribeState:     func(state any) string { return fmt.Sprintf("%+v", state) },
	}
}

// answer does what is asked and says what the answer is.
func (b *book) answer(i *input) output {
	if i.verb != Look {
		b.expire(i.act)
	}
	switch i.verb {
	case Book:
		return b.book(i)
	case Change:
		return b.change(i)
	case Cancel:
		return b.cancel(i)
	case Look:
		return b.look(i)
	case Hold:
		return b.hold(i)
	case Held:
		if b.holds[i.person].slot == 0 {
			return output{kind: booking.NoHold}
		}
		return output{slot: b.holds[i.person].slot - 1}
	case Release:
		b.holds[i.person] = held{}
	case Count:
		return output{left: b.count(i.shape)}
	}
	return output{}
}

func (b *book) expire(act int) {
	for n, h := range b.holds {
		if h.act < act {
			b.holds[n] = held{}
		}
	}
}

func (b *book) book(i *input) output {
	o := &b.orders[i.person][i.key]
	if o.number != 0 {
		if o.asked != i.slot {
			return output{kind: booking.KeyReused}
		}
		return output{number: o.number, slot: o.slot, ended: o.ended, replayed: true}
	}
	if b.active(i.person) {
		return output{kind: booking.AlreadyBooked}
	}
	mine := b.holds[i.person]
	b.holds[i.person] = held{}
	if kind := b.free(i.shape, i.slot, true); kind != "" {
		b.holds[i.person] = mine
		return output{kind: kind}
	}
	*o = order{number: i.number, asked: i.slot, slot: i.slot}
	return output{number: o.number, slot: o.slot}
}

// find returns the order that was made by the try that asked for this number.
func (b *book) find(i *input) *order {
	if o := &b.orders[i.person][i.key]; i.number != 0 && o.number == i.number {
		return o
	}
	return nil
}

func (b *book) change(i *input) output {
	o := b.find(i)
	if o == nil || o.ended {
		return output{kind: booking.NoSuchBooking}
	}
	if o.slot != i.slot {
		if kind := b.free(i.shape, i.slot, false); kind != "" {
			return output{kind: kind}
		}
		o.slot = i.slot
	}
	return output{number: o.number, slot: o.slot}
}

func (b *book) cancel(i *input) output {
	o := b.find(i)
	if o == nil {
		return output{kind: booking.NoSuchBooking}
	}
	if !o.ended {
		if c := b.count(i.shape); c.left+c.held <= 0 {
			b.spare[o.slot]++
		}
		o.ended = true
	}
	return output{number: o.number, slot: o.slot, ended: true}
}

func (b *book) look(i *input) output {
	o := b.find(i)
	if o == nil {
		return output{kind: booking.NoSuchBooking}
	}
	return output{number: o.number, slot: o.slot, ended: o.ended}
}

func (b *book) hold(i *input) output {
	if b.active(i.person) {
		return output{kind: booking.AlreadyBooked}
	}
	mine := b.holds[i.person]
	if mine.slot == i.slot+1 {
		return output{slot: i.slot}
	}
	b.holds[i.person] = held{}
	if kind := b.free(i.shape, i.slot, true); kind != "" {
		b.holds[i.person] = mine
		return output{kind: kind}
	}
	b.holds[i.person] = held{slot: i.slot + 1, act: i.act}
	return output{slot: i.slot}
}

func (b *book) active(person int) bool {
	for _, o := range b.orders[person] {
		if o.number != 0 && !o.ended {
			return true
		}
	}
	return false
}

// free says why a slot cannot be had. Who has a dose already needs none of the stock.
func (b *book) free(s *Script, slot int, stock bool) booking.Kind {
	c := b.count(s)
	switch {
	case stock && c.left <= 0 && c.held > 0:
		return booking.StockHeld
	case stock && c.left <= 0:
		return booking.StockGone
	case c.slots[slot] == 0:
		return booking.SlotFull
	}
	return ""
}

func (b *book) count(s *Script) counts {
	c := counts{left: s.Stock, slots: s.Capacity}
	take := func(slot int) { c.left--; c.slots[slot]-- }
	for person := range b.orders {
		for _, o := range b.orders[person] {
			if o.number != 0 && !o.ended {
				c.booked++
				take(o.slot)
			}
		}
		if h := b.holds[person]; h.slot != 0 {
			c.held++
			take(h.slot - 1)
		}
	}
	for slot, n := range b.spare {
		for range n {
			take(slot)
		}
	}
	return c
}

// forever is after everything that anybody was told.
const forever = int64(1) << 62

// checkTime is for one history, which takes milliseconds.
const checkTime = 20 * time.Second

// judge looks for an order in which the clerk could have given all answers. A history that takes too long is no good one.
func judge(ops []porcupine.Operation) error {
	result := porcupine.CheckOperationsTimeout(model(), ops, checkTime)
	if result == porcupine.Ok {
		return nil
	}
	var text strings.Builder
	for _, o := range ops {
		fmt.Fprintf(&text, "\n%12d %12d  %s", o.Call, o.Return, model().DescribeOperation(o.Input, o.Output))
	}
	if result == porcupine.Unknown {
		return fmt.Errorf("no verdict within %v on%s", checkTime, text.String())
	}
	return fmt.Errorf("no order explains these answers (from, to in ns):%s", text.String())
}
