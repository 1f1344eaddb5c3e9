package booking

import (
	"strings"

	"github.com/daemun/daemun/backend/subject"
)

// SealedTable is a table with personal data in it.
type SealedTable string

// All of them. A key is in use as long as any of them has a row under it.
const (
	SealedBookings SealedTable = "bookings"
	SealedMessages SealedTable = "outbox"
	SealedWishes   SealedTable = "wishes"
)

// SealedTables lists them.
var SealedTables = []SealedTable{SealedBookings, SealedMessages, SealedWishes}

// SealedRow is a row with personal data.
type SealedRow struct {
	Table   SealedTable
	Key     string // the booking's or the message's number; of a wish, opening and subject with a blank between
	Subject subject.ID
	Sealed  []byte
}

// Resealed is a row whose sealed data is to be replaced.
type Resealed struct {
	SealedRow        // as it was read
	New       []byte // empty: erased
}

// place names what a row's data belongs to, as it was named when it was sealed.
func (r *SealedRow) place() []byte {
	switch r.Table {
	case SealedMessages:
		return addressPlace(r.Subject)
	case SealedWishes:
		opening, _, _ := strings.Cut(r.Key, " ")
		return wishPlace(opening, r.Subject)
	}
	return personalPlace(r.Key)
}
