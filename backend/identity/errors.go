package identity

import (
	"errors"
	"time"
)

// Reason says why a check did not succeed. Each is the code of the problem that a person sees.
type Reason string

// Reasons.
const (
	Denied    Reason = "identity_denied"   // the provider did not vouch for the person
	Mismatch  Reason = "identity_mismatch" // it vouched for somebody else
	Expired   Reason = "identity_expired"  // begun too long ago, or not begun under this pass: to be begun again
	Down      Reason = "provider_down"     // the provider fails; any other will do
	Busy      Reason = "provider_busy"     // as many people as we send at once are there already
	NoSuch    Reason = "no_such_provider"  // the opening does not accept it, or there is none of that name
	ClaimGone Reason = "claim_missing"     // the provider needs name and number typed
)

// Error is a check that did not succeed.
type Error struct {
	Reason Reason
	After  time.Duration // when it is worth another try, for Down
	Err    error         // what lies beneath; never what a person or a provider said
}

func (e *Error) Error() string {
	if e.Err == nil {
		return "identity: " + string(e.Reason)
	}
	return "identity: " + string(e.Reason) + ": " + e.Err.Error()
}

// Unwrap returns what lies beneath.
func (e *Error) Unwrap() error { return e.Err }

// ReasonOf returns why a check did not succeed, or "" where the error says nothing about that.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

func refuse(r Reason) *Error { return &Error{Reason: r} }
