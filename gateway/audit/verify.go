package audit

import (
	"errors"
	"time"

	"github.com/daemun/daemun/backend/ledger"
)

// unsignedFor is how long the end of a ledger may stand without a signature: the backend signs every few seconds.
const unsignedFor = 30 * time.Second

// Verify looks whether the ledger is what was written: every record follows from the one before it, none is missing, doubled
// or out of place, and every signed checkpoint says the same as the record that it was made of.
func Verify(e *Evidence, o Options) (*Report, error) {
	r := &Report{Audit: "verify"}
	v := &verifier{
		Report: r,
		chain:  r.check("chain", "모든 기록이 앞 기록에서 이어진다", "every record follows from the one before it"),
		order:  r.check("order", "빠지거나 겹치거나 자리가 바뀐 기록이 없다", "no record is missing, doubled or out of place"),
		signed: r.check("checkpoints", "서명된 점검표가 장부와 같다", "every signed checkpoint says what the ledger says"),
		signs:  map[uint64][]ledger.Checkpoint{},
	}
	if err := v.readCheckpoints(e); err != nil {
		return nil, err
	}
	for rec, err := range e.Records {
		var bad *Unreadable
		switch {
		case errors.As(err, &bad):
			v.unreadable(bad)
			continue
		case err != nil:
			return nil, err
		}
		v.next(&rec)
		o.progress(uint64(v.chain.Checked))
	}
	v.end()
	return r, nil
}

// gap is a stretch of numbers that have not been seen where they belong.
type gap struct{ from, to uint64 }

type verifier struct {
	*Report
	chain, order, signed *Check

	head     ledger.Head // of the last record in its place, as it states it
	at       time.Time   // of that record
	others   []ledger.Hash
	unlinked bool // what comes next follows from something that cannot be read
	gaps     []gap

	signs    map[uint64][]ledger.Checkpoint // good ones by the record they are of
	newest   ledger.Checkpoint              // good one
	agreed   uint64                         // the newest record that a good checkpoint agrees with
	disputed bool                           // a checkpoint that disagrees has been told of
}

func (v *verifier) readCheckpoints(e *Evidence) error {
	if e.Checkpoints == nil {
		v.miss(v.signed, Finding{What: NotAtHand}.say("서명된 점검표가 없습니다. 장부의 끝이 잘렸는지, 전체가 다시 계산되었는지 알 수 없습니다.",
			"There are no signed checkpoints: whether the end was cut off, or everything computed anew, cannot be told."))
		return nil
	}
	n := 0
	for c, err := range e.Checkpoints {
		n++
		var bad *Unreadable
		if errors.As(err, &bad) {
			v.signed.Checked++
			v.find(v.signed, sayf(Finding{What: Broken}, "점검표 %d번째 줄을 읽을 수 없습니다: %s", "Checkpoint on line %d cannot be read: %s", bad.Line, bad.Reason))
			continue
		}
		if err != nil {
			return err
		}
		v.signed.Checked++
		if v.believe(e, &c, n) {
			v.signs[c.Seq] = append(v.signs[c.Seq], c)
			if c.Seq >= v.newest.Seq {
				v.newest = c
			}
		}
	}
	if n == 0 {
		v.miss(v.signed, Finding{What: NotAtHand}.say("서명된 점검표가 하나도 없습니다.", "There is not one signed checkpoint."))
	}
	return nil
}

// believe checks the signature of the n-th checkpoint.
func (v *verifier) believe(e *Evidence, c *ledger.Checkpoint, n int) bool {
	f := Finding{What: Changed, Record: c.Seq}
	switch err := c.Check(e.LedgerKeys); {
	case err == nil:
		return true
	case errors.Is(err, ledger.ErrCheckpointKey) && len(e.LedgerKeys) == 0:
		f.What = NotAtHand
		v.miss(v.signed, sayf(f, "%d번째 점검표(기록 %d): 공개키 ledger-%03d.pub가 없어 서명을 확인할 수 없습니다.",
			"Checkpoint %d (of record %d): its public key ledger-%03d.pub is not at hand.", n, c.Seq, c.Key))
	case errors.Is(err, ledger.ErrCheckpointKey):
		v.find(v.signed, sayf(f, "%d번째 점검표(기록 %d)가 알려진 키로 서명되지 않았습니다. 키 번호: %d",
			"Checkpoint %d (of record %d) is not signed with a known key; it names key %d.", n, c.Seq, c.Key))
	default:
		v.find(v.signed, sayf(f, "%d번째 점검표(기록 %d)의 내용이나 서명이 바뀌었습니다.",
			"Checkpoint %d (of record %d) or its signature was changed.", n, c.Seq))
	}
	return false
}

func sum(prev ledger.Hash, number uint64, r *ledger.Record) ledger.Hash {
	next := ledger.Next(ledger.Head{Seq: number - 1, Hash: prev}, r.At, r.Kind, r.Data)
	return next.Hash
}

