package audit

import (
	"encoding/json"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// offer is a leftover dose offered to one person. It takes the place of an admission for the booking made from it.
type offer struct {
	seq     uint64
	until   int64 // Unix ms
	opening string
	slot    string
	subject subject.ID
	asked   bool // the person had said before that they would take one
}

// offers are what the ledger says of leftover doses.
type offers struct {
	byCode map[ledger.Hash]*offer
	wishes map[person]bool
}

func newOffers() offers { return offers{byCode: map[ledger.Hash]*offer{}, wishes: map[person]bool{}} }

func (h *history) addWish(r *ledger.Record) error {
	var w ledger.Wish
	if err := json.Unmarshal(r.Data, &w); err != nil {
		return err
	}
	h.offers.wishes[person{h.opening(w.Opening), w.Subject}] = !w.Over
	return nil
}

func (h *history) addOffer(r *ledger.Record) error {
	var o ledger.Offer
	if err := json.Unmarshal(r.Data, &o); err != nil {
		return err
	}
	for _, to := range o.To {
		h.offers.byCode[to.CodeSHA256] = &offer{
			seq: r.Seq, until: o.Until.UnixMilli(), opening: o.Opening, slot: o.Slot, subject: to.Subject,
			asked: h.offers.wishes[person{h.opening(o.Opening), to.Subject}],
		}
	}
	return nil
}

// offered looks whether a booking that rests on no admission rests on an offer, and says what is wrong with that.
func (c *reconciler) offered(b *booked, o *offer, add func(ko, en string, args ...any)) {
	switch {
	case o.subject != b.subject || o.opening != b.opening.id || o.slot != b.slot && b.dose != secondDose:
		add("다른 사람이나 다른 접종일시의 잔여백신 안내(기록 %d)에 근거합니다.", "It rests on an offer to somebody else or of another time (record %d).", o.seq)
	case !o.asked:
		add("알림을 신청하지 않은 사람에게 안내한(기록 %d) 잔여백신입니다.", "The dose was offered (record %d) to somebody who had not asked.", o.seq)
	case b.at >= o.until+underWay.Milliseconds()+c.tolerance:
		add("잔여백신 안내(기록 %d)의 시간이 지난 뒤의 예약입니다.", "It was made after the time of its offer (record %d) was over.", o.seq)
	}
}

// comeBack counts a dose that is kept for people who are offered one; those beyond the capacity are extra.
func (s *supply) comeBack(opening, slot string, doses int, extra bool) {
	s.spare[slotOf{opening, slot}] += doses
	if extra {
		s.capacity[slotOf{opening, slot}] += doses
		s.stock[opening] += int64(doses)
	}
}

// takeBack counts a leftover dose that somebody took.
func (s *supply) takeBack(r *ledger.Record, b *ledger.Booking) {
	k := slotOf{b.Opening, b.Slot}
	if s.spare[k]--; s.spare[k] < 0 {
		s.problem(r, b.No, "예약 %s은(는) 접종일시 %s에 남지 않은 잔여백신입니다.", "Booking %s takes a leftover dose that slot %s does not have.", b.No, b.Slot)
	}
}

func (s *supply) unused(r *ledger.Record) error {
	var u ledger.Unused
	if err := json.Unmarshal(r.Data, &u); err != nil {
		return err
	}
	s.comeBack(u.Opening, u.Slot, u.Doses, true)
	return nil
}
