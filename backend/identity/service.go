package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/pass"
)

// Book is what the service needs of the bookings.
type Book interface {
	OpeningOf(p *pass.Pass, now time.Time) (*cohort.Opening, error)
	Identified(opening string, who subject.ID) (provider string, ok bool)
	Identify(ctx context.Context, p *pass.Pass, provider string, now time.Time) error
}

// Service answers the holders of passes. It is safe for use by many goroutines.
type Service struct {
	book      Book
	signer    *Signer
	subjects  *subject.Key
	clock     func() time.Time
	providers []*guarded // in the order in which they were configured
}

type guarded struct {
	Provider
	Description
	guard *guard
}

// Options are what a Service needs; all of them, but Providers may be none.
type Options struct {
	Book      Book
	Key       []byte // secret, of the states
	Subjects  *subject.Key
	Providers []Provider
	Limits    map[string]Limits // by id of the provider
	Clock     func() time.Time
}

// New returns a Service. Watch must run for providers with pages of their own to be found well.
func New(o Options) (*Service, error) {
	s := &Service{book: o.Book, signer: NewSigner(o.Key), subjects: o.Subjects, clock: o.Clock}
	for _, p := range o.Providers {
		d := p.Description()
		if s.provider(d.ID) != nil {
			return nil, fmt.Errorf("identity: there are two providers %q", d.ID)
		}
		s.providers = append(s.providers, &guarded{p, d, newGuard(d.ID, o.Limits[d.ID], o.Clock)})
	}
	return s, nil
}

// None returns a Service without providers.
func None(book Book) *Service { return &Service{book: book, clock: time.Now} }

