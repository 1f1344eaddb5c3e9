package booking

import (
	"crypto/sha256"
	"time"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
)

// FirstDose is the dose that people book; the second follows from it.
const FirstDose = 1

// Status of a booking.
type Status string

// Statuses.
const (
	Booked    Status = "booked"
	Cancelled Status = "cancelled"
)

// Place is where in the queue somebody was served.
type Place struct {
	Epoch uint32
	Rank  uint64
}

// Admission is one person let in to one opening. There is at most one per (Opening, Subject).
type Admission struct {
	Opening         string
	Subject         subject.ID
	Place           Place
	ScheduleVersion uint32
	Pass            string // as text
	PassHash        ledger.Hash
	Before          ledger.Hash // of the pass that this one replaced, still good until it expires; zero: none
	AdmittedAt      time.Time   // the first time
	IssuedAt        time.Time   // of the pass; not given back by a store
	ExpiresAt       time.Time   // of the pass
}

// Admitted answers Admit.
type Admitted struct {
	Admission
	Again bool // the person was admitted before and the pass is the one from then
}

// Booking is one dose in one slot for one person.
type Booking struct {
	No       string
	Opening  string
	Subject  subject.ID
	Dose     int
	Pair     string // number of the booking of the other dose that was made with this one; empty: none
	Slot     string
	Status   Status
	Place    Place
	PassHash ledger.Hash
	KeyHash  ledger.Hash // SHA-256 of the idempotency key
	BodyHash ledger.Hash // keyed hash of the request, see Service
	BookedAt time.Time
	EndedAt  time.Time // cancelled then; zero while booked
	Visit    Visit
	Via      Via    // whose hand booked; for the ledger, not given back by a store
	Sealed   []byte // personal data, encrypted for this number; only in what goes to and comes from the disk

	told uint64 // the newest event about it with messages that may be pending, by its ledger record; 0: none
}

// Via is whose hand does something in a person's place: the lane and the name in the certificate. Zero: their own.
type Via struct {
	Lane  string // ledger.LaneCallCentre
	Agent string
}

// Erased tells whether the personal data of a booking that came from the disk is gone for good.
func (b *Booking) Erased() bool { return len(b.Sealed) == 0 }

// Order asks for a booking of the first dose, and of the second where there is one. All of it but Status, EndedAt and Pair is
// the caller's to fill; No is a fresh number.
type Order struct {
	Booking
	Identity bool // the opening asks who people are: without a provider's word nothing is booked
	Interval int  // days from the first dose to the second; 0: there is no second
	Second   Second
	Tell     Recipient
}

// Placed answers Book.
type Placed struct {
	Booking
	Second   *Booking // booked together with it; nil: none
	Replayed bool     // the same key and request were answered before; this is the booking from then
}

// Move asks to put a booking in another slot of the same opening.
type Move struct {
	No   string
	Slot string
	At   time.Time
	Tell Recipient
	// Interval is the days from the first dose to the second; 0: whatever it was.
	Interval int
}

// Withdrawal asks to cancel a booking. By says whose hand it is, for the ledger. Closed says that the opening is over, so
// that the dose goes to people who asked for a leftover one.
type Withdrawal struct {
	No     string
	By     string
	Agent  string // where By is a lane
	At     time.Time
	Closed bool
	Tell   Recipient
}

// Import brings in what an opening has to give, and lists of people. Importing again changes only what differs and never
// takes a slot away. Lists belong to no opening: where they come alone, everything else but At stays empty.
type Import struct {
	Opening string
	Vaccine string
	Stock   int64 // doses
	Clinics []clinic.Clinic
	Slots   []clinic.Slot
	Roster  []subject.ID           // eligible people, added to those known; in any order
	Lists   map[string]*roster.Set // by name; each takes the place of what was known by it, the roster too
	At      time.Time
}

// Stats is what the store knows of its own work.
type Stats struct {
	Store        string
	ActivePasses int64         // people inside: pass valid, not booked yet
	QueueWait    time.Duration // of writes for their commit group, recent mean
	Commit       time.Duration // of a commit, recent mean
	LedgerSeq    uint64
}

// HashText is the SHA-256 under which the ledger knows a pass or an idempotency key.
func HashText(text string) ledger.Hash { return sha256.Sum256([]byte(text)) }
