package booking

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
)

// Catalog is what can be booked. Its lists never change once made; the counts in it do, while anybody reads them.
type Catalog struct {
	openings map[string]*Supply
	lists    roster.Lists // of *roster.Set

	identities *identities
}

// Opening returns what an opening has to give, or nil when nothing was imported for it.
func (c *Catalog) Opening(id string) *Supply { return c.openings[id] }

// Openings returns all of them by id. The map must not be changed.
func (c *Catalog) Openings() map[string]*Supply { return c.openings }

// Lists says which lists a person is on: exactly, unlike the gateway's filter.
func (c *Catalog) Lists(id subject.ID) cohort.Lists { return c.lists.Of(id) }

// List returns the people of a list, or nil when none was imported under that name.
func (c *Catalog) List(name string) *roster.Set {
	set, _ := c.lists[name].(*roster.Set)
	return set
}

// Supply is what one opening has to give.
type Supply struct {
	ID      string
	Vaccine string
	Total   int64           // doses
	Clinics []*ClinicSupply // by id

	clinics map[string]*ClinicSupply
	shelf   *shelf
	doses   counts
}

type counts struct {
	left, held, booked, admitted atomic.Int64
}

// Left is how many first doses are neither booked nor held.
func (s *Supply) Left() int64 { return s.doses.left.Load() - s.doses.held.Load() }

// Unbooked is how many first doses are not booked, held or not.
func (s *Supply) Unbooked() int64 { return s.doses.left.Load() }

// Held is how many doses are kept for people who have not booked yet.
func (s *Supply) Held() int64 { return s.doses.held.Load() }

// Booked is how many active bookings of first doses there are: people.
func (s *Supply) Booked() int64 { return s.doses.booked.Load() }

// Admitted is how many people were let in.
func (s *Supply) Admitted() int64 { return s.doses.admitted.Load() }

// Clinic returns a clinic of the opening, or nil.
func (s *Supply) Clinic(id string) *ClinicSupply { return s.clinics[id] }

// Slot returns a slot of the opening, or nil.
func (s *Supply) Slot(id string) *SlotSupply { return s.shelf.find(id) }

// ClinicSupply is one clinic in an opening.
type ClinicSupply struct {
	clinic.Clinic
	Slots      []SlotSupply // of first doses, by time
	Days       []DaySupply  // the same slots by day
	Second     []SlotSupply // of second doses, by time
	SecondDays []DaySupply

	left atomic.Int64
}

// DaySupply is one day of a clinic.
type DaySupply struct {
	Day   string // YYYY-MM-DD in Korea
	Slots []SlotSupply
}

// Left is how many doses of the day are left.
func (d *DaySupply) Left() (n int) {
	for i := range d.Slots {
		n += d.Slots[i].Left()
	}
	return n
}

// DaysOf are the days on which the clinic gives a dose.
func (c *ClinicSupply) DaysOf(dose int) []DaySupply {
	if dose == SecondDose {
		return c.SecondDays
	}
	return c.Days
}

// Day returns a day of the clinic's first doses, or nil.
func (c *ClinicSupply) Day(day string) *DaySupply { return findDay(c.Days, day) }

// On are the IDs of all its slots of a day, first doses before second ones.
func (c *ClinicSupply) On(day string) []string {
	var ids []string
	for _, days := range [][]DaySupply{c.Days, c.SecondDays} {
		if d := findDay(days, day); d != nil {
			for i := range d.Slots {
				ids = append(ids, d.Slots[i].ID)
			}
		}
	}
	return ids
}

// findDay returns a day, or nil. Days are sorted.
func findDay(days []DaySupply, day string) *DaySupply {
	i, found := slices.BinarySearchFunc(days, day, func(d DaySupply, day string) int { return cmp.Compare(d.Day, day) })
	if !found {
		return nil
	}
	return &days[i]
}

// Left is how many first doses are left over all slots of the clinic.
func (c *ClinicSupply) Left() int64 { return c.left.Load() }

func newSupply(id, vaccine string, total int64, room int) *Supply {
	s := &Supply{ID: id, Vaccine: vaccine, Total: total, clinics: map[string]*ClinicSupply{}, shelf: newShelf(room)}
	s.doses.left.Store(total)
	return s
}

// merge returns a Supply that also has what the import brings; s keeps its lists and its counts.
func (s *Supply) merge(in Import) *Supply {
	out := newSupply(s.ID, in.Vaccine, in.Stock, max(len(s.shelf.slots), len(in.Slots)))
	for _, c := range s.Clinics {
		out.putClinic(c.Clinic)
	}
	for _, c := range in.Clinics {
		out.putClinic(c)
	}
	for i := range s.shelf.slots {
		slot := &s.shelf.slots[i]
		moved := *slot
		moved.Place, moved.left = out.clinics[slot.Place.ID], moved.capacity-slot.taken()
		out.shelf.put(moved)
	}
	for i := range in.Slots {
		taken := int32(0)
		if old := s.Slot(in.Slots[i].ID); old != nil {
			taken = old.taken()
		}
		out.putSlot(&in.Slots[i], taken)
	}
	out.sort()
	out.doses.booked.Store(s.Booked())
	out.doses.admitted.Store(s.Admitted())
	out.doses.held.Store(s.Held())
	out.doses.left.Store(in.Stock - (s.Total - s.Unbooked()))
	return out
}

func (s *Supply) putClinic(c clinic.Clinic) {
	if known := s.clinics[c.ID]; known != nil {
		known.Clinic = c
		return
	}
	made := &ClinicSupply{Clinic: c}
	s.clinics[c.ID] = made
	s.Clinics = append(s.Clinics, made)
}

// putSlot adds or replaces a slot; a slot of an unknown clinic was refused before.
func (s *Supply) putSlot(slot *clinic.Slot, taken int32) {
	s.shelf.put(newSlot(s.clinics[slot.Clinic], slot, taken))
}

func (s *Supply) sort() {
	slices.SortFunc(s.Clinics, func(a, b *ClinicSupply) int { return cmp.Compare(a.ID, b.ID) })
	s.shelf.order(s.Clinics)
}

// take moves n doses out of a slot and, where they are given as first doses, the opening's stock; a negative n gives them
// back.
func (s *Supply) take(slot *SlotSupply, dose int, n int64) {
	slot.move(n)
	if dose == FirstDose {
		s.doses.left.Add(-n)
		s.doses.booked.Add(n)
	}
}

// keep is take for doses that are held.
func (s *Supply) keep(slot *SlotSupply, n int64) {
	slot.move(n)
	if slot.Dose() == FirstDose {
		s.doses.held.Add(n)
	}
}

func (s *SlotSupply) move(n int64) {
	atomic.AddInt32(&s.left, int32(-n))
	if s.Dose() == FirstDose {
		s.Place.left.Add(-n)
	}
}
