package booking

import (
	"context"
	"iter"
	"time"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
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
	// Mark records what a clinic says of one of its appointments.
	Mark(ctx context.Context, m Mark) (Booking, error)
	// ReportUnused records doses that a clinic says stay unused. The same report is not recorded again.
	ReportUnused(ctx context.Context, u Unused) (Unused, error)
	// Hold keeps a dose for a while. Nothing of it stands in the ledger.
	Hold(ctx context.Context, c Claim) (Hold, error)
	// Holding tells what somebody holds at a time; NoHold where that is nothing.
	Holding(ctx context.Context, opening string, who subject.ID, now time.Time) (Hold, error)
	// Release gives back what somebody holds; nothing is no error.
	Release(ctx context.Context, opening string, who subject.ID, now time.Time) error
	// Expire lets holds end whose time is over, soon and without being waited for. Every decision does the same first.
	Expire(now time.Time)
	// UnusedDoses is how many doses are reported as unused of each of the slots.
	UnusedDoses(ctx context.Context, opening string, slots []string) ([]int, error)
	// Wish records that a person would take a leftover dose; the answer tells what their place goes by.
	Wish(ctx context.Context, w Wish) (Wish, error)
	// Unwish ends the wish of a code.
	Unwish(ctx context.Context, code ledger.Hash, at time.Time) error
	// Offer records offers of one leftover dose.
	Offer(ctx context.Context, offers []Offer) error
	// Identify records that a provider found a person to be who they are. Who was found before stays so.
	Identify(ctx context.Context, i Identified) (Identified, error)
	// Settle notes what became of messages. Those that are not pending any more stay as they are, but for one that was
	// dropped and had gone out by then.
	Settle(ctx context.Context, settled []Settlement) error
	// Note records an operator's change. A change whose id the ledger has is not recorded again.
	Note(ctx context.Context, e ledger.Opening, at time.Time) error
	// Append records what rests on nothing that the store decides, all of it or nothing.
	Append(ctx context.Context, entries []ledger.Entry, at time.Time) error
	// Record keeps accesses to personal data, in a log of their own.
	Record(ctx context.Context, accesses []Access) error
	// Anchor records in the ledger how far the log of accesses goes, unless its newest anchor says so already.
	Anchor(ctx context.Context, at time.Time) error
	// Reseal puts sealed data in the place of other sealed data, all in one commit, and returns of how many rows. What is not
	// there any more as it was is left alone. Empty data erases.
	Reseal(ctx context.Context, rows []Resealed) (int, error)
	// Checkpoint keeps what sign makes of how far the ledger goes on the disk, unless the newest checkpoint says so already.
	Checkpoint(ctx context.Context, sign func(ledger.Head) ledger.Checkpoint) error

	// DueOffers finds to whom leftover doses should be offered now; their Codes are empty.
	DueOffers(ctx context.Context, now time.Time) ([]Offer, error)
	// OfferOf finds an offer by its code and says how it stands.
	OfferOf(ctx context.Context, code ledger.Hash, now time.Time) (Offer, OfferState, error)
	// Spares are the leftover doses of slots to come.
	Spares(ctx context.Context, now time.Time) ([]Spare, error)
	// WishOf reads a person's wish with its sealed data.
	WishOf(ctx context.Context, opening string, who subject.ID) (Wish, error)
	// Booking reads one booking with its sealed data.
	Booking(ctx context.Context, no string) (Booking, error)
	// BookingsAt reads the active bookings of some slots of an opening with their sealed data, in no order.
	BookingsAt(ctx context.Context, opening string, slots []string) ([]Booking, error)
	// Due reads up to limit messages of a channel that are to be sent by now, those first that were due first.
	Due(ctx context.Context, channel Channel, now time.Time, limit int) ([]Message, error)
	// Backlog counts what waits in a channel; it reads all of that.
	Backlog(ctx context.Context, channel Channel, now time.Time) (Backlog, error)
	// BookingsAfter reads up to limit bookings with their sealed data, of an opening or ("") of all, by number after the given one.
	BookingsAfter(ctx context.Context, opening, after string, limit int) ([]Booking, error)
	// SealedAfter reads up to limit rows of a table that are not erased, by key after the given one.
	SealedAfter(ctx context.Context, table SealedTable, after string, limit int) ([]SealedRow, error)
	// KeysInUse counts the sealed rows of all tables by the number of their key.
	KeysInUse(ctx context.Context) (map[byte]int64, error)
	// Catalog is what can be booked and how much of it is left, without touching the disk. The pointer may be kept for
	// as long as one answer takes.
	Catalog() *Catalog
	// Stats is cheap enough to ask ten times a second; like Expire it lets holds end.
	Stats(now time.Time) Stats
	// Ledger reads up to limit records after the given number, in order.
	Ledger(ctx context.Context, after uint64, limit int) iter.Seq2[ledger.Record, error]
	// Notes reads the operators' changes, in order.
	Notes(ctx context.Context) iter.Seq2[ledger.Record, error]
	// Rehearsals reads the records of rehearsals, in order.
	Rehearsals(ctx context.Context) iter.Seq2[ledger.Record, error]
	// Schedules reads the records of the schedules that came into force, in order.
	Schedules(ctx context.Context) iter.Seq2[ledger.Record, error]
	// Accesses reads up to limit records of the log of accesses after the given number that a filter picks, in order; a
	// negative limit is none.
	Accesses(ctx context.Context, f access.Filter, after uint64, limit int) iter.Seq2[access.Record, error]
	// Anchors reads the records of how far the log of accesses went, in order.
	Anchors(ctx context.Context) iter.Seq2[ledger.Record, error]
	// Checkpoints reads the checkpoints after the given record, in order.
	Checkpoints(ctx context.Context, after uint64) iter.Seq2[ledger.Checkpoint, error]
	// SpentPasses reads up to limit passes that had expired at a time, in a fixed order, after the one with the given number.
	SpentPasses(ctx context.Context, after uint64, expired time.Time, limit int) iter.Seq2[SpentPass, error]
	// Close finishes the writes at hand and lets go of the disk.
	Close() error
}

// SpentPass is the text of a pass that is good for nothing any more but to be looked at.
type SpentPass struct {
	Number uint64 // in the order of SpentPasses
	Text   string
}

// RenewBefore is how much longer a recorded pass must be good to be handed out again.
const RenewBefore = 60 * time.Second

// NumberTaken is answered by Store.Book alone: the caller makes a new number and tries again.
const NumberTaken Kind = "number_taken"
