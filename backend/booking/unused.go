package booking

import (
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// Unused is a clinic's word that doses of a slot will not be given to those who booked them, or are more than were booked.
type Unused struct {
	ID      string // the same report has the same one
	Opening string
	Slot    string
	Doses   int
	Clinic  string // whose word it is
	By      string // of the clinic's certificate
	At      time.Time
}

// same tells whether two reports say the same.
func (u *Unused) same(v *Unused) bool {
	return u.Opening == v.Opening && u.Slot == v.Slot && u.Doses == v.Doses && u.Clinic == v.Clinic
}

// spot is a slot of an opening.
type spot struct{ opening, slot string }

// unused are the reports of doses that stay unused.
type unused struct {
	reports map[string]*Unused // by ID
	doses   map[spot]int
}

func (u *unused) add(r *Unused) {
	if u.reports == nil {
		u.reports, u.doses = map[string]*Unused{}, map[spot]int{}
	}
	u.reports[r.ID] = r
	u.doses[spot{r.Opening, r.Slot}] += r.Doses
}

func (u *unused) drop(r *Unused) {
	delete(u.reports, r.ID)
	u.doses[spot{r.Opening, r.Slot}] -= r.Doses
}

// ReportUnused decides on a clinic's report; the effect is nil when the ledger has it already. A slot never has more unused
// doses than its capacity, and none once its day is over.
func (s *State) ReportUnused(u Unused) (Unused, *Effect, error) {
	if known := s.unused.reports[u.ID]; known != nil {
		if !known.same(&u) {
			return Unused{}, nil, Refuse(KeyReused)
		}
		return *known, nil, nil
	}
	supply := s.catalog.Opening(u.Opening)
	if supply == nil || supply.Slot(u.Slot) == nil || supply.Slot(u.Slot).Place.ID != u.Clinic {
		return Unused{}, nil, Refuse(NoSuchSlot)
	}
	slot := supply.Slot(u.Slot)
	switch {
	case subject.DateOf(slot.At()).Before(subject.DateOf(u.At)):
		return Unused{}, nil, Refuse(NotThatDay)
	case u.Doses < 1 || s.unused.doses[spot{u.Opening, u.Slot}]+u.Doses > slot.Capacity():
		return Unused{}, nil, Refuse(TooManyDoses)
	}
	kept, n := &u, int64(u.Doses)
	s.unused.add(kept)
	s.left.setApart(u.Opening, u.Slot, n)
	data := mustJSON(ledger.Unused{ID: u.ID, Clinic: u.Clinic, Opening: u.Opening, Slot: u.Slot, Doses: u.Doses, By: u.By})
	e := s.effect(u.At, ledger.KindUnused, data, func() {
		s.unused.drop(kept)
		s.left.setApart(u.Opening, u.Slot, -n)
	})
	e.Spare = s.spare(u.Opening, u.Slot)
	return u, e, nil
}

// UnusedDoses is how many doses of a slot its clinic has reported as unused.
func (s *State) UnusedDoses(opening, slot string) int { return s.unused.doses[spot{opening, slot}] }

// RestoreUnused puts back a report that the ledger has. Its doses are beyond the capacity of the slot and beyond the stock:
// those set apart, and later booked, take nothing from the line.
func (s *State) RestoreUnused(r ledger.Unused, at time.Time) {
	supply := s.catalog.Opening(r.Opening)
	supply.take(supply.Slot(r.Slot), FirstDose, -int64(r.Doses))
	supply.doses.booked.Add(int64(r.Doses))
	s.unused.add(&Unused{ID: r.ID, Opening: r.Opening, Slot: r.Slot, Doses: r.Doses, Clinic: r.Clinic, By: r.By, At: at})
}
