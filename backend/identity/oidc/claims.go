package oidc

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/daemun/daemun/backend/identity"
	"github.com/daemun/daemun/backend/subject"
)

// Claims names the claims that say who somebody is. One of three ways: Number; CI; or BirthDate and Name.
type Claims struct {
	Number    string // registration number
	CI        string // connecting information, a code that every provider has for a person (연계정보)
	BirthDate string // 1967-03-01 or 19670301
	Name      string
}

// Links says whom a CI is of, from a list that was made from the registration numbers before.
type Links interface {
	Subject(ci string) (subject.ID, bool)
}

func (c Claims) check() error {
	ways := 0
	for _, set := range []bool{c.Number != "", c.CI != "", c.BirthDate != "" || c.Name != ""} {
		if set {
			ways++
		}
	}
	if ways != 1 || (c.BirthDate == "") != (c.Name == "") {
		return errors.New("claims: name one claim with the number, or one with the CI, or those with birth date and name")
	}
	return nil
}

// typed tells whether what the provider says has to be compared with what was typed.
func (c Claims) typed() bool { return c.BirthDate != "" }

// told tells whether the claims say who somebody is.
func (c Claims) told(claims map[string]any) bool {
	for _, name := range []string{c.Number, c.CI, c.BirthDate, c.Name} {
		if name != "" && text(claims, name) == "" {
			return false
		}
	}
	return true
}

func text(claims map[string]any, name string) string {
	s, _ := claims[name].(string)
	return strings.TrimSpace(s)
}

// longestClaim bounds what is looked at of a claim, in bytes.
const longestClaim = 512

// person reads who somebody is. What it cannot read is not told further, and the person is not vouched for.
func (c *Config) person(claims map[string]any) (identity.Person, error) {
	for _, name := range []string{c.Claims.Number, c.Claims.CI, c.Claims.BirthDate, c.Claims.Name} {
		if name != "" && (text(claims, name) == "" || len(text(claims, name)) > longestClaim) {
			return identity.Person{}, fmt.Errorf("%w: the claim %q is missing", identity.ErrDenied, name)
		}
	}
	switch {
	case c.Claims.Number != "":
		number, err := subject.ParseNumber(text(claims, c.Claims.Number))
		if err != nil {
			return identity.Person{}, fmt.Errorf("%w: the claim %q is no registration number", identity.ErrDenied, c.Claims.Number)
		}
		return identity.Person{Subject: c.Subjects.Subject(number)}, nil
	case c.Claims.CI != "":
		id, ok := c.Links.Subject(text(claims, c.Claims.CI))
		if !ok {
			return identity.Person{}, fmt.Errorf("%w: the CI is linked to nobody", identity.ErrDenied)
		}
		return identity.Person{Subject: id}, nil
	}
	birth, err := date(text(claims, c.Claims.BirthDate))
	if err != nil {
		return identity.Person{}, fmt.Errorf("%w: the claim %q is no birth date", identity.ErrDenied, c.Claims.BirthDate)
	}
	return identity.Person{Birth: birth, Name: text(claims, c.Claims.Name)}, nil
}

func date(s string) (subject.Date, error) {
	for _, layout := range []string{time.DateOnly, "20060102"} {
		if t, err := time.Parse(layout, s); err == nil {
			return subject.Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}, nil
		}
	}
	return subject.Date{}, errors.New("no date")
}
