package audit

import (
	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/queue"
)

// ticket looks up one person's place. What is found stands in the notes; only an admission at another place is a finding.
func (d *draw) ticket(t *queue.Ticket) {
	c := d.check("ticket", "순번표의 자리를 다시 계산했다", "the place of the ticket was recomputed")
	var o *opening
	for id, known := range d.h.openings {
		if (cohort.Opening{ID: id}).Number() == t.Opening {
			o = known
		}
	}
	if o == nil {
		d.miss(c, Finding{What: NotAtHand}.say("이 순번표의 개통은 이 증거에 없습니다.", "The opening of this ticket is not in this evidence."))
		return
	}
	f := Finding{Opening: o.id, Epoch: &t.Epoch}
	rank, known := o.rank(t.Epoch, t.Subject)
	if !known {
		f.What = NotAtHand
		d.miss(c, sayf(f, "이 순번표의 회차 %d은(는) 아직 봉인되지 않았습니다.", "Epoch %d of this ticket is not sealed.", t.Epoch))
		return
	}
	c.Checked++
	before := uint64(0)
	for e, s := range o.seals {
		if e < t.Epoch {
			before += s.Count
		}
	}
	of := o.seals[t.Epoch].Count
	d.note(sprintf2("순번표: 개통 %s, 회차 %d, 순위 %016x. 회차 안에서 약 %d명 가운데 %d번째, 앞선 회차까지 합하면 약 %d번째입니다.",
		"Ticket: opening %s, epoch %d, rank %016x: about number %[5]d of %[4]d in its epoch, about number %[6]d of all.",
		o.id, t.Epoch, rank, of, within(rank, of)+1, before+within(rank, of)+1))
	if at, passed := o.track.passedAt(place{Epoch: t.Epoch, Rank: rank}); passed {
		when := msText(at)
		d.note("이 자리의 차례: "+when, "The turn of this place came at "+when)
	} else {
		d.note("이 자리의 차례는 아직 오지 않았습니다.", "The turn of this place has not come.")
	}
	for i := range d.h.admissions {
		a := &d.h.admissions[i]
		if a.opening != o || a.subject != t.Subject {
			continue
		}
		f.Record = a.seq
		if a.place != (place{Epoch: t.Epoch, Rank: rank}) {
			f.What = Differs
			d.find(c, sayf(f, "기록 %d: 이 사람은 다른 자리(회차 %d, 순위 %016x)로 입장했습니다.", "Record %d: this person was let in at another place: epoch %d, rank %016x.", a.seq, a.place.Epoch, a.place.Rank))
			continue
		}
		when := msText(a.at)
		d.note(sprintf2("기록 %d: %s에 이 자리로 입장했습니다.", "Record %d: let in at this place at %s.", a.seq, when))
	}
}

// within is how many people of an epoch stand before a rank, estimated: rank/2^64 × count.
func within(rank, count uint64) uint64 {
	return uint64(float64(rank) / (1 << 64) * float64(count))
}
