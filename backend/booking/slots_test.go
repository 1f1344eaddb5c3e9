package booking

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"
	"unsafe"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/clinic"
)

// TestCatalogueHoldsWhatWasImported imports slots in any order, again and changed, and holds the catalogue against a map.
func TestCatalogueHoldsWhatWasImported(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		monday := time.Date(2021, 7, 26, 0, 0, 0, 0, time.UTC)
		var clinics []clinic.Clinic
		for i := range rapid.IntRange(1, 6).Draw(t, "clinics") {
			clinics = append(clinics, clinic.Clinic{ID: fmt.Sprintf("c%04d", i), Vaccine: "모더나"})
		}
		model, taken := map[string]clinic.Slot{}, map[string]int{}
		supply := newSupply("o", "모더나", 1000, 0)
		for range rapid.IntRange(1, 4).Draw(t, "imports") {
			var in []clinic.Slot
			for range rapid.IntRange(0, 60).Draw(t, "slots") {
				place, half := rapid.IntRange(0, len(clinics)-1).Draw(t, "clinic"), rapid.IntRange(0, 200).Draw(t, "half hour")
				at := monday.Add(time.Duration(half) * 30 * time.Minute)
				s := clinic.Slot{ID: clinic.SlotID(clinics[place].ID, at), Clinic: clinics[place].ID, At: at,
					Vaccine: rapid.SampledFrom([]string{"모더나", "화이자"}).Draw(t, "vaccine"), Capacity: rapid.IntRange(0, 5).Draw(t, "capacity"), Dose: rapid.IntRange(1, 2).Draw(t, "dose")}
				if s.Dose == SecondDose {
					s.ID = clinic.SecondSlotID(s.Clinic, at)
				}
				in = append(in, s)
			}
			different := supply.different(slices.Clone(in))
			for _, s := range in {
				if old, known := model[s.ID]; (!known || old != s) && !slices.Contains(different, s) {
					t.Fatalf("%+v is not told to differ from %+v", s, old)
				}
			}
			for _, s := range in {
				model[s.ID] = s
			}
			supply = supply.merge(Import{Vaccine: "모더나", Stock: 1000, Clinics: clinics, Slots: in})
			for id := range model {
				if s := supply.Slot(id); s.Left() > 0 && rapid.Bool().Draw(t, "booked") {
					supply.take(s, s.Dose(), 1)
					taken[id]++
				}
			}
			agrees(t, supply, model, taken)
		}
	})
}

func agrees(t *rapid.T, supply *Supply, model map[string]clinic.Slot, taken map[string]int) {
	seen := map[string]bool{}
	for _, c := range supply.Clinics {
		sum, days := int64(0), 0
		all := slices.Concat(c.Slots, c.Second)
		for i := range all {
			s := supply.Slot(all[i].ID)
			if first := i < len(c.Slots); first != (s.Dose() == FirstDose) || first && s != &c.Slots[i] || !first && s != &c.Second[i-len(c.Slots)] {
				t.Fatalf("%s stands with another dose", s.ID)
			}
			if s.Slot() != model[s.ID] || s.Place != c || seen[s.ID] {
				t.Fatalf("%+v stands for %+v", s.Slot(), model[s.ID])
			}
			if left := s.Capacity() - taken[s.ID]; s.Left() != max(0, left) {
				t.Fatalf("slot %s has %d left, want %d", s.ID, s.Left(), left)
			}
			seen[s.ID] = true
			if s.Dose() == FirstDose {
				sum += int64(s.Capacity() - taken[s.ID])
			}
		}
		byTime := func(a, b SlotSupply) int { return cmp.Compare(a.at, b.at) }
		if !slices.IsSortedFunc(c.Slots, byTime) || !slices.IsSortedFunc(c.Second, byTime) || c.Left() != sum {
			t.Fatalf("clinic %s is out of order, or has %d left and not %d", c.ID, c.Left(), sum)
		}
		for i, d := range slices.Concat(c.Days, c.SecondDays) {
			days += len(d.Slots)
			known := findDay(c.DaysOf(d.Slots[0].Dose()), d.Day)
			if known == nil || &known.Slots[0] != &d.Slots[0] || i < len(c.Days) && c.Day(d.Day) != known || d.Slots[0].Place != c {
				t.Fatalf("day %s of %s", d.Day, c.ID)
			}
		}
		if days != len(all) {
			t.Fatalf("the days of %s have %d of %d slots", c.ID, days, len(all))
		}
	}
	if len(seen) != len(model) || supply.Slot("c9999-0726-0900") != nil {
		t.Fatalf("%d slots of %d", len(seen), len(model))
	}
}

// TestSlotsAreSmall: there are millions of them, and all of them stand in memory.
func TestSlotsAreSmall(t *testing.T) {
	if size := unsafe.Sizeof(SlotSupply{}); size > 56 {
		t.Errorf("a slot takes %d bytes", size)
	}
}
