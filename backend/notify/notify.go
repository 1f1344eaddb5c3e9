// Package notify decides what people are told and when it is tried again. It does no I/O and reads no clock: package
// courier carries the letters, by one of the channels beside it.
package notify

import (
	"time"

	"github.com/daemun/daemun/backend/booking"
)

// Letter is a message ready to be sent.
type Letter struct {
	ID      string // stays the same however often it is sent, see booking.Message
	Kind    booking.MessageKind
	Channel booking.Channel
	Lang    string
	Name    string // as it is addressed
	Phone   string // digits
	Email   string
	Subject string
	Text    string
	At      time.Time // when it was to be sent
}

// Refused says that the next one down the line will never take a letter: to send it again is of no use.
type Refused struct {
	Reason string // a code, nothing about the person
	Err    error
}

func (r *Refused) Error() string { return "refused: " + r.Reason }

// Unwrap returns what lies beneath.
func (r *Refused) Unwrap() error { return r.Err }

// Later says that a letter was not taken, or that nobody knows, and that it has to be sent again.
type Later struct {
	Reason string        // a code, nothing about the person
	After  time.Duration // what the receiver asks for, for all letters; 0: nothing
	Busy   bool          // the receiver is well and has enough to do
	Err    error
}

func (l *Later) Error() string { return "later: " + l.Reason }

// Unwrap returns what lies beneath.
func (l *Later) Unwrap() error { return l.Err }