func (s *Service) provider(id string) *guarded {
	for _, p := range s.providers {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// Missing returns the providers that an opening accepts and that are not configured here.
func (s *Service) Missing(o *cohort.Opening) []string {
	var missing []string
	for _, id := range o.Identity {
		if s.provider(id) == nil {
			missing = append(missing, id)
		}
	}
	return missing
}

// Overview is what the holder of a pass is told.
type Overview struct {
	Required  bool
	Verified  bool
	By        string // the provider that did it
	Providers []Choice
}

// Choice is a provider that the opening accepts.
type Choice struct {
	Description
	Up    bool
	After time.Duration // when one that is down will be tried again
}

// Overview says whether and how the holder of a pass, which must have been verified, has to show who they are.
func (s *Service) Overview(p *pass.Pass, now time.Time) (Overview, error) {
	o, err := s.book.OpeningOf(p, now)
	if err != nil {
		return Overview{}, err
	}
	out := Overview{Required: len(o.Identity) > 0}
	out.By, out.Verified = s.book.Identified(o.ID, p.Subject)
	for _, id := range o.Identity {
		known := s.provider(id)
		if known == nil {
			continue
		}
		c := Choice{Description: known.Description, Up: known.ready()}
		if !c.Up {
			c.After = known.guard.again()
		}
		out.Providers = append(out.Providers, c)
	}
	return out, nil
}

// ready tells whether people can be sent to a provider.
func (g *guarded) ready() bool {
	if away, ok := g.Provider.(Away); ok {
		if _, err := away.Address(Attempt{}); err != nil {
			return false
		}
	}
	return g.guard.up()
}

// accepted returns a provider that the opening of a pass accepts.
func (s *Service) accepted(p *pass.Pass, id string, now time.Time) (*cohort.Opening, *guarded, error) {
	o, err := s.book.OpeningOf(p, now)
	if err != nil {
		return nil, nil, err
	}
	known := s.provider(id)
	if known == nil || !slices.Contains(o.Identity, id) {
		return nil, nil, refuse(NoSuch)
	}
	return o, known, nil
}

// Start begins a check of the holder of a pass at a provider, and returns where to send the browser. Where the provider
// needs no page of its own the check is over when it returns, and the address empty. What is typed must be of the person of
// the pass.
func (s *Service) Start(ctx context.Context, p *pass.Pass, provider string, claim *Claim, now time.Time) (string, error) {
	o, known, err := s.accepted(p, provider, now)
	if err != nil {
		return "", err
	}
	if claim != nil && s.subjects.Subject(claim.Number) != p.Subject {
		return "", refuse(Mismatch)
	}
	if here, ok := known.Provider.(Here); ok {
		return "", s.compare(ctx, p, known, here, claim, now)
	}
	away, ok := known.Provider.(Away)
	switch {
	case !ok:
		return "", fmt.Errorf("identity: provider %q works in no way that is known", provider)
	case known.Typed && claim == nil:
		return "", refuse(ClaimGone)
	case !known.guard.up():
		return "", &Error{Reason: Down, After: known.guard.again()}
	case !known.Typed:
		claim = nil
	}
	check := s.signer.Begin(known.ID, o.ID, p.Subject, claim, now)
	address, err := away.Address(s.signer.Attempt(&check))
	if err != nil {
		return "", &Error{Reason: Down, After: known.guard.again(), Err: err}
	}
	return address, nil
}

// compare decides at once.
func (s *Service) compare(ctx context.Context, p *pass.Pass, known *guarded, here Here, claim *Claim, now time.Time) error {
	if claim == nil {
		return refuse(ClaimGone)
	}
	person, err := here.Compare(*claim)
	if err == nil && person.Subject != p.Subject {
		err = refuse(Mismatch)
	}
	if err != nil {
		return s.failed(known, err)
	}
	return s.book.Identify(ctx, p, known.ID, now)
}

// Back is what the browser brings from a provider's page.
type Back struct {
	State string
	Code  string
	Error string // of the provider: it does not vouch, or it failed
}

// Return ends a check of the holder of a pass. Whoever was found already stays so, whatever comes back a second time.
func (s *Service) Return(ctx context.Context, p *pass.Pass, provider string, b Back, now time.Time) error {
	o, known, err := s.accepted(p, provider, now)
	if err != nil {
		return err
	}
	away, ok := known.Provider.(Away)
	if !ok {
		return refuse(NoSuch)
	}
	if _, found := s.book.Identified(o.ID, p.Subject); found {
		return nil
	}
	check, err := s.signer.Read(b.State, known.ID, o.ID, p.Subject)
	if err != nil {
		return err
	}
	if check, err = s.settle(ctx, known, away, check, b, now); err != nil {
		return err
	}
	if check.Step != Verified {
		return refuse(check.Reason)
	}
	return s.book.Identify(ctx, p, known.ID, now)
}

// settle takes a check to its end, or returns why the provider could not be asked.
func (s *Service) settle(ctx context.Context, known *guarded, away Away, check Check, b Back, now time.Time) (Check, error) {
	check, err := check.Return(now)
	if err != nil || check.Step.Over() {
		return check, err
	}
	if b.Error != "" || b.Code == "" {
		return check.Deny()
	}
	person, err := do(ctx, known.guard, func(ctx context.Context) (Person, error) {
		return away.Exchange(ctx, s.signer.Attempt(&check), b.Code)
	})
	switch {
	case errors.Is(err, ErrDenied):
		return check.Deny()
	case err != nil:
		return check, s.failed(known, err)
	}
	return check.Vouch(s.signer.Same(&check, person))
}

// failed says what became of a check whose provider did not decide.
func (s *Service) failed(known *guarded, err error) error {
	var e *Error
	var fault *Fault
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, ErrDenied):
		return &Error{Reason: Denied, Err: err}
	case errors.Is(err, errBusy):
		return &Error{Reason: Busy, Err: err}
	case errors.Is(err, errOpen), errors.Is(err, ErrNotReady), errors.As(err, &fault):
		return &Error{Reason: Down, After: known.guard.again(), Err: err}
	}
	return err
}
