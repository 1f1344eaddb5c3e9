package audit

import (
	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/queue"
)

func firstEpoch(o *opening) uint32 {
	if len(o.anchors) > 0 && o.anchors[0].Order == string(cohort.OrderArrival) {
		return queue.Lobby + 1
	}
	return queue.Lobby
}

// chain looks whether seals are on the chain that ends in the anchor, and whether each epoch has one.
func (d *draw) chain(o *opening, anchor [32]byte, seals []queue.Seal, ko, en string) {
	c := newChain(anchor)
	seen := map[uint32]bool{}
	for i := range seals {
		s := &seals[i]
		d.seeds.Checked++
		f := Finding{Opening: o.id, Epoch: &s.Epoch, Record: o.seals[s.Epoch].seq}
		epoch, linked := c.link(s)
		switch {
		case seen[epoch] && linked != misplaced:
			f.What = Inserted
			d.find(d.epochs, sayf(f, "%s 봉인 가운데 회차 %d이(가) 두 번 있습니다.", "Among the "+en+" seals epoch %[2]d stands twice.", ko, epoch))
		case linked == early:
			f.What = Reordered
			d.find(d.epochs, sayf(f, "%s 봉인 가운데 회차 %d이(가) 제자리에 있지 않습니다.", "Among the "+en+" seals epoch %[2]d is out of place.", ko, epoch))
		case linked == misplaced:
			f.What, f.Epoch = Changed, &epoch
			d.find(d.seeds, sayf(f, "%s 봉인 가운데 회차 %d의 것이 회차 %d이라고 되어 있습니다.", "Among the "+en+" seals that of epoch %[2]d says epoch %[3]d.", ko, epoch, s.Epoch))
		case linked == foreign:
			f.What = Changed
			d.find(d.seeds, sayf(f, "%s 봉인 가운데 회차 %d의 씨앗이 기준값으로 이어지지 않습니다.", "Among the "+en+" seals the seed of epoch %[2]d is not on the chain that ends in the anchor.", ko, s.Epoch))
		}
		seen[epoch] = true
	}
	d.gaps(o, seen, ko, en)
}

func (d *draw) gaps(o *opening, seen map[uint32]bool, ko, en string) {
	last := uint32(0)
	for e := range seen {
		last = max(last, e)
	}
	if last > queue.ChainLength {
		last = queue.ChainLength
	}
	for e := firstEpoch(o); len(seen) > 0 && e <= last; e++ {
		d.epochs.Checked++
		if !seen[e] {
			d.find(d.epochs, sayf(Finding{What: Removed, Opening: o.id, Epoch: &e}, "%s 봉인 가운데 회차 %d이(가) 없습니다.", "Among the "+en+" seals epoch %[2]d is missing.", ko, e))
		}
	}
}

// newest is how many of the newest published seals may be on their way to the ledger.
const newest = 8

// compare holds the published seals against the recorded ones.
func (d *draw) compare(o *opening, recorded, published []queue.Seal) {
	if len(published) == 0 {
		if len(recorded) > 0 {
			d.miss(d.same, sayf(Finding{What: NotAtHand, Opening: o.id}, "개통 %s의 공개된 봉인이 없어 견줄 수 없습니다.", "The published seals of opening %s are not at hand.", o.id))
		}
		return
	}
	byEpoch := map[uint32]*queue.Seal{}
	for i := range published {
		byEpoch[published[i].Epoch] = &published[i]
	}
	last := int64(-1)
	for i := range recorded {
		s := &recorded[i]
		last = int64(s.Epoch)
		d.same.Checked++
		f := Finding{Opening: o.id, Epoch: &s.Epoch, Record: o.seals[s.Epoch].seq}
		switch p := byEpoch[s.Epoch]; {
		case o.seals[s.Epoch].twice > 0:
			f.What = Differs
			d.find(d.same, sayf(f, "회차 %d의 봉인이 장부에 서로 다르게 두 번 있습니다(기록 %d, %d).", "The ledger has two different seals of epoch %d (records %d and %d).", s.Epoch, f.Record, o.seals[s.Epoch].twice))
		case p == nil:
			f.What = Removed
			d.find(d.same, sayf(f, "회차 %d의 봉인은 장부(기록 %d)에 있는데 공개되지 않았습니다.", "The seal of epoch %d is recorded (record %d) and not published.", s.Epoch, f.Record))
		case *p != *s:
			f.What = Differs
			d.find(d.same, sayf(f, "회차 %d의 공개된 봉인이 장부(기록 %d)와 다릅니다(%s).", "The published seal of epoch %d is not the recorded one (record %d): %s.", s.Epoch, f.Record, difference(p, s)))
		}
	}
	d.unrecorded(o, published, last)
}

// unrecorded tells of published seals that the ledger lacks. The newest may be on their way to it.
func (d *draw) unrecorded(o *opening, published []queue.Seal, last int64) {
	coming := 0
	for i := range published {
		p := &published[i]
		switch _, recorded := o.seals[p.Epoch]; {
		case recorded:
		case int64(p.Epoch) > last && len(published)-i <= newest:
			coming++
		default:
			d.find(d.same, sayf(Finding{What: Removed, Opening: o.id, Epoch: &p.Epoch}, "공개된 회차 %d의 봉인이 장부에 없습니다.", "The published seal of epoch %d is not in the ledger.", p.Epoch))
		}
	}
	if coming > 0 {
		d.note(sprintf2("개통 %s의 가장 새로운 봉인 %d개는 아직 장부에 오르지 않아 견주지 않았습니다.", "The newest seals of opening %s, %d of them, were on their way to the ledger and are not compared.", o.id, coming))
	}
}

func difference(a, b *queue.Seal) string {
	switch {
	case a.Count != b.Count:
		return "count"
	case a.Tally != b.Tally:
		return "tally"
	}
	return "seed"
}

// tally recomputes count and tally of a recorded seal, and of the published one where that differs.
func (d *draw) tally(o *opening, s *queue.Seal) {
	f := Finding{Opening: o.id, Epoch: &s.Epoch, Record: o.seals[s.Epoch].seq}
	_, nobody, err := queue.Tally(nil)
	if err == nil && s.Tally == nobody && s.Count == 0 {
		d.tallies.Checked++
		return
	}
	var byGateway map[string][]byte
	ok := false
	if d.e.Sketches != nil {
		byGateway, ok, err = d.e.Sketches(o.id, s.Epoch)
	}
	if err != nil || !ok {
		f.What = NotAtHand
		d.miss(d.tallies, sayf(f, "회차 %d의 스케치가 없어 인원과 집계를 다시 계산할 수 없습니다.", "The sketches of epoch %d are not at hand: count and tally cannot be recomputed.", s.Epoch))
		return
	}
	d.tallies.Checked++
	count, tally, err := queue.Tally(byGateway)
	f.What = Differs
	switch {
	case err != nil:
		d.find(d.tallies, sayf(f, "회차 %d의 스케치를 읽을 수 없습니다: %v", "The sketches of epoch %d cannot be read: %v", s.Epoch, err))
	case tally != s.Tally:
		d.find(d.tallies, sayf(f, "회차 %d: 스케치에서 나온 집계가 봉인(기록 %d)과 다릅니다.", "Epoch %d: the sketches give another tally than its seal (record %d).", s.Epoch, f.Record))
	case count != s.Count:
		d.find(d.tallies, sayf(f, "회차 %d: 스케치로는 %d명인데 봉인(기록 %d)에는 %d명입니다.", "Epoch %d: the sketches count %d people, its seal (record %d) says %d.", s.Epoch, count, f.Record, s.Count))
	}
}
