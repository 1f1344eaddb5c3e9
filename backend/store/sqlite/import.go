package sqlite

import (
	"context"
	"fmt"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/subject"
)

// chunkLen is how many people of the roster share a row.
const chunkLen = 4096

// Import makes an opening known, or changes what it has to give, in one transaction.
func (s *Store) Import(ctx context.Context, in booking.Import) error {
	return s.wait(&op{ctx: ctx, alone: func() error {
		state := s.state.Load()
		prepared, err := state.PrepareImport(in)
		if err != nil || prepared.Empty() {
			return err
		}
		if err := s.commit(func() error { return s.writer.imported(prepared) }); err != nil {
			s.checkHead()
			return err
		}
		state.Install(prepared)
		s.install(state)
		return nil
	}})
}

func (c *connection) imported(in *booking.Imported) error {
	if err := c.putOpening.exec(in.Opening, in.Vaccine, in.Stock); err != nil {
		return fmt.Errorf("opening %q: %w", in.Opening, err)
	}
	for _, k := range in.Clinics {
		if err := c.putClinic.exec(in.Opening, k.ID, k.Name, k.Region, k.Address, k.Vaccine); err != nil {
			return fmt.Errorf("clinic %q: %w", k.ID, err)
		}
	}
	for _, slot := range in.Slots {
		err := c.putSlot.exec(in.Opening, slot.ID, slot.Clinic, slot.At.UnixMilli(), slot.Vaccine, int64(slot.Capacity))
		if err != nil {
			return fmt.Errorf("slot %q: %w", slot.ID, err)
		}
	}
	if err := c.roster(in.Roster); err != nil {
		return fmt.Errorf("roster: %w", err)
	}
	for i := range in.Records {
		if err := c.record(&in.Records[i]); err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
	}
	return nil
}

// roster writes the whole roster, which only grows: every chunk that there was is replaced.
func (c *connection) roster(ids []subject.ID) error {
	for chunk := int64(0); len(ids) > 0; chunk++ {
		n := min(chunkLen, len(ids))
		blob := make([]byte, 0, n*len(subject.ID{}))
		for _, id := range ids[:n] {
			blob = append(blob, id[:]...)
		}
		if err := c.putRoster.exec(chunk, blob); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}
