package ledger

import (
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// KindRehearsal records that a rehearsal pass was issued, or that a booking was tried with one. Its data is a Rehearsal.
// Nothing was taken: whoever counts admissions, bookings, slots or stock does not count these.
const KindRehearsal = "rehearsal"

// What a Rehearsal records.
const (
	RehearsalIssued = "issued"
	RehearsalUsed   = "used" // everything was checked as for a booking, and none was made
)

// Rehearsal says who may rehearse what until when, and who let them.
type Rehearsal struct {
	Name       string     `json:"name"`
	Opening    string     `json:"opening"`
	Subject    subject.ID `json:"subject"`
	Action     string     `json:"action"`
	By         []string   `json:"by"` // the two operators
	Reason     string     `json:"reason,omitempty"`
	ExpiresAt  time.Time  `json:"expires_at"`
	PassSHA256 Hash       `json:"pass_sha256"` // of the pass as text
	Slot       string     `json:"slot,omitempty"`
}
