package booking

import (
	"context"
	"iter"
	"time"

	"github.com/daemun/daemun/backend/ledger"
)

// Store keeps what must not be lost. Every accepted write is on the disk together with its ledger record before the
// call returns; a refusal is an *Error. Writes of many callers may share one commit. A write that fails as Unavailable
// changed nothing that the store will later answer from, unless the process dies right then: callers ask again with
// the same idempotency key.
//
// All methods are safe for use by many goroutines.
type Store interface {
	// Import makes an opening known, or changes what it has to give.
	Import(ctx context.Context, in Import) error
	// Admit records an admission. Who was admitted before gets the recorded pass back while it is good for RenewBefore
	// more; after that the new pass takes its place.
	Admit(ctx context.Context, a Admission) (Admitted, error)
	// Book places an order, all or nothing. A number that is taken already is refused as NumberTaken.
	Book(ctx context.Context, o Order) (Placed, error)
	// Change moves a booking. Cancelled or unknown ones are NoSuchBooking.
	Change(ctx context.Context, m Move) (Booking, error)
	// Cancel withdraws a booking; withdrawing it again answers the same and changes nothing.
	Cancel(ctx context.Context, w Withdrawal) (Booking, error)
	// Note records an operator's change.
	Note(ctx context.Context, e ledger.Opening, at time.Time) error

	// Booking reads one booking with its sealed data.
	Booking(ctx context.Context, no string) (Booking, error)
	// Catalog is what can be booked and how much of it is left, without touching the disk. The pointer may be kept for
	// as long as one answer takes.
	Catalog() *Catalog
	// Stats is cheap enough to ask ten times a second.
	Stats(now time.Time) Stats
	// Ledger reads up to limit records after the given number, in order.
	Ledger(ctx context.Context, after uint64, limit int) iter.Seq2[ledger.Record, error]
	// Notes reads the operators' changes, in order.
	Notes(ctx context.Context) iter.Seq2[ledger.Record, error]
	// Close finishes the writes at hand and lets go of the disk.
	Close() error
}

// RenewBefore is how much longer a recorded pass must be good to be handed out again.
const RenewBefore = 60 * time.Second

// NumberTaken is answered by Store.Book alone: the caller makes a new number and tries again.
const NumberTaken Kind = "number_taken"
