package booking

import (
	"bytes"
	"context"
	"errors"
	"fmt"
)

// Resealing is how far encrypting anew is.
type Resealing struct {
	Key   byte  `json:"key"`   // the one that everything is to be under
	Total int64 `json:"total"` // rows under other keys when it began
	Done  int64 `json:"done"`
}

// ErrUnreadable says that some personal data opens under none of the keys that there are.
var ErrUnreadable = errors.New("personal data that opens under no key that there is")

// resealPasses bounds how often everything is gone through: between two passes a message may have been written with the
// address of an earlier one.
const resealPasses = 5

// Reseal encrypts everything anew that is not under the newest key, some rows at a time, and reads back what it wrote. It
// may be stopped at any time: the next time it goes on with what is left. pace is called between two portions; its error ends
// the work.
func (s *Service) Reseal(ctx context.Context, pace func(Resealing) error) (Resealing, error) {
	r := Resealing{Key: s.sealer.Current()}
	for pass := range resealPasses {
		left, err := s.underOtherKeys(ctx, r.Key)
		if err != nil || left == 0 {
			return r, err
		}
		if pass == 0 {
			r.Total = left
		}
		for _, table := range SealedTables {
			if err := s.resealTable(ctx, table, &r, pace); err != nil {
				return r, err
			}
		}
	}
	left, err := s.underOtherKeys(ctx, r.Key)
	if err == nil && left > 0 {
		err = fmt.Errorf("%d rows are still under another key than %d", left, r.Key)
	}
	return r, err
}

// KeysInUse counts the rows with personal data by the number of the key that they are under.
func (s *Service) KeysInUse(ctx context.Context) (map[byte]int64, error) {
	return s.store.KeysInUse(ctx)
}

func (s *Service) underOtherKeys(ctx context.Context, key byte) (left int64, err error) {
	count, err := s.store.KeysInUse(ctx)
	for k, n := range count {
		if k != key {
			left += n
		}
	}
	return left, err
}

func (s *Service) resealTable(ctx context.Context, table SealedTable, r *Resealing, pace func(Resealing) error) error {
	for after := ""; ; {
		page, err := s.store.SealedAfter(ctx, table, after, pageLen)
		if err != nil {
			return err
		}
		if err := s.resealPage(ctx, page, after, r); err != nil {
			return err
		}
		if len(page) < pageLen {
			return nil
		}
		after = page[len(page)-1].Key
		if err := pace(*r); err != nil {
			return err
		}
	}
}

func (s *Service) resealPage(ctx context.Context, page []SealedRow, after string, r *Resealing) error {
	var rows []Resealed
	for i := range page {
		row := &page[i]
		if s.sealer.Key(row.Sealed) == r.Key {
			continue
		}
		plain, err := s.sealer.Open(row.Sealed, row.place())
		if err != nil {
			return fmt.Errorf("%w: %s %s, key %d: %w", ErrUnreadable, row.Table, row.Key, s.sealer.Key(row.Sealed), err)
		}
		anew := Resealed{SealedRow: *row, New: s.sealer.Seal(plain, row.place())}
		if again, err := s.sealer.Open(anew.New, row.place()); err != nil || !bytes.Equal(again, plain) {
			return fmt.Errorf("encrypting %s %s anew: what came out does not open: %w", row.Table, row.Key, err)
		}
		rows = append(rows, anew)
	}
	if len(rows) == 0 {
		return nil
	}
	n, err := s.store.Reseal(ctx, rows)
	if err != nil {
		return err
	}
	r.Done += int64(n)
	return s.readBack(ctx, rows[0].Table, after, len(page))
}

// readBack opens what is on the disk now.
func (s *Service) readBack(ctx context.Context, table SealedTable, after string, limit int) error {
	page, err := s.store.SealedAfter(ctx, table, after, limit)
	if err != nil {
		return err
	}
	for i := range page {
		if _, err := s.sealer.Open(page[i].Sealed, page[i].place()); err != nil {
			return fmt.Errorf("%w: %s %s, just written: %w", ErrUnreadable, table, page[i].Key, err)
		}
	}
	return nil
}
