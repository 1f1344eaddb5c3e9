package booking

import (
	"fmt"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// bookings are all bookings, by number, and the active ones by slot.
type bookings struct {
	words    words // openings, slots, statuses, visits
	rows     arena[bookingRow]
	byNumber map[number]uint32
	booked   map[place]uint32 // the first active booking of a slot
}

// number is a booking number as a key without a pointer: its length, then its text.
type number [16]byte

// longestNumber is the longest booking number that there is room for, in bytes.
const longestNumber = len(number{}) - 1

// numberOf returns the zero number, which stands for none, for a text that cannot be one.
func numberOf(no string) (n number) {
	if len(no) <= longestNumber {
		n[0] = byte(len(no))
		copy(n[1:], no)
	}
	return n
}

func (n number) text() string { return string(n[1 : 1+n[0]]) }

// place is a slot of an opening, in words.
type place struct{ opening, slot uint32 }

// bookingRow is a Booking without pointers, and without what only goes to and comes from the disk.
type bookingRow struct {
	no, pair          number
	subject           subject.ID
	at                place
	status, visit     uint32 // words
	dose              int32
	next, prev        uint32 // among the active ones of its slot
	place             Place
	pass, key, body   ledger.Hash
	bookedAt, endedAt instant
	told              uint64
}

func newBookings() bookings {
	return bookings{words: newWords(), byNumber: map[number]uint32{}, booked: map[place]uint32{}}
}

func (bs *bookings) row(b *Booking) bookingRow {
	return bookingRow{
		no: numberOf(b.No), pair: numberOf(b.Pair), subject: b.Subject, at: place{bs.words.number(b.Opening), bs.words.number(b.Slot)},
		status: bs.words.number(string(b.Status)), visit: bs.words.number(string(b.Visit)), dose: int32(b.Dose), place: b.Place,
		pass: b.PassHash, key: b.KeyHash, body: b.BodyHash, bookedAt: instantOf(b.BookedAt), endedAt: instantOf(b.EndedAt), told: b.told,
	}
}

// booking returns a booking by number, nil where there is none. It is the caller's: what is written into it changes nothing
// here.
func (s *State) booking(no string) *Booking {
	if i := s.bookings.byNumber[numberOf(no)]; i != 0 {
		return s.bookings.at(i)
	}
	return nil
}

func (bs *bookings) at(i uint32) *Booking {
	r, w := bs.rows.at(i), &bs.words
	return &Booking{
		No: r.no.text(), Opening: w.text(r.at.opening), Subject: r.subject, Dose: int(r.dose), Pair: r.pair.text(), Slot: w.text(r.at.slot),
		Status: Status(w.text(r.status)), Place: r.place, PassHash: r.pass, KeyHash: r.key, BodyHash: r.body,
		BookedAt: r.bookedAt.time(), EndedAt: r.endedAt.time(), Visit: Visit(w.text(r.visit)), told: r.told,
	}
}

// has tells whether there is a booking of that number.
func (bs *bookings) has(no string) bool { return bs.byNumber[numberOf(no)] != 0 }

// put makes b what is known under its number, and returns where it stands. It refuses numbers that it has no room for.
func (bs *bookings) put(b *Booking) (uint32, error) {
	n := numberOf(b.No)
	if n == (number{}) || len(b.Pair) > longestNumber {
		return 0, fmt.Errorf("booking: %q and %q are not numbers of bookings: want 1 to %d bytes", b.No, b.Pair, longestNumber)
	}
	row, i := bs.row(b), bs.byNumber[n]
	if i == 0 {
		i = bs.rows.add(row)
		bs.byNumber[n] = i
		bs.list(i)
		return i, nil
	}
	bs.unlist(i)
	*bs.rows.at(i) = row
	bs.list(i)
	return i, nil
}

// replace is put for a booking that is known.
func (bs *bookings) replace(b *Booking) {
	if _, err := bs.put(b); err != nil {
		panic(err) // its number found room before
	}
}

// remove takes a booking out as if it had never been.
func (bs *bookings) remove(no string) {
	n := numberOf(no)
	if i := bs.byNumber[n]; i != 0 {
		bs.unlist(i)
		bs.rows.remove(i)
		delete(bs.byNumber, n)
	}
}

// list puts a booking at the head of its slot's, if it is active.
func (bs *bookings) list(i uint32) {
	r := bs.rows.at(i)
	r.next, r.prev = 0, 0
	if !bs.active(r) {
		return
	}
	r.next = bs.booked[r.at]
	if r.next != 0 {
		bs.rows.at(r.next).prev = i
	}
	bs.booked[r.at] = i
}

func (bs *bookings) unlist(i uint32) {
	r := bs.rows.at(i)
	if !bs.active(r) {
		return
	}
	if r.next != 0 {
		bs.rows.at(r.next).prev = r.prev
	}
	switch {
	case r.prev != 0:
		bs.rows.at(r.prev).next = r.next
	case r.next != 0:
		bs.booked[r.at] = r.next
	default:
		delete(bs.booked, r.at)
	}
}

func (bs *bookings) active(r *bookingRow) bool { return Status(bs.words.text(r.status)) == Booked }

// markTold notes which event the pending messages of a booking are of.
func (bs *bookings) markTold(b *Booking, seq uint64) {
	b.told = seq
	if i := bs.byNumber[numberOf(b.No)]; i != 0 {
		bs.rows.at(i).told = seq
	}
}

// Booked returns the numbers of the active bookings of some slots of an opening, in no order.
func (s *State) Booked(opening string, slots []string) []string {
	var out []string
	bs := &s.bookings
	for _, slot := range slots {
		for i := bs.booked[place{bs.words.numbers[opening], bs.words.numbers[slot]}]; i != 0; i = bs.rows.at(i).next {
			out = append(out, bs.rows.at(i).no.text())
		}
	}
	return out
}
