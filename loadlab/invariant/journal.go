// Package invariant judges a run from outside: what the clients saw is held against the server's own ledger. Everything
// is pure and linear in the length of the history.
package invariant

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// Digest is a SHA-256.
type Digest [sha256.Size]byte

// UnmarshalText reads 64 hex digits.
func (d *Digest) UnmarshalText(text []byte) error {
	if len(text) != 2*len(d) {
		return fmt.Errorf("a digest has %d digits", 2*len(d))
	}
	_, err := hex.Decode(d[:], text)
	return err
}

// Subject is a person's pseudonym in the ledger.
type Subject [16]byte

// UnmarshalText reads 32 hex digits.
func (s *Subject) UnmarshalText(text []byte) error {
	if len(text) != 2*len(s) {
		return fmt.Errorf("a subject has %d digits", 2*len(s))
	}
	_, err := hex.Decode(s[:], text)
	return err
}

// Rank is 16 hex digits on the wire.
type Rank uint64

// UnmarshalText reads 16 hex digits.
func (r *Rank) UnmarshalText(text []byte) error {
	var b [8]byte
	if len(text) != 16 {
		return fmt.Errorf("a rank has 16 digits")
	}
	if _, err := hex.Decode(b[:], text); err != nil {
		return err
	}
	*r = Rank(binary.BigEndian.Uint64(b[:]))
	return nil
}

// Admission is a ledger record that somebody was let in.
type Admission struct {
	Opening string  `json:"opening"`
	Subject Subject `json:"subject"`
	Epoch   uint32  `json:"epoch"`
	Rank    Rank    `json:"rank"`
	Pass    Digest  `json:"pass_sha256"`

	Seq   uint64    `json:"-"`
	At    time.Time `json:"-"`
	Again bool      `json:"-"` // a readmission
}

// Booking is a ledger record that a slot was taken.
type Booking struct {
	No      string  `json:"no"`
	Opening string  `json:"opening"`
	Subject Subject `json:"subject"`
	Dose    int     `json:"dose"`
	Slot    string  `json:"slot"`
	Epoch   uint32  `json:"epoch"`
	Rank    Rank    `json:"rank"`
	Pass    Digest  `json:"pass_sha256"`
	Key     Digest  `json:"key_sha256"`

	Seq uint64 `json:"-"`
}

// move is a cancel or a change.
type move struct {
	No      string  `json:"no"`
	Opening string  `json:"opening"`
	Subject Subject `json:"subject"`
	Slot    string  `json:"slot"`
	From    string  `json:"from"`
	To      string  `json:"to"`
}

type slotOf struct{ opening, slot string }

// who is a person's claim to one dose.
type who struct {
	opening string
	subject Subject
	dose    int
}

// secondDose follows from the first: booked with it, by the same pass and key.
const secondDose = 2

// Journal reads a ledger record by record and keeps what the checks need. Problems that show while reading (a broken
// chain, an oversold slot) are kept with the record's number.
type Journal struct {
	Records    int64
	Admissions []Admission
	Bookings   []Booking

	prev     Digest
	seq      uint64
	byNo     map[string]int // index in Bookings
	slots    map[string]string
	active   map[who]string
	capacity map[slotOf]int
	second   map[slotOf]bool // gives second doses
	taken    map[slotOf]int
	stock    map[string]int64
	booked   map[string]int64

	chain, oversold, double problems
}

// problems are counted, the first few told.
type problems struct {
	count int64
	notes []string
}

func (p *problems) add(format string, args ...any) {
	if p.count++; len(p.notes) < 5 {
		p.notes = append(p.notes, fmt.Sprintf(format, args...))
	}
}

// NewJournal is an empty ledger.
func NewJournal() *Journal {
	return &Journal{byNo: map[string]int{}, slots: map[string]string{}, active: map[who]string{},
		capacity: map[slotOf]int{}, second: map[slotOf]bool{}, taken: map[slotOf]int{}, stock: map[string]int64{}, booked: map[string]int64{}}
}

// Add reads the next record. An error is a record that cannot be read at all.
func (j *Journal) Add(r api.LedgerRecord) error {
	j.Records++
	j.link(r)
	var err error
	switch r.Kind {
	case "clinic":
		err = j.clinic(r.Data)
	case "stock":
		err = j.supply(r.Data)
	case "admission", "readmission":
		err = j.admission(r)
	case "booking":
		err = j.booking(r)
	case "cancel":
		err = j.cancel(r)
	case "change":
		err = j.change(r)
	}
	if err != nil {
		return fmt.Errorf("ledger record %d (%s): %w", r.Seq, r.Kind, err)
	}
	return nil
}

// Sum is the hash of a record that follows prev.
func Sum(prev Digest, r api.LedgerRecord) Digest {
	h := sha256.New()
	var numbers [16]byte
	binary.BigEndian.PutUint64(numbers[:8], r.Seq)
	binary.BigEndian.PutUint64(numbers[8:], uint64(r.At.UnixNano()))
	h.Write(prev[:])
	h.Write(numbers[:])
	h.Write([]byte(r.Kind))
	h.Write([]byte{0})
	h.Write(r.Data)
	return Digest(h.Sum(nil))
}

