package booking

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/roster"
)

// Imported is what an import changes. Nothing of it is in the state until Install.
type Imported struct {
	Opening string
	Vaccine string
	Stock   int64
	Clinics []clinic.Clinic        // new or different
	Slots   []clinic.Slot          // new or different
	Lists   map[string]*roster.Set // new or different, whole
	Records []ledger.Record

	catalog *Catalog
}

// Empty reports whether everything was known already.
func (i *Imported) Empty() bool { return i.catalog == nil }

// PrepareImport works out what differs from what is known. Mostly nothing does: every start imports again.
func (s *State) PrepareImport(in Import) (*Imported, error) {
	lists := s.catalog.changed(in)
	if in.onlyLists() {
		return s.importLists(in, lists), nil
	}
	known := s.catalog.Opening(in.Opening)
	if known == nil {
		known = newSupply(in.Opening, in.Vaccine, -1, 0)
	}
	if err := in.check(known); err != nil {
		return nil, fmt.Errorf("import of opening %q: %w", in.Opening, err)
	}
	out := &Imported{Opening: in.Opening, Vaccine: in.Vaccine, Stock: in.Stock, Lists: lists}
	for _, c := range in.Clinics {
		if old := known.Clinic(c.ID); old == nil || old.Clinic != c {
			out.Clinics = append(out.Clinics, c)
		}
	}
	changed := map[string]bool{}
	out.Slots = known.different(in.Slots)
	for i := range out.Slots {
		changed[out.Slots[i].Clinic] = true
	}
	sameStock := known.Total == in.Stock && known.Vaccine == in.Vaccine
	if sameStock && out.Clinics == nil && len(out.Slots) == 0 && len(lists) == 0 {
		return out, nil
	}
	out.catalog = s.catalog.with(known.merge(in), asLists(lists))
	out.Records = s.importRecords(in, known, out, changed)
	return out, nil
}

// maxCapacity bounds the doses of a half hour, so that a slip of the hand is noticed.
const maxCapacity = 1_000_000

func (in *Import) check(known *Supply) error {
	if in.Opening == "" || in.Stock < 0 {
		return errors.New("needs the opening's id and a stock of at least 0")
	}
	clinics := make(map[string]bool, len(in.Clinics))
	for _, c := range in.Clinics {
		clinics[c.ID] = true
	}
	for _, slot := range in.Slots {
		if !clinics[slot.Clinic] && known.Clinic(slot.Clinic) == nil {
			return fmt.Errorf("slot %q names the unknown clinic %q", slot.ID, slot.Clinic)
		}
		if old := known.Slot(slot.ID); old != nil && old.Place.ID != slot.Clinic {
			return fmt.Errorf("slot %q belonged to clinic %q, now to %q", slot.ID, old.Place.ID, slot.Clinic)
		}
		if slot.ID == "" || slot.Capacity < 0 || slot.Capacity > maxCapacity {
			return fmt.Errorf("slot %q has the capacity %d", slot.ID, slot.Capacity)
		}
		if old := known.Slot(slot.ID); slot.Dose < 0 || slot.Dose > SecondDose || old != nil && old.Dose() != slot.DoseOrFirst() {
			return fmt.Errorf("slot %q is of dose %d: give it 1 or 2, and the same as before", slot.ID, slot.Dose)
		}
	}
	return nil
}

// different returns those slots that are new or other than they were: all of them, mostly, when an opening is made known.
func (s *Supply) different(in []clinic.Slot) []clinic.Slot {
	same := func(slot *clinic.Slot) bool {
		old := s.Slot(slot.ID)
		return old != nil && old.same(slot)
	}
	first := slices.IndexFunc(in, func(slot clinic.Slot) bool { return same(&slot) })
	if first < 0 {
		return in
	}
	out := slices.Clone(in[:first])
	for i := first; i < len(in); i++ {
		if !same(&in[i]) {
			out = append(out, in[i])
		}
	}
	return out
}

func (s *State) importRecords(in Import, known *Supply, prepared *Imported, changed map[string]bool) []ledger.Record {
	out := recorder{head: s.head, at: in.At.UTC()}
	if known.Total != in.Stock || known.Vaccine != in.Vaccine {
		out.add(ledger.KindStock, ledger.Stock{Opening: in.Opening, Doses: in.Stock})
	}
	for _, c := range prepared.catalog.Opening(in.Opening).Clinics {
		if changed[c.ID] {
			out.add(ledger.KindClinic, c.record(in.Opening))
		}
	}
	out.addLists(prepared.Lists)
	return out.records
}

func (c *ClinicSupply) record(opening string) ledger.Clinic {
	r := ledger.Clinic{Clinic: c.ID, Opening: opening, Slots: make([]ledger.SlotCapacity, 0, len(c.Slots)+len(c.Second))}
	for i := range c.Slots {
		r.Slots = append(r.Slots, ledger.SlotCapacity{Slot: c.Slots[i].ID, Capacity: c.Slots[i].Capacity()})
	}
	for i := range c.Second {
		r.Slots = append(r.Slots, ledger.SlotCapacity{Slot: c.Second[i].ID, Capacity: c.Second[i].Capacity(), Dose: SecondDose})
	}
	return r
}

// with returns a catalog in which one opening is replaced, unless it is nil, and the lists given.
func (c *Catalog) with(s *Supply, lists roster.Lists) *Catalog {
	out := &Catalog{openings: make(map[string]*Supply, len(c.openings)+1), lists: make(roster.Lists, len(c.lists)+len(lists)), identities: c.identities}
	maps.Copy(out.openings, c.openings)
	if s != nil {
		out.openings[s.ID] = s
	}
	maps.Copy(out.lists, c.lists)
	maps.Copy(out.lists, lists)
	return out
}

// Install puts a prepared import into the state, once it is on the disk. Nothing may have been decided in between.
func (s *State) Install(i *Imported) {
	s.catalog = i.catalog
	if n := len(i.Records); n > 0 {
		s.head = i.Records[n-1].Head()
	}
}
