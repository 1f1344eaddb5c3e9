package booking

import (
	"context"
	"sync"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/pass"
)

// Identified says that a provider found the holder of a pass to be the person of the pass. There is at most one per
// (Opening, Subject), and nothing else is kept of what the provider told.
type Identified struct {
	Opening  string
	Subject  subject.ID
	Provider string
	At       time.Time
}

// identities are the people who showed who they are. State changes them, anybody reads them.
type identities struct {
	mu    sync.RWMutex
	by    map[string]map[subject.ID]string // provider, by opening
	names map[string]string                // each provider's name once, however many people it found
}

func newIdentities() *identities {
	return &identities{by: map[string]map[subject.ID]string{}, names: map[string]string{}}
}

func (i *identities) of(opening string, who subject.ID) (provider string, ok bool) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	provider, ok = i.by[opening][who]
	return provider, ok
}

func (i *identities) add(in *Identified) {
	i.mu.Lock()
	defer i.mu.Unlock()
	people := i.by[in.Opening]
	if people == nil {
		people = map[subject.ID]string{}
		i.by[in.Opening] = people
	}
	name, known := i.names[in.Provider]
	if !known {
		name = in.Provider
		i.names[name] = name
	}
	people[in.Subject] = name
}

func (i *identities) remove(in *Identified) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.by[in.Opening], in.Subject)
}

// Identify decides on a check that a provider passed. Who was found before stays so, by the provider that did it first;
// the effect is nil then.
func (s *State) Identify(in Identified) (Identified, *Effect, error) {
	if s.admitted[in.Opening].row(in.Subject) == nil {
		return Identified{}, nil, Refuse(BadPass)
	}
	if provider, ok := s.identities.of(in.Opening, in.Subject); ok {
		in.Provider = provider
		return in, nil, nil
	}
	s.identities.add(&in)
	data := mustJSON(ledger.Identity{Opening: in.Opening, Subject: in.Subject, Provider: in.Provider})
	e := s.effect(in.At, ledger.KindIdentity, data, func() { s.identities.remove(&in) })
	e.Identified = &in
	return in, e, nil
}

// RestoreIdentified puts back one check that was passed.
func (s *State) RestoreIdentified(in Identified) { s.identities.add(&in) }

// Identified says which provider found a person to be who they are; a store may still be writing that down.
func (c *Catalog) Identified(opening string, who subject.ID) (provider string, ok bool) {
	return c.identities.of(opening, who)
}

// Identified says which provider found the holder of a pass to be the person of the pass.
func (s *Service) Identified(opening string, who subject.ID) (provider string, ok bool) {
	return s.store.Catalog().Identified(opening, who)
}

// Identify records that a provider found the holder of a pass, which must have been verified, to be the person of the
// pass.
func (s *Service) Identify(ctx context.Context, p *pass.Pass, provider string, now time.Time) error {
	o, err := s.OpeningOf(p, now)
	if err != nil {
		return err
	}
	if p.Rehearsal {
		return Refuse(BadPass)
	}
	_, err = s.store.Identify(ctx, Identified{Opening: o.ID, Subject: p.Subject, Provider: provider, At: onDisk(now)})
	return err
}
