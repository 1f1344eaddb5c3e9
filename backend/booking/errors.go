package booking

import (
	"errors"
	"fmt"
)

// Kind says why something was refused. Each is the code of the problem that a person sees.
type Kind string

// Kinds of refusal.
const (
	SlotFull         Kind = "slot_full"         // no dose left in the slot
	AlreadyBooked    Kind = "already_booked"    // the person has an active booking of this dose
	StockGone        Kind = "stock_gone"        // no dose left in the whole opening
	StockHeld        Kind = "stock_held"        // no dose left in the whole opening, but some that are held and may come back
	NoHold           Kind = "no_hold"           // nothing is held
	BadPass          Kind = "bad_pass"          // not valid, or its admission is not in the ledger
	IdentityMismatch Kind = "identity_mismatch" // the number is not the one that the pass was made for
	IdentityRequired Kind = "identity_required" // the opening asks who people are, and this person has not shown it
	NotEligible      Kind = "not_eligible"      // not in the opening's cohorts, lists included
	NotOpenYet       Kind = "not_open_yet"      // before the opening
	NoSuchSlot       Kind = "no_such_slot"      // not a slot of this opening
	NoSuchBooking    Kind = "no_such_booking"   // also for a booking that is not the caller's
	TooLate          Kind = "too_late"          // the slot is past, or too near to change
	KeyReused        Kind = "key_reused"        // the idempotency key came before with another request
	NoSuchArea       Kind = "no_such_area"      // the opening has no clinic there
	NoSuchWish       Kind = "no_such_wish"      // nobody waits for a leftover dose by this code
	NoSuchOffer      Kind = "no_such_offer"     // no leftover dose was offered by this code
	LeftoverGone     Kind = "offer_gone"        // others took the leftover dose first
	LeftoverOver     Kind = "offer_over"        // the time to take the leftover dose is over
	ProxyNotAllowed  Kind = "proxy_not_allowed" // the opening admits no booking for somebody else
	NotThatDay       Kind = "not_that_day"      // a clinic's word comes before or after its day
	TooManyDoses     Kind = "too_many_doses"    // more unused doses than the slot has
	NoSuchClinic     Kind = "no_such_clinic"    // no opening has the clinic
	BadRequest       Kind = "bad_request"       // a field cannot be read; Field names it
	BadNumber        Kind = "bad_number"        // not a registration number; Err is a *subject.NumberError
	ScheduleBehind   Kind = "schedule_behind"   // the pass rests on a schedule that has not come here yet
	Overloaded       Kind = "overloaded"        // too many writes wait; nothing was done
	Unavailable      Kind = "unavailable"       // the store cannot write now; whether it was done is unknown until asked again with the same key
)

// Error is a refusal, or a failure of the store, of a known kind.
type Error struct {
	Kind  Kind
	Field string // for BadRequest
	Err   error  // what lies beneath, for the log
}

func (e *Error) Error() string {
	text := "booking: " + string(e.Kind)
	if e.Field != "" {
		text += " (" + e.Field + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns what lies beneath.
func (e *Error) Unwrap() error { return e.Err }

// Is matches any Error of the same kind, so that errors.Is(err, Refuse(SlotFull)) works.
func (e *Error) Is(target error) bool {
	other, ok := target.(*Error)
	return ok && other.Kind == e.Kind
}

// Refuse returns an Error of the kind.
func Refuse(kind Kind) *Error { return &Error{Kind: kind} }

// KindOf returns the kind of an error, or "" when it has none.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return ""
}

func badField(field, format string, args ...any) *Error {
	return &Error{Kind: BadRequest, Field: field, Err: fmt.Errorf(format, args...)}
}
