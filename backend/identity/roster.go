package identity

import (
	"fmt"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/subject"
)

// Roster compares what is typed with a list that was imported: the number must be on it, exactly. Lists hold pseudonyms of
// numbers and no names, so the name is not compared. It asks nobody and so cannot fail.
type Roster struct {
	About    Description // Kind is filled in
	List     string      // by name
	Subjects *subject.Key
	On       func(subject.ID) cohort.Lists // which lists a person is on
}

var _ Here = (*Roster)(nil)

// Description implements Provider.
func (r *Roster) Description() Description {
	d := r.About
	d.Kind, d.Typed = KindRoster, true
	return d
}

// Compare implements Here.
func (r *Roster) Compare(c Claim) (Person, error) {
	id := r.Subjects.Subject(c.Number)
	if !r.On(id)(r.List) {
		return Person{}, fmt.Errorf("%w: not on the list %q", ErrDenied, r.List)
	}
	return Person{Subject: id}, nil
}
