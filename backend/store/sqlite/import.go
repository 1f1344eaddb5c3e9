package sqlite

import (
	"fmt"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/subject"
)

// chunkLen is how many people of a list share a row.
const chunkLen = 4096

func (c *connection) imported(in *booking.Imported) error {
	if in.Opening != "" {
		if err := c.putOpening.exec(in.Opening, in.Vaccine, in.Stock); err != nil {
			return fmt.Errorf("opening %q: %w", in.Opening, err)
		}
	}
	for _, k := range in.Clinics {
		if err := c.putClinic.exec(in.Opening, k.ID, k.Name, k.Region, k.Address, k.Vaccine); err != nil {
			return fmt.Errorf("clinic %q: %w", k.ID, err)
		}
	}
	for _, slot := range in.Slots {
		err := c.putSlot.exec(in.Opening, slot.ID, slot.Clinic, slot.At.UnixMilli(), slot.Vaccine, int64(slot.Capacity), int64(slot.DoseOrFirst()))
		if err != nil {
			return fmt.Errorf("slot %q: %w", slot.ID, err)
		}
	}
	for name, people := range in.Lists {
		if err := c.list(name, people.IDs()); err != nil {
			return fmt.Errorf("list %q: %w", name, err)
		}
	}
	for i := range in.Records {
		if err := c.record(&in.Records[i]); err != nil {
			return fmt.Errorf("ledger: %w", err)
		}
	}
	return nil
}

// list writes a whole list in the place of what stood under its name. An empty list has one empty row, so that it is
// known from one that was never imported.
func (c *connection) list(name string, ids []subject.ID) error {
	if err := c.dropList.exec(name); err != nil {
		return err
	}
	if len(ids) == 0 {
		return c.putList.exec(name, int64(0), []byte{})
	}
	for chunk := int64(0); len(ids) > 0; chunk++ {
		n := min(chunkLen, len(ids))
		blob := make([]byte, 0, n*len(subject.ID{}))
		for _, id := range ids[:n] {
			blob = append(blob, id[:]...)
		}
		if err := c.putList.exec(name, chunk, blob); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}
