// Package identity is the identity check (본인인증): how the holder of a pass shows that they are the person of the pass.
//
// In July 2021 one provider that did not answer took the whole site along. Here each provider has a breaker and a bound of
// its own, so that one that is down costs nobody but those who chose it anything, and costs them only a choice: place, pass
// and held slot stay as they are, and any other provider will do.
//
// A check goes started → returned → verified, denied or expired; see Check. Nothing of it is stored: what has to come back
// travels, signed, through the provider (Signer). What a provider tells about people is compared and forgotten; kept is only
// that (opening, subject) was found by a provider, and when.
//
// The package decides and does no I/O of its own; providers are handed in. Package oidc speaks to those with a page of their
// own.
package identity

import (
	"context"
	"errors"

	"github.com/daemun/daemun/backend/subject"
)

// Kind is how a provider works.
type Kind string

// Kinds of providers.
const (
	KindOIDC   Kind = "oidc"   // people go to a page of the provider's own and come back
	KindRoster Kind = "roster" // what people type is compared with a list that we have
)

// Description is what people are told about a provider.
type Description struct {
	ID     string // as schedules name it
	Kind   Kind
	Name   string
	NameEn string
	// Typed says that name and registration number have to be typed first, because the provider tells a birth date and a
	// name and no number.
	Typed bool
}

// Provider finds out who somebody is. It is used by many goroutines.
type Provider interface {
	Description() Description
}

// Away is a provider with a page of its own.
type Away interface {
	Provider
	// Address is where to send the browser. It asks nobody; ErrNotReady as long as the provider was never reached.
	Address(a Attempt) (string, error)
	// Exchange asks the provider whom the code stands for. Errors that are the provider's fault are a *Fault, those of the
	// person or the browser are ErrDenied, wrapped.
	Exchange(ctx context.Context, a Attempt, code string) (Person, error)
	// Probe tries whether the provider can be reached; errors as of Exchange.
	Probe(ctx context.Context) error
}

// Here is a provider that decides on what was typed, and asks nobody.
type Here interface {
	Provider
	// Compare returns whom the claim is of, or ErrDenied.
	Compare(c Claim) (Person, error)
}

// Attempt is what a provider with a page of its own is told of a check. All of it follows from State and the key.
type Attempt struct {
	State    string // comes back from the browser
	Nonce    string // comes back in what the provider signs
	Verifier string // of PKCE: goes to the provider with the code, and nowhere before
}

// Claim is what somebody typed about themselves.
type Claim struct {
	Name   string
	Number subject.Number
}

// Person is whom a provider found: a subject, or a birth date and a name. It lives as long as one comparison.
type Person struct {
	Subject subject.ID // zero: not told
	Birth   subject.Date
	Name    string
}

var (
	// ErrDenied says that the provider does not vouch for the person: they gave up, or the code is not good (any more).
	ErrDenied = errors.New("identity: not confirmed by the provider")
	// ErrNotReady says that a provider was never reached since the start.
	ErrNotReady = errors.New("identity: provider was not reached yet")
)

// Fault is a failure of a provider, which its breaker counts. Reason is for operators; it must hold nothing that a person
// or the provider said.
type Fault struct {
	Reason string
	Err    error // what lies beneath; not shown
}

func (f *Fault) Error() string { return "identity: provider failed: " + f.Reason }

// Unwrap returns what lies beneath.
func (f *Fault) Unwrap() error { return f.Err }
