package booking

import (
	"fmt"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// Admit decides on an admission; the effect is nil when the recorded pass is handed out again.
func (s *State) Admit(a Admission) (Admitted, *Effect, error) {
	supply := s.catalog.Opening(a.Opening)
	if supply == nil {
		return Admitted{}, nil, &Error{Kind: BadPass, Err: fmt.Errorf("nothing was imported for opening %q", a.Opening)}
	}
	people := s.people(a.Opening)
	known := people.get(a.Subject)
	if known == nil {
		return s.admitFirst(supply, people, a)
	}
	if !known.ExpiresAt.Before(a.AdmittedAt.Add(RenewBefore)) {
		return Admitted{Admission: *known, Again: true}, nil, nil
	}
	now := a.AdmittedAt
	a.AdmittedAt, a.Before = known.AdmittedAt, known.PassHash
	renewed := &a
	people.put(renewed)
	from, to := instantOf(known.ExpiresAt), instantOf(renewed.ExpiresAt)
	s.inside.move(from, to, s.hasBooked(a.Subject))
	e := s.effect(now, ledger.KindReadmission, renewed.record(), func() {
		people.put(known)
		s.inside.move(to, from, s.hasBooked(a.Subject))
	})
	e.Admission = renewed
	return Admitted{Admission: *renewed}, e, nil
}

func (s *State) admitFirst(supply *Supply, people *admitted, a Admission) (Admitted, *Effect, error) {
	first := &a
	people.put(first)
	supply.doses.admitted.Add(1)
	s.inside.enter(instantOf(first.ExpiresAt))
	e := s.effect(a.AdmittedAt, ledger.KindAdmission, first.record(), func() {
		people.remove(a.Subject)
		supply.doses.admitted.Add(-1)
		s.inside.leave(instantOf(first.ExpiresAt))
	})
	e.Admission = first
	return Admitted{Admission: *first}, e, nil
}

func (s *State) hasBooked(person subject.ID) bool {
	_, ok := s.active[dose{person, FirstDose}]
	return ok
}

func (a *Admission) record() []byte {
	r := ledger.Admission{
		Opening: a.Opening, Subject: a.Subject, Epoch: a.Place.Epoch, Rank: ledger.Rank(a.Place.Rank),
		ScheduleVersion: a.ScheduleVersion, IssuedAt: a.IssuedAt.UTC(), ExpiresAt: a.ExpiresAt.UTC(), PassSHA256: a.PassHash,
	}
	return r.AppendJSON(make([]byte, 0, 320))
}
