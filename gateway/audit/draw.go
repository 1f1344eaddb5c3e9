package audit

import (
	"encoding/hex"
	"sort"

	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/queue"
)

// Draw looks whether the order follows from what was fixed beforehand and from who came: the anchor was there before the
// first seal, every seed is on its chain, every count and tally comes from the sketches, what was published is what was
// recorded, every admitted person's rank follows from their subject, and nobody went in before the cursor had passed them.
//
// Ticket, where it is not nil, is a place to be looked up besides; what is found out stands in the notes.
func Draw(e *Evidence, o Options, ticket *queue.Ticket) (*Report, error) {
	h, err := read(e, &o)
	if err != nil {
		return nil, err
	}
	r := &Report{Audit: "draw"}
	d := &draw{
		Report: r, h: h, e: e, tolerance: o.Tolerance.Milliseconds(), published: map[string][]queue.Seal{},
		anchors: r.check("anchor", "추첨의 기준값은 봉인보다 먼저 공개되었다", "the anchor was there before the first seal"),
		seeds:   r.check("seeds", "모든 봉인의 씨앗이 기준값으로 이어진다", "every seal's seed is on the chain that ends in the anchor"),
		epochs:  r.check("epochs", "빠진 회차가 없다", "no epoch is missing"),
		same:    r.check("published", "공개된 봉인과 장부의 봉인이 같다", "the published seals are the recorded ones"),
		tallies: r.check("tallies", "인원과 집계는 스케치에서 나온다", "counts and tallies follow from the sketches"),
		ranks:   r.check("ranks", "입장한 사람의 순위는 추첨에서 나온다", "every admitted person's rank follows from the draw"),
		order:   r.check("order", "차례가 되기 전에 입장한 사람이 없다", "nobody went in before the cursor had passed them"),
	}
	for _, f := range h.unreadable {
		r.miss(d.ranks, f)
	}
	d.readPublished()
	sort.Strings(h.names)
	for _, id := range h.names {
		d.opening(h.openings[id])
	}
	for i := range h.admissions {
		if h.judged(h.admissions[i].seq) {
			d.admission(&h.admissions[i])
		}
	}
	if len(h.names) == 0 {
		r.miss(d.anchors, Finding{What: NotAtHand}.say("장부에 추첨 기록이 없습니다.", "The ledger says nothing of any draw."))
	}
	if ticket != nil {
		d.ticket(ticket)
	}
	return r, nil
}

type draw struct {
	*Report
	h         *history
	e         *Evidence
	tolerance int64
	published map[string][]queue.Seal

	anchors, seeds, epochs, same, tallies, ranks, order *Check
}

func (d *draw) readPublished() {
	for i := range d.e.Published {
		p := &d.e.Published[i]
		for n, wire := range p.Seals {
			s, err := queue.SealFromWire(wire)
			if err != nil {
				d.find(d.same, sayf(Finding{What: Broken, Opening: p.Opening, Epoch: &wire.Epoch}, "공개된 %d번째 봉인을 읽을 수 없습니다: %v", "The published seal number %d cannot be read: %v", n+1, err))
				continue
			}
			d.published[p.Opening] = append(d.published[p.Opening], s)
		}
		if len(p.Seals) > 0 {
			d.h.opening(p.Opening)
		}
	}
}

func (d *draw) opening(o *opening) {
	recorded := make([]queue.Seal, 0, len(o.seals))
	for _, s := range o.seals {
		recorded = append(recorded, s.Seal)
	}
	sort.Slice(recorded, func(i, j int) bool { return recorded[i].Epoch < recorded[j].Epoch })
	published := d.published[o.id]
	if anchor, ok := d.anchor(o, len(recorded)+len(published) > 0); ok {
		d.chain(o, anchor, recorded, "장부에 기록된", "recorded")
		d.chain(o, anchor, published, "공개된", "published")
	}
	d.compare(o, recorded, published)
	for i := range recorded {
		d.tally(o, &recorded[i])
	}
	d.moves(o)
}

