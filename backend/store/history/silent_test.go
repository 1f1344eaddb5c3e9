package history

import (
	"testing"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/group"
	"github.com/daemun/daemun/backend/store/storetest"
)

// TestAHoldWhoseWriteFailedAndLandedCounts holds a dose by a write of which the ledger hears nothing, that fails and takes
// effect all the same: nobody else may have that dose.
func TestAHoldWhoseWriteFailedAndLandedCounts(t *testing.T) {
	for name, world := range map[string]World{"sqlite": sqliteWorld(), "postgres": postgresWorld(t)} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			var faults Faults
			s, err := world.New(t)(group.Between(faults.Between))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if err := s.Import(ctx, storetest.Slots(1, 1, 1)); err != nil {
				t.Fatal(err)
			}
			for n := range 2 {
				if _, err := s.Admit(ctx, storetest.AdmissionOf(n, 0, storetest.Now)); err != nil {
					t.Fatal(err)
				}
			}
			faults.Arm(Landed, 0)
			if _, err := s.Hold(ctx, storetest.ClaimOf(0, storetest.SlotID(0), storetest.Now)); booking.KindOf(err) != booking.Unavailable {
				t.Fatalf("the hold: %v", err)
			}
			o := storetest.OrderOf(1, storetest.SlotID(0), "key")
			if _, err := s.Book(ctx, o); err == nil {
				t.Error("the dose was given to somebody else while it was held")
			}
			if _, err := s.Holding(ctx, storetest.Opening, storetest.Person(0), storetest.Now); err != nil {
				t.Errorf("the hold is gone: %v", err)
			}
		})
	}
}
