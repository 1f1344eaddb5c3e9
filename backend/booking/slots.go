package booking

import (
	"cmp"
	"hash/maphash"
	"slices"
	"sync/atomic"
	"time"
	"unique"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/subject"
)

// SlotSupply is one slot in an opening. A country has millions of them, so it takes 56 bytes beside its ID; those of one
// clinic stand next to each other.
type SlotSupply struct {
	ID    string
	Place *ClinicSupply

	at       int64 // Unix ms
	vaccine  unique.Handle[string]
	capacity int32
	left     int32 // by atomic operations alone; negative where an import took capacity back
	dose     int32
}

func newSlot(place *ClinicSupply, s *clinic.Slot, taken int32) SlotSupply {
	return SlotSupply{
		ID: s.ID, Place: place, at: s.At.UnixMilli(), vaccine: unique.Make(s.Vaccine),
		capacity: int32(s.Capacity), left: int32(s.Capacity) - taken, dose: int32(s.DoseOrFirst()),
	}
}

// At is when the slot begins, in UTC.
func (s *SlotSupply) At() time.Time { return time.UnixMilli(s.at).UTC() }

// Vaccine is what is given in the slot.
func (s *SlotSupply) Vaccine() string { return s.vaccine.Value() }

// Dose is which dose is given in the slot.
func (s *SlotSupply) Dose() int { return int(s.dose) }

// Capacity is how many doses the slot has, taken or not.
func (s *SlotSupply) Capacity() int { return int(s.capacity) }

// Left is how many doses of the slot are neither booked nor held: never negative, also when an import took capacity back.
func (s *SlotSupply) Left() int { return int(max(0, atomic.LoadInt32(&s.left))) }

// Slot is what was imported.
func (s *SlotSupply) Slot() clinic.Slot {
	return clinic.Slot{ID: s.ID, Clinic: s.Place.ID, At: s.At(), Vaccine: s.Vaccine(), Capacity: s.Capacity(), Dose: s.Dose()}
}

// same reports whether an import brings nothing new.
func (s *SlotSupply) same(in *clinic.Slot) bool {
	return s.ID == in.ID && s.Place.ID == in.Clinic && s.at == in.At.UnixMilli() && s.Vaccine() == in.Vaccine && s.Capacity() == in.Capacity &&
		s.Dose() == in.DoseOrFirst()
}

func (s *SlotSupply) taken() int32 { return s.capacity - atomic.LoadInt32(&s.left) }

// shelf is the slots of an opening in one piece, found by ID. It is filled, then put in order, and does not change after that
// but for the counts.
type shelf struct {
	slots []SlotSupply
	seed  maphash.Seed
	cells []uint32 // open addressing: position in slots from 1 on; 0 is free
}

func newShelf(room int) *shelf {
	s := &shelf{slots: make([]SlotSupply, 0, room), seed: maphash.MakeSeed()}
	s.spread(room)
	return s
}

// spread makes the index anew, with room for at least so many slots.
func (s *shelf) spread(room int) {
	size := 8
	for size < room*3/2 {
		size *= 2
	}
	s.cells = make([]uint32, size)
	for i := range s.slots {
		s.cells[s.cell(s.slots[i].ID)] = uint32(i + 1)
	}
}

// cell is where an ID stands in the index, or where it would.
func (s *shelf) cell(id string) uint64 {
	mask := uint64(len(s.cells) - 1)
	at := maphash.String(s.seed, id) & mask
	for s.cells[at] != 0 && s.slots[s.cells[at]-1].ID != id {
		at = (at + 1) & mask
	}
	return at
}

func (s *shelf) find(id string) *SlotSupply {
	if n := s.cells[s.cell(id)]; n != 0 {
		return &s.slots[n-1]
	}
	return nil
}

// put adds a slot, or replaces the one of its ID.
func (s *shelf) put(slot SlotSupply) {
	cell := s.cell(slot.ID)
	if n := s.cells[cell]; n != 0 {
		s.slots[n-1] = slot
		return
	}
	s.slots = append(s.slots, slot)
	s.cells[cell] = uint32(len(s.slots))
	if len(s.slots)*4 > len(s.cells)*3 {
		s.spread(len(s.slots) * 2)
	}
}

// order sorts the slots by clinic, dose and time and hands each clinic its own. Clinics must be sorted.
func (s *shelf) order(clinics []*ClinicSupply) {
	rank := make(map[*ClinicSupply]int, len(clinics))
	for i, c := range clinics {
		rank[c] = i
	}
	inOrder := func(a, b SlotSupply) int {
		if a.Place != b.Place {
			return cmp.Compare(rank[a.Place], rank[b.Place])
		}
		return cmp.Or(cmp.Compare(a.dose, b.dose), cmp.Compare(a.at, b.at), cmp.Compare(a.ID, b.ID))
	}
	if !slices.IsSortedFunc(s.slots, inOrder) {
		slices.SortFunc(s.slots, inOrder)
	}
	clear(s.cells)
	s.spread(len(s.slots))
	days := map[subject.Date]string{}
	for from := 0; from < len(s.slots); {
		to, place := from, s.slots[from].Place
		left, second := int64(0), 0
		for to < len(s.slots) && s.slots[to].Place == place {
			if s.slots[to].dose == FirstDose {
				left += int64(s.slots[to].left)
				second = to + 1 - from
			}
			to++
		}
		all := s.slots[from:to:to]
		place.Slots, place.Second = all[:second:second], all[second:]
		place.left.Store(left)
		place.Days, place.SecondDays = byDay(place.Slots, days), byDay(place.Second, days)
		from = to
	}
}

// byDay cuts slots that are sorted by time into days. names are how days are written, one text for all clinics.
func byDay(slots []SlotSupply, names map[subject.Date]string) []DaySupply {
	var days []DaySupply
	start := 0
	for i := range slots {
		day := subject.DateOf(slots[i].At())
		if i < len(slots)-1 && subject.DateOf(slots[i+1].At()) == day {
			continue
		}
		if names[day] == "" {
			names[day] = day.String()
		}
		days = append(days, DaySupply{Day: names[day], Slots: slots[start : i+1 : i+1]})
		start = i + 1
	}
	return slices.Clip(days)
}