// anchor finds the anchor of an opening and looks whether there was only ever one, and in time.
func (d *draw) anchor(o *opening, drawn bool) (anchor [32]byte, ok bool) {
	f := Finding{Opening: o.id}
	if len(o.anchors) == 0 {
		if drawn {
			f.What = NotAtHand
			d.miss(d.anchors, sayf(f, "개통 %s의 기준값이 장부에 없습니다.", "The anchor of opening %s is not in the ledger.", o.id))
		}
		return anchor, false
	}
	first := o.anchors[0]
	for _, a := range o.anchors {
		d.anchors.Checked++
		f.Record = a.seq
		switch {
		case a.Anchor.Anchor != first.Anchor.Anchor:
			f.What = Differs
			d.find(d.anchors, sayf(f, "개통 %s의 기준값이 둘입니다(기록 %d, %d).", "Opening %s has two anchors (records %d and %d).", o.id, first.seq, a.seq))
		case o.first > 0 && first.seq > o.first:
			f.What = Reordered
			d.find(d.anchors, sayf(f, "개통 %s의 기준값(기록 %d)이 첫 봉인(기록 %d)보다 늦습니다.", "The anchor of opening %s (record %d) came after its first seal (record %d).", o.id, a.seq, o.first))
		}
	}
	f.Record = first.seq
	for _, p := range d.e.Published {
		if p.Opening != o.id || p.Anchor == "" {
			continue
		}
		d.anchors.Checked++
		if p.Anchor != hex.EncodeToString(first.Anchor.Anchor[:]) {
			f.What = Differs
			d.find(d.anchors, sayf(f, "개통 %s의 공개된 기준값이 장부의 기준값과 다릅니다.", "The published anchor of opening %s is not the recorded one.", o.id))
		}
	}
	return first.Anchor.Anchor, true
}

// moves looks whether the cursor only ever went forward, without a move missing.
func (d *draw) moves(o *opening) {
	d.order.Checked += int64(len(o.track.moves))
	for _, m := range o.track.moves {
		if m.other > 0 {
			d.find(d.order, sayf(Finding{What: Differs, Opening: o.id, Record: m.other}, "%d번째 차례 이동이 기록 %d과(와) 다르게 다시 적혀 있습니다.", "Move %d of the cursor was recorded again, and not as in record %d.", m.n, m.seq))
		}
	}
	for _, m := range o.track.back {
		d.find(d.order, sayf(Finding{What: Unlawful, Opening: o.id, Record: m.seq}, "%d번째 이동에서 차례가 뒤로 갔습니다.", "The cursor went back in its move %d.", m.n))
	}
	for _, g := range o.track.gaps {
		d.find(d.order, sayf(Finding{What: Removed, Opening: o.id}, "개통 %s: 차례 이동 %d~%d이(가) 장부에 없습니다.", "Opening %s: moves %d to %d of the cursor are not in the ledger.", o.id, g.from, g.to))
	}
}

// admission recomputes a rank, and holds the place against the cursor.
func (d *draw) admission(a *admission) {
	d.ranks.Checked++
	d.order.Checked++
	f := Finding{Record: a.seq, Opening: a.opening.id, Epoch: &a.place.Epoch}
	rank, known := a.opening.rank(a.place.Epoch, a.subject)
	if rank != a.place.Rank { // a recorded seal that is wrong is told of already
		for _, s := range d.published[a.opening.id] {
			if s.Epoch == a.place.Epoch {
				ranker := s.Ranker()
				rank, known = ranker.Rank(a.subject), true
			}
		}
	}
	switch {
	case !known:
		f.What = Unlawful
		d.find(d.ranks, sayf(f, "기록 %d: 회차 %d은(는) 봉인된 적이 없습니다.", "Record %d: epoch %d was never sealed.", a.seq, a.place.Epoch))
	case rank != a.place.Rank:
		f.What = Differs
		d.find(d.ranks, sayf(f, "기록 %d: 순위가 %016x인데 추첨으로는 %016x입니다.", "Record %d: the rank is %016x, the draw gives %016x.", a.seq, a.place.Rank, rank))
	}
	if why, untold := d.h.turn(a, d.tolerance); why != nil {
		f.What = Unlawful
		d.find(d.order, f.say(why.ko, why.en))
	} else if untold != nil {
		f.What = Unprovable
		d.miss(d.order, f.say(untold.ko, untold.en))
	}
}

// rank recomputes somebody's place within an epoch from the recorded seal.
func (o *opening) rank(epoch uint32, id subject.ID) (rank uint64, known bool) {
	s, known := o.seals[epoch]
	if !known {
		return 0, false
	}
	return s.ranker.Rank(id), true
}
