package group

import (
	"iter"

	"github.com/daemun/daemun/backend/ledger"
)

// pageLen is how many records one query reads: short, because a reader that lingers keeps a database from cleaning up.
const pageLen = 1000

// Pages yields up to limit records after the given number as page reads them: in order, want at a time, fewer only at
// the end. A negative limit is none.
func Pages(after uint64, limit int, page func(after uint64, want int) ([]ledger.Record, error)) iter.Seq2[ledger.Record, error] {
	return func(yield func(ledger.Record, error) bool) {
		after, limit := after, limit
		for limit != 0 {
			want := pageLen
			if limit > 0 {
				want = min(want, limit)
			}
			rs, err := page(after, want)
			for _, r := range rs {
				if !yield(r, nil) {
					return
				}
				after = r.Seq
				limit--
			}
			if err != nil {
				yield(ledger.Record{}, err)
			}
			if err != nil || len(rs) < want {
				return
			}
		}
	}
}
