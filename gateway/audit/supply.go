package audit

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// supply counts doses as the ledger gives and takes them, and remembers each time that there were not enough.
type supply struct {
	stock, taken   map[string]int64 // doses by opening
	capacity, full map[slotOf]int   // doses by slot
	second         map[slotOf]bool  // gives second doses
	active         map[claim]string // number of the active booking
	spare          map[slotOf]int   // doses kept for people who are offered one
	standing       map[string]held  // active bookings by number
	numbers        map[string]uint64
	doses, moves   int64
	problems       []Finding // each names a booking
}

type slotOf struct{ opening, slot string }

// The doses: the second follows from the first.
const firstDose, secondDose = 1, 2

// claim is a person's to one dose.
type claim struct {
	subject subject.ID
	dose    int
}

type held struct {
	opening, slot string
	claim         claim
}

func newSupply() *supply {
	return &supply{
		stock: map[string]int64{}, taken: map[string]int64{}, capacity: map[slotOf]int{}, full: map[slotOf]int{}, second: map[slotOf]bool{}, spare: map[slotOf]int{},
		active: map[claim]string{}, standing: map[string]held{}, numbers: map[string]uint64{},
	}
}

func (s *supply) problem(r *ledger.Record, no, ko, en string, args ...any) {
	s.problems = append(s.problems, sayf(Finding{What: Unlawful, Record: r.Seq, Booking: no}, ko, en, args...))
}

func (s *supply) add(r *ledger.Record) error {
	switch r.Kind {
	case ledger.KindStock:
		var k ledger.Stock
		if err := json.Unmarshal(r.Data, &k); err != nil {
			return err
		}
		s.stock[k.Opening] = k.Doses
	case ledger.KindClinic:
		var k ledger.Clinic
		if err := json.Unmarshal(r.Data, &k); err != nil {
			return err
		}
		for _, slot := range k.Slots {
			s.capacity[slotOf{k.Opening, slot.Slot}] = slot.Capacity
			s.second[slotOf{k.Opening, slot.Slot}] = slot.Dose == secondDose
		}
	case ledger.KindUnused:
		return s.unused(r)
	case ledger.KindCancel:
		return s.cancel(r)
	case ledger.KindChange:
		return s.change(r)
	}
	return nil
}

func (s *supply) book(r *ledger.Record, b *ledger.Booking) error {
	if other, known := s.numbers[b.No]; known {
		s.problem(r, b.No, "예약번호 %s이(가) 두 번 쓰였습니다(기록 %d, %d).", "Booking number %s was given twice (records %d and %d).", b.No, other, r.Seq)
	}
	s.numbers[b.No] = r.Seq
	c := claim{b.Subject, b.Dose}
	if other, known := s.active[c]; known {
		s.problem(r, b.No, "한 사람의 예약이 둘입니다: %s, %s.", "One person has two bookings: %s and %s.", other, b.No)
	}
	s.active[c] = b.No
	s.standing[b.No] = held{b.Opening, b.Slot, c}
	s.doses++
	s.ofStock(r, b)
	s.take(r, b.No, slotOf{b.Opening, b.Slot})
	return nil
}

// ofStock counts a first dose against the stock. A second one takes nothing of it and goes with a first.
func (s *supply) ofStock(r *ledger.Record, b *ledger.Booking) {
	if b.Dose == secondDose {
		first := s.standing[s.active[claim{b.Subject, firstDose}]]
		switch {
		case first.opening != b.Opening:
			s.problem(r, b.No, "예약 %s은(는) 1차 접종 예약이 없는 2차 접종입니다.", "Booking %s is of a second dose without a first.", b.No)
		case !s.second[slotOf{b.Opening, b.Slot}]:
			s.problem(r, b.No, "예약 %s의 접종일시 %s은(는) 2차 접종용이 아닙니다.", "Booking %s of a second dose is in slot %s, which gives none.", b.No, b.Slot)
		}
		return
	}
	s.taken[b.Opening]++
	if have, known := s.stock[b.Opening]; !known || s.taken[b.Opening] > have {
		s.problem(r, b.No, "예약 %s은(는) 물량 %d회분 가운데 %d번째입니다.", "Booking %s takes dose number %[3]d of %[2]d.", b.No, have, s.taken[b.Opening])
	}
}

// leftAlone finds second doses that stand although their first one was cancelled.
func (s *supply) leftAlone() (found []Finding) {
	for _, no := range slices.Sorted(maps.Keys(s.standing)) {
		b := s.standing[no]
		if _, first := s.active[claim{b.claim.subject, firstDose}]; b.claim.dose == secondDose && !first {
			found = append(found, sayf(Finding{What: Unlawful, Record: s.numbers[no], Booking: no},
				"예약 %s은(는) 1차 접종이 취소되었는데 남아 있는 2차 접종입니다.", "Booking %s of a second dose stands although the first was cancelled.", no))
		}
	}
	return found
}

// take counts a dose of a slot and looks at once whether it was there.
func (s *supply) take(r *ledger.Record, no string, k slotOf) {
	s.full[k]++
	switch have, known := s.capacity[k]; {
	case !known:
		s.problem(r, no, "예약 %s의 접종일시 %s은(는) 어느 위탁의료기관에도 없습니다.", "Booking %s is in slot %s, which no clinic has.", no, k.slot)
	case s.full[k] > have:
		s.problem(r, no, "예약 %s은(는) 접종일시 %s의 정원 %d명을 넘습니다.", "Booking %s is one too many in slot %s, which has %d.", no, k.slot, have)
	}
}

func (s *supply) cancel(r *ledger.Record) error {
	var c ledger.Cancel
	if err := json.Unmarshal(r.Data, &c); err != nil {
		return err
	}
	s.moves++
	b, known := s.standing[c.No]
	if !known || b.slot != c.Slot || b.claim.subject != c.Subject || b.opening != c.Opening {
		s.problem(r, c.No, "기록 %d이(가) 취소한 예약 %s은(는) 그렇게 잡혀 있지 않습니다.", "Record %d cancels booking %s, which does not stand like that.", r.Seq, c.No)
		return nil
	}
	delete(s.standing, c.No)
	delete(s.active, b.claim)
	if b.claim.dose != secondDose {
		s.taken[b.opening]--
	}
	s.full[slotOf{b.opening, b.slot}]--
	if c.Leftover {
		s.comeBack(b.opening, b.slot, 1, false)
	}
	return nil
}

func (s *supply) change(r *ledger.Record) error {
	var c ledger.Change
	if err := json.Unmarshal(r.Data, &c); err != nil {
		return err
	}
	s.moves++
	b, known := s.standing[c.No]
	if !known || b.slot != c.From || b.claim.subject != c.Subject || b.opening != c.Opening {
		s.problem(r, c.No, "기록 %d이(가) 옮긴 예약 %s은(는) 그렇게 잡혀 있지 않습니다.", "Record %d moves booking %s, which does not stand like that.", r.Seq, c.No)
		return nil
	}
	s.full[slotOf{b.opening, b.slot}]--
	b.slot = c.To
	s.standing[c.No] = b
	s.take(r, c.No, slotOf{b.opening, c.To})
	return nil
}
