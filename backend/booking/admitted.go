package booking

import (
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// admitted are the people let in to one opening.
type admitted struct {
	opening string
	of      map[subject.ID]uint32
	rows    arena[admissionRow]
	passes  texts
}

// admissionRow is an Admission without pointers.
type admissionRow struct {
	place                           Place
	schedule                        uint32
	text                            span
	pass, before                    ledger.Hash
	admittedAt, issuedAt, expiresAt instant
}

// people are those let in to an opening.
func (s *State) people(opening string) *admitted {
	people := s.admitted[opening]
	if people == nil {
		people = &admitted{opening: opening, of: map[subject.ID]uint32{}}
		s.admitted[opening] = people
	}
	return people
}

// row is what is kept of one person's admission; nil: none. It is good until the next change.
func (p *admitted) row(who subject.ID) *admissionRow {
	if p == nil {
		return nil
	}
	if i := p.of[who]; i != 0 {
		return p.rows.at(i)
	}
	return nil
}

// get returns one person's admission; nil: none. It is the caller's.
func (p *admitted) get(who subject.ID) *Admission {
	r := p.row(who)
	if r == nil {
		return nil
	}
	return &Admission{
		Opening: p.opening, Subject: who, Place: r.place, ScheduleVersion: r.schedule, Pass: p.passes.at(r.text), PassHash: r.pass,
		Before: r.before, AdmittedAt: r.admittedAt.time(), IssuedAt: r.issuedAt.time(), ExpiresAt: r.expiresAt.time(),
	}
}

// put makes a what is known of its person.
func (p *admitted) put(a *Admission) {
	row := admissionRow{
		place: a.Place, schedule: a.ScheduleVersion, pass: a.PassHash, before: a.Before,
		admittedAt: instantOf(a.AdmittedAt), issuedAt: instantOf(a.IssuedAt), expiresAt: instantOf(a.ExpiresAt),
	}
	if known := p.row(a.Subject); known != nil {
		row.text = p.passes.put(a.Pass, known.text)
		*known = row
		return
	}
	row.text = p.passes.put(a.Pass, span{})
	p.of[a.Subject] = p.rows.add(row)
}

// remove takes a person out as if they had never been let in.
func (p *admitted) remove(who subject.ID) {
	if i := p.of[who]; i != 0 {
		p.rows.remove(i)
		delete(p.of, who)
	}
}

// passEnd is when the pass ends by which somebody was let in; never: they were not.
func (s *State) passEnd(opening string, who subject.ID) instant {
	if r := s.admitted[opening].row(who); r != nil {
		return r.expiresAt
	}
	return never
}
