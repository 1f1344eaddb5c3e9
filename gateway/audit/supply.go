package audit

import (
	"encoding/json"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// supply counts doses as the ledger gives and takes them, and remembers each time that there were not enough.
type supply struct {
	stock, taken   map[string]int64 // doses by opening
	capacity, full map[slotOf]int   // doses by slot
	active         map[claim]string // number of the active booking
	spare          map[slotOf]int   // doses kept for people who are offered one
	standing       map[string]held  // active bookings by number
	numbers        map[string]uint64
	doses, moves   int64
	problems       []Finding // each names a booking
}

type slotOf struct{ opening, slot string }

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
		stock: map[string]int64{}, taken: map[string]int64{}, capacity: map[slotOf]int{}, full: map[slotOf]int{}, spare: map[slotOf]int{},
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
	s.taken[b.Opening]++
	if have, known := s.stock[b.Opening]; !known || s.taken[b.Opening] > have {
		s.problem(r, b.No, "예약 %s은(는) 물량 %d회분 가운데 %d번째입니다.", "Booking %s takes dose number %[3]d of %[2]d.", b.No, have, s.taken[b.Opening])
	}
	s.take(r, b.No, slotOf{b.Opening, b.Slot})
	return nil
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
	s.taken[b.opening]--
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
