package audit

import (
	"fmt"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// underWay is how long a request may take between the look at its pass and its record.
const underWay = time.Second

// Reconcile looks whether every booking, changed and cancelled ones too, came in by a lawful way: it rests on one admission,
// by its pass; that person's place follows from the draw; its epoch had been sealed and the cursor had passed it; the
// opening was open; no slot and no stock was ever given out twice.
func Reconcile(e *Evidence, o Options) (*Report, error) {
	h, err := read(e, &o)
	if err != nil {
		return nil, err
	}
	r := &Report{Audit: "reconcile"}
	c := &reconciler{
		Report: r, h: h, e: e, tolerance: o.Tolerance.Milliseconds(),
		bookings:   r.check("bookings", "모든 예약은 정당한 입장에 근거한다", "every booking rests on one lawful admission"),
		admissions: r.check("admissions", "입장은 모두 봉인과 차례와 시간을 지켰다", "every admission kept to seal, turn and opening hours"),
		supplies:   r.check("supply", "정원과 물량을 넘은 예약이 없다", "no slot and no stock was ever exceeded"),
		passes:     r.check("passes", "입장권의 서명과 내용이 장부와 같다", "signed passes say what the ledger says"),
		byPass:     make(map[ledger.Hash]*admission, len(h.admissions)),
	}
	for _, f := range h.unreadable {
		r.miss(c.bookings, f)
	}
	c.judge()
	if err := c.readPasses(); err != nil {
		return nil, err
	}
	c.join()
	c.rest()
	c.supplies.Checked = h.supply.doses + h.supply.moves
	for _, f := range append(h.supply.problems, h.supply.leftAlone()...) {
		r.find(c.supplies, f)
	}
	r.note(sprintf2("기록 %d건, 입장 %d건, 예약 %d건(변경·취소 %d건)을 맞추어 보았습니다.", "%d records were reconciled: %d admissions, %d bookings, %d changes and cancellations.",
		h.records, len(h.admissions), len(h.bookings), h.supply.moves))
	if c.apart > 0 {
		r.note(sprintf2("게이트웨이의 시계가 예약 시스템의 시계보다 %d ms 이상 빠릅니다. --tolerance가 필요할 수 있습니다.",
			"The gateway's clock was seen at least %d ms ahead of the backend's: --tolerance may be needed.", c.apart))
	}
	return r, nil
}

type reconciler struct {
	*Report
	h         *history
	e         *Evidence
	tolerance int64
	apart     int64 // ms that the gateway's clock was seen to be ahead of the backend's, at least

	bookings, admissions, supplies, passes *Check
	byPass                                 map[ledger.Hash]*admission
}

type person struct {
	opening *opening
	subject subject.ID
}

// judge looks at every admission by itself.
func (c *reconciler) judge() {
	first := make(map[person]*admission, len(c.h.admissions))
	for i := range c.h.admissions {
		a := &c.h.admissions[i]
		if other, known := c.byPass[a.pass]; known {
			a.blame("입장권 하나로 두 번 입장했습니다(기록 %d, %d).", "One pass admits twice (records %d and %d).", other.seq, a.seq)
		} else {
			c.byPass[a.pass] = a
		}
		k := person{a.opening, a.subject}
		switch f := first[k]; {
		case f == nil && a.again:
			a.blame("입장한 적이 없는 사람의 재입장입니다(기록 %d).", "Record %d readmits somebody who was never admitted.", a.seq)
		case f != nil && !a.again:
			a.blame("한 사람이 두 번 입장했습니다(기록 %d, %d).", "Records %d and %d both admit one person.", f.seq, a.seq)
		case f != nil && f.place != a.place:
			a.blame("재입장의 자리가 처음과 다릅니다(기록 %d, %d).", "A readmission at another place (records %d and %d).", f.seq, a.seq)
		}
		if first[k] == nil {
			first[k] = a
		}
		if !c.h.judged(a.seq) {
			continue
		}
		c.admissions.Checked++
		c.apart = max(c.apart, a.issued-a.at)
		c.place(a)
		c.hours(a)
		if seq, known := c.h.rehearsals[a.pass]; known {
			a.blame("연습 입장권(기록 %d)으로 입장했습니다(기록 %d).", "A rehearsal's pass (record %d) was admitted for real (record %d).", seq, a.seq)
		}
	}
}

func (a *admission) blame(ko, en string, args ...any) {
	a.why = append(a.why, *reasonf(ko, en, args...))
}

func (a *admission) doubt(ko, en string, args ...any) {
	a.untold = append(a.untold, *reasonf(ko, en, args...))
}

// place recomputes a place and looks whether seal and cursor came before the admission.
func (c *reconciler) place(a *admission) {
	s, sealed := a.opening.seals[a.place.Epoch]
	switch {
	case !sealed && a.at > c.h.endsAt.Add(-atTheEnd).UnixMilli():
		a.doubt("기록 %d: 장부가 곧바로 끝나 회차 %d의 봉인을 알 수 없습니다.", "Record %d: the ledger ends right behind it; the seal of epoch %d cannot be told.", a.seq, a.place.Epoch)
		return
	case !sealed:
		a.blame("기록 %d: 회차 %d은(는) 봉인된 적이 없습니다.", "Record %d: epoch %d was never sealed.", a.seq, a.place.Epoch)
		return
	case s.at.UnixMilli() > a.at+c.tolerance:
		a.blame("기록 %d: 회차 %d이(가) 봉인되기 %v 전에 입장했습니다.", "Record %d: epoch %d was sealed %v after the admission.", a.seq, a.place.Epoch, s.at.Sub(time.UnixMilli(a.at)))
	}
	if rank := s.ranker.Rank(a.subject); rank != a.place.Rank {
		a.blame("기록 %d: 순위가 %016x인데 추첨으로는 %016x입니다.", "Record %d: the rank is %016x, the draw gives %016x.", a.seq, a.place.Rank, rank)
	}
	why, untold := c.h.turn(a, c.tolerance)
	if why != nil {
		a.why = append(a.why, *why)
	}
	if untold != nil {
		a.untold = append(a.untold, *untold)
	}
}

// hours looks whether the opening took people in at some moment between the signing of the pass and its record.
func (c *reconciler) hours(a *admission) {
	from, to := min(a.issued, a.at)-c.tolerance, a.at+c.tolerance
	ok, known, state := a.opening.tookIn(from, to)
	switch {
	case !known:
		a.doubt("기록 %d: 개통 %s의 시간이 장부에 없습니다.", "Record %d: the hours of opening %s are not in the ledger.", a.seq, a.opening.id)
	case !ok:
		a.blame("기록 %d: 입장할 수 없는 때(%s)에 입장했습니다: %s.", "Record %d: let in while the opening was %s, at %s.", a.seq, state, msText(a.at))
	}
}

func msText(ms int64) string { return time.UnixMilli(ms).In(subject.Seoul).Format(time.RFC3339Nano) }

// join holds every booking against the admission that it rests on.
func (c *reconciler) join() {
	for i := range c.h.bookings {
		b := &c.h.bookings[i]
		if !c.h.judged(b.seq) {
			continue
		}
		c.bookings.Checked++
		a := c.byPass[b.pass]
		var why, untold []reason
		add := func(ko, en string, args ...any) { why = append(why, *reasonf(ko, en, args...)) }
		switch {
		case a == nil && c.h.offers.byCode[b.pass] != nil:
			c.offered(b, c.h.offers.byCode[b.pass], add)
		case a == nil && c.h.rehearsals[b.pass] > 0:
			add("연습 입장권(기록 %d)으로 한 예약입니다.", "It was made with a rehearsal's pass (record %d).", c.h.rehearsals[b.pass])
		case a == nil:
			add("이 예약의 입장권으로 입장한 기록이 없습니다.", "Nobody was admitted with the pass of this booking.")
		case a.subject != b.subject || a.opening != b.opening:
			add("다른 사람이나 다른 개통의 입장(기록 %d)에 근거합니다.", "It rests on the admission of somebody else or to another opening (record %d).", a.seq)
		case a.seq > b.seq:
			add("입장(기록 %d)보다 예약이 먼저입니다.", "It came before its admission (record %d).", a.seq)
		case a.place != b.place:
			add("예약의 자리가 입장(기록 %d)의 자리와 다릅니다.", "It states another place than its admission (record %d).", a.seq)
		}
		if a != nil {
			c.identified(b, add)
			a.used = true
			why, untold = append(why, a.why...), a.untold
			if b.at >= a.expires+underWay.Milliseconds()+c.tolerance {
				add("입장권이 만료된 뒤(%s)의 예약입니다.", "It was made after its pass had expired, at %s.", msText(b.at))
			}
		}
		f := Finding{Record: b.seq, Opening: b.opening.id, Booking: b.no}
		for _, w := range why {
			f.What = Unlawful
			c.find(c.bookings, f.say(b.tell(w)))
		}
		for _, w := range untold {
			f.What = Unprovable
			c.miss(c.bookings, f.say(b.tell(w)))
		}
	}
}

func (b *booked) tell(why reason) (ko, en string) {
	return fmt.Sprintf("예약 %s(기록 %d): %s", b.no, b.seq, why.ko), fmt.Sprintf("Booking %s (record %d): %s", b.no, b.seq, why.en)
}

// rest tells of admissions without a lawful way on which no booking rests.
func (c *reconciler) rest() {
	for i := range c.h.admissions {
		a := &c.h.admissions[i]
		f := Finding{Record: a.seq, Opening: a.opening.id}
		for _, w := range a.why {
			f.What = Unlawful
			c.find(c.admissions, f.say(w.ko, w.en))
		}
		for _, w := range a.untold {
			f.What = Unprovable
			c.miss(c.admissions, f.say(w.ko, w.en))
		}
	}
}