// next looks at the record that stands next.
func (v *verifier) next(r *ledger.Record) {
	v.chain.Checked++
	v.order.Checked++
	expected := v.head.Seq + 1
	switch {
	case r.Seq == expected:
		v.inPlace(r)
	case sum(v.head.Hash, expected, r) == r.Hash: // all but the number is what was written
		v.find(v.chain, sayf(Finding{What: Changed, Record: expected}, "기록 %d의 번호가 %d(으)로 바뀌었습니다.", "Record %d was changed: its number now says %d.", expected, r.Seq))
		v.accept(&ledger.Record{Seq: expected, At: r.At, Hash: r.Hash})
	case r.Seq > expected:
		v.gaps = append(v.gaps, gap{expected, r.Seq - 1})
		v.accept(r)
	case v.fill(r.Seq):
		v.find(v.order, sayf(Finding{What: Reordered, Record: r.Seq}, "기록 %d이(가) 제자리에 있지 않습니다. 기록 %d 뒤에 있습니다.", "Record %d is out of place: it stands behind record %d.", r.Seq, v.head.Seq))
	default:
		v.find(v.order, sayf(Finding{What: Inserted, Record: r.Seq}, "번호가 %d인 기록이 하나 더 있습니다(기록 %d 뒤).", "There is another record with the number %d, behind record %d.", r.Seq, v.head.Seq))
		v.others = append(v.others, r.Hash)
	}
}

// inPlace looks whether a record with the right number follows from the one before it.
func (v *verifier) inPlace(r *ledger.Record) {
	got := sum(v.head.Hash, r.Seq, r)
	follows := got == r.Hash || v.unlinked
	for _, other := range v.others { // what the record before might have been before it was changed
		follows = follows || sum(other, r.Seq, r) == r.Hash
	}
	if v.head.Seq == 0 && r.Kind != ledger.KindGenesis {
		follows = false
	}
	v.accept(r)
	if !follows {
		v.find(v.chain, sayf(Finding{What: Changed, Record: r.Seq},
			"기록 %d(%s)이(가) 앞 기록에서 이어지지 않습니다. 이 기록이 바뀌었거나, 기록 %d이(가) 해시까지 다시 쓰였습니다.",
			"Record %d (%s) does not follow from the one before it: it was changed, or record %d was rewritten together with its hash.", r.Seq, r.Kind, r.Seq-1))
		v.others = append(v.others, got)
	}
}

// accept takes a record for the one that has its number, and holds it against the checkpoints of it.
func (v *verifier) accept(r *ledger.Record) {
	v.unlinked = false
	v.head, v.at, v.others = r.Head(), r.At, v.others[:0]
	for _, c := range v.signs[r.Seq] {
		switch {
		case c.Hash == r.Hash:
			v.agreed = r.Seq
		case !v.disputed:
			v.disputed = true
			v.find(v.signed, sayf(Finding{What: Rewritten, Record: v.agreed + 1, To: r.Seq},
				"기록 %d부터 %d 사이가 다시 쓰였습니다. %s에 서명된 점검표와 해시가 다릅니다.",
				"Records %d to %d were rewritten somewhere: the checkpoint signed at %s has another hash.", v.agreed+1, r.Seq, c.At.Format(time.RFC3339)))
		}
	}
}

// fill takes a number out of the gaps; false where it is in none.
func (v *verifier) fill(n uint64) bool {
	for i, g := range v.gaps {
		if n < g.from || n > g.to {
			continue
		}
		rest := append([]gap(nil), v.gaps[:i]...)
		if n > g.from {
			rest = append(rest, gap{g.from, n - 1})
		}
		if n < g.to {
			rest = append(rest, gap{n + 1, g.to})
		}
		v.gaps = append(rest, v.gaps[i+1:]...)
		return true
	}
	return false
}

// unreadable stands for the record that belongs here.
func (v *verifier) unreadable(bad *Unreadable) {
	v.chain.Checked++
	n := v.head.Seq + 1
	v.find(v.chain, sayf(Finding{What: Broken, Record: n}, "기록 %d(%d번째 줄)을(를) 읽을 수 없습니다: %s", "Record %d (line %d) cannot be read: %s", n, bad.Line, bad.Reason))
	v.head = ledger.Head{Seq: n}
	v.unlinked = true
}

func (v *verifier) end() {
	for _, g := range v.gaps {
		v.find(v.order, sayf(Finding{What: Removed, Record: g.from, To: g.to}, "기록 %d부터 %d까지 없습니다.", "Records %d to %d are missing.", g.from, g.to))
	}
	last := v.newest
	switch {
	case v.chain.Checked == 0:
		v.miss(v.chain, Finding{What: NotAtHand}.say("장부가 비어 있습니다.", "The ledger is empty."))
	case last.Seq > v.head.Seq:
		v.find(v.signed, sayf(Finding{What: Truncated, Record: v.head.Seq + 1, To: last.Seq},
			"장부의 끝이 잘렸습니다. 마지막 기록은 %d인데, %s에는 기록 %d까지 있었다고 서명되어 있습니다.",
			"The end of the ledger was cut off: it ends with record %d, and the checkpoint of %s signs record %d.", v.head.Seq, last.At.Format(time.RFC3339), last.Seq))
	case len(v.signs) > 0 && v.at.Sub(last.At) > unsignedFor:
		v.miss(v.signed, sayf(Finding{What: Unprovable, Record: last.Seq + 1, To: v.head.Seq},
			"기록 %d부터 %d까지는 서명이 없습니다(마지막 서명: %s).", "Records %d to %d carry no signature; the last one was made at %s.", last.Seq+1, v.head.Seq, last.At.Format(time.RFC3339)))
	case len(v.signs) > 0 && v.head.Seq > last.Seq:
		v.note(sprintf2("마지막 서명(기록 %d) 뒤에 기록 %d건이 더 있습니다. 다음 서명이 이어집니다.", "%d records were signed; %d more came since and await the next signature.", last.Seq, v.head.Seq-last.Seq))
	}
}