func (j *Journal) link(r api.LedgerRecord) {
	if j.Records > 1 && r.Seq != j.seq+1 {
		j.chain.add("record %d follows %d", r.Seq, j.seq)
	}
	if j.Records == 1 && r.Kind != "genesis" {
		j.chain.add("the first record is %s, not genesis", r.Kind)
	}
	sum := Sum(j.prev, r)
	if hex.EncodeToString(sum[:]) != r.Hash {
		j.chain.add("record %d (%s) does not follow from the one before", r.Seq, r.Kind)
	}
	// The stated hash goes on, so that one changed record is one problem.
	if err := j.prev.UnmarshalText([]byte(r.Hash)); err != nil {
		j.prev = sum
	}
	j.seq = r.Seq
}

func (j *Journal) clinic(data json.RawMessage) error {
	var c struct {
		Opening string `json:"opening"`
		Slots   []struct {
			Slot     string `json:"slot"`
			Capacity int    `json:"capacity"`
			Dose     int    `json:"dose"` // 0: the first
		} `json:"slots"`
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return err
	}
	for _, s := range c.Slots {
		j.capacity[slotOf{c.Opening, s.Slot}] = s.Capacity
		j.second[slotOf{c.Opening, s.Slot}] = s.Dose == secondDose
	}
	return nil
}

func (j *Journal) supply(data json.RawMessage) error {
	var s struct {
		Opening string `json:"opening"`
		Doses   int64  `json:"doses"`
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return err
	}
	j.stock[s.Opening] = s.Doses
	return nil
}

func (j *Journal) admission(r api.LedgerRecord) error {
	a := Admission{Seq: r.Seq, At: r.At, Again: r.Kind == "readmission"}
	if err := json.Unmarshal(r.Data, &a); err != nil {
		return err
	}
	j.Admissions = append(j.Admissions, a)
	return nil
}

func (j *Journal) booking(r api.LedgerRecord) error {
	b := Booking{Seq: r.Seq}
	if err := json.Unmarshal(r.Data, &b); err != nil {
		return err
	}
	if _, ok := j.byNo[b.No]; ok {
		j.double.add("booking number %s was given twice", b.No)
	}
	w := who{b.Opening, b.Subject, b.Dose}
	if other, ok := j.active[w]; ok {
		j.double.add("bookings %s and %s are of one person", other, b.No)
	}
	j.active[w] = b.No
	j.byNo[b.No] = len(j.Bookings)
	j.slots[b.No] = b.Slot
	j.Bookings = append(j.Bookings, b)
	j.take(b.Opening, b.Slot, b.No)
	if b.Dose == secondDose {
		if _, ok := j.active[who{b.Opening, b.Subject, 1}]; !ok || !j.second[slotOf{b.Opening, b.Slot}] {
			j.double.add("booking %s is of a second dose without a first, or where none is given", b.No)
		}
		return nil // the stock is of first doses
	}
	j.booked[b.Opening]++
	if have, ok := j.stock[b.Opening]; !ok || j.booked[b.Opening] > have {
		j.oversold.add("booking %s is number %d of %d doses", b.No, j.booked[b.Opening], have)
	}
	return nil
}

// take counts a dose of a slot and looks at once whether it was there.
func (j *Journal) take(opening, slot, no string) {
	k := slotOf{opening, slot}
	j.taken[k]++
	if have, ok := j.capacity[k]; !ok {
		j.oversold.add("booking %s is in slot %s, which no clinic has", no, slot)
	} else if j.taken[k] > have {
		j.oversold.add("booking %s is number %d in slot %s, which has %d", no, j.taken[k], slot, have)
	}
}

func (j *Journal) cancel(r api.LedgerRecord) error {
	var m move
	if err := json.Unmarshal(r.Data, &m); err != nil {
		return err
	}
	i, ok := j.byNo[m.No]
	slot, active := j.slots[m.No]
	if !ok || !active {
		j.double.add("record %d cancels %s, which is not booked", r.Seq, m.No)
		return nil
	}
	b := j.Bookings[i]
	delete(j.slots, m.No)
	delete(j.active, who{b.Opening, b.Subject, b.Dose})
	j.taken[slotOf{b.Opening, slot}]--
	if b.Dose != secondDose {
		j.booked[b.Opening]--
	}
	return nil
}

func (j *Journal) change(r api.LedgerRecord) error {
	var m move
	if err := json.Unmarshal(r.Data, &m); err != nil {
		return err
	}
	i, ok := j.byNo[m.No]
	if !ok || j.slots[m.No] != m.From {
		j.double.add("record %d moves %s from %s, where it is not", r.Seq, m.No, m.From)
		return nil
	}
	opening := j.Bookings[i].Opening
	j.taken[slotOf{opening, m.From}]--
	j.slots[m.No] = m.To
	j.take(opening, m.To, m.No)
	return nil
}
