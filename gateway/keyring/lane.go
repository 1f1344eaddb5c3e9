package keyring

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"regexp"
	"time"
)

// Roles of the reserved lanes. They open nothing in the control room, and its roles nothing in the lanes.
const (
	RoleCallCentre = "call_centre"
	RoleClinic     = "clinic"
)

// LanePerson is who a certificate of the lanes is of. Clinic is the clinic's id, for RoleClinic alone.
type LanePerson struct {
	Name   string
	Role   string
	Clinic string
}

var clinicID = regexp.MustCompile(`^[A-Za-z0-9_]{1,32}$`) // as in lists of clinics

// check tells what is wrong with somebody's place in the lanes.
func (p *LanePerson) check() error {
	switch {
	case p.Name == "" || len(p.Name) > 64:
		return fmt.Errorf("name %q: want 1 to 64 bytes", p.Name)
	case p.Role == RoleCallCentre && p.Clinic == "", p.Role == RoleClinic && clinicID.MatchString(p.Clinic):
		return nil
	case p.Role == RoleCallCentre:
		return fmt.Errorf("role %s belongs to no clinic", p.Role)
	case p.Role == RoleClinic:
		return fmt.Errorf("clinic %q: want the clinic's id as in the list of clinics", p.Clinic)
	}
	return fmt.Errorf("role %q: want %s or %s", p.Role, RoleCallCentre, RoleClinic)
}

// Subject is how the person stands in a certificate: name, role as the unit, clinic as the organisation.
func (p *LanePerson) Subject() (pkix.Name, error) {
	if err := p.check(); err != nil {
		return pkix.Name{}, fmt.Errorf("a certificate for a lane: %w", err)
	}
	subject := pkix.Name{CommonName: p.Name, OrganizationalUnit: []string{p.Role}}
	if p.Clinic != "" {
		subject.Organization = []string{p.Clinic}
	}
	return subject, nil
}

// Lane issues a certificate and key, in one PEM, for somebody of a reserved lane.
func (a *Authority) Lane(p LanePerson, now time.Time) ([]byte, error) {
	subject, err := p.Subject()
	if err != nil {
		return nil, err
	}
	return a.Issue(subject, now, OperatorLife)
}

// LanePersonOf reads a verified certificate; false where it is none of the lanes'.
func LanePersonOf(cert *x509.Certificate) (LanePerson, bool) {
	s := &cert.Subject
	if len(s.OrganizationalUnit) != 1 || len(s.Organization) > 1 {
		return LanePerson{}, false
	}
	p := LanePerson{Name: s.CommonName, Role: s.OrganizationalUnit[0]}
	if len(s.Organization) == 1 {
		p.Clinic = s.Organization[0]
	}
	return p, p.check() == nil
}
