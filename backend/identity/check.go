package identity

import (
	"errors"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// Step is how far a check is.
type Step uint8

// Steps. A check that is verified, denied or expired is over.
const (
	Started  Step = iota // the person was sent to the provider
	Returned             // and came back in time
	Verified             // the provider vouched for the person of the pass
	Rejected             // it did not, or for somebody else
	Lapsed               // they came back too late
)

// Over tells whether nothing can follow.
func (s Step) Over() bool { return s >= Verified }

// Lifetime is for how long somebody may be at a provider.
const Lifetime = 10 * time.Minute

// skew is how far a check may seem to begin in the future: the clock of a process that began it before a restart.
const skew = time.Minute

// Check is one attempt of one person at one provider.
type Check struct {
	ID        [16]byte // random
	Provider  string
	Opening   string
	Subject   subject.ID // of the pass
	StartedAt time.Time  // in whole seconds
	Typed     Typed      // of what was typed first; zero where nothing had to be
	Step      Step
	Reason    Reason // of what is Rejected or Lapsed
}

// Typed commits to a birth date and a name without telling them.
type Typed [16]byte

var errOrder = errors.New("identity: a check takes its steps in order")

// Return takes a check whose person came back.
func (c Check) Return(now time.Time) (Check, error) {
	if c.Step != Started {
		return c, errOrder
	}
	if age := now.Sub(c.StartedAt); age >= Lifetime || age < -skew {
		c.Step, c.Reason = Lapsed, Expired
		return c, nil
	}
	c.Step = Returned
	return c, nil
}

// Deny takes a check for which the provider does not vouch.
func (c Check) Deny() (Check, error) {
	if c.Step != Returned {
		return c, errOrder
	}
	c.Step, c.Reason = Rejected, Denied
	return c, nil
}

// Vouch takes a check for which the provider vouches; it is the person of the pass, or it is not.
func (c Check) Vouch(same bool) (Check, error) {
	if c.Step != Returned {
		return c, errOrder
	}
	if same {
		c.Step = Verified
		return c, nil
	}
	c.Step, c.Reason = Rejected, Mismatch
	return c, nil
}
