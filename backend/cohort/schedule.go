// Package cohort decides who may book when. The rules are data, a Schedule read from YAML, so that an opening needs a
// file that people check and preview, not a change of the program.
//
// Times are instants; everything that names a day or an hour means Korea time. Nothing here reads a clock or a file.
package cohort

import (
	"hash/fnv"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// Order says how the people who waited in the lobby are put in order.
type Order string

// The orders of a lobby.
const (
	OrderDraw    Order = "draw"    // by lot
	OrderArrival Order = "arrival" // first come, first served
)

// Schedule (일정) is all openings of a campaign. Version grows with every change that goes live.
type Schedule struct {
	Version  uint32
	Name     string
	NameEn   string
	Openings []Opening
}

// Opening (개통) is one window in which its cohorts may book: from OpensAt up to, not including, ClosesAt. From LobbyAt
// on people may wait for it.
type Opening struct {
	ID       string
	Name     string
	NameEn   string
	LobbyAt  time.Time
	OpensAt  time.Time
	ClosesAt time.Time
	Order    Order
	Proxy    bool   // whether booking for somebody else is allowed
	Vaccine  string //
	Stock    int64  // doses
	// DoseIntervalDays is the time from the first dose to the second; 0 where there is no second one.
	DoseIntervalDays int
	// HoldMinutes is how long a dose is kept for somebody who fills the form; 0 stands for DefaultHoldMinutes.
	HoldMinutes int
	// Identity names the ways, any one of which will do, in which people show who they are before they book; empty where
	// nobody asks.
	Identity []string
	Cohorts  []Cohort
}

// Cohort (대상군) is a group of people by birth date and by the lists that they are on and not on.
type Cohort struct {
	ID       string
	Name     string
	NameEn   string
	BornFrom subject.Date // first birth date of the cohort; the zero Date sets no bound
	BornTo   subject.Date // last birth date of the cohort; the zero Date sets no bound
	// BirthDayDigits are the last digits of the day of birth that belong to the cohort; empty means all.
	BirthDayDigits []int
	// Roster and List ask for people on a list: the roster of those eligible, or another. At most one of them is set.
	Roster bool
	List   string
	// Except names lists whose people are not in the cohort: those covered elsewhere.
	Except []string
}

// Number identifies the opening in tickets and passes: FNV-1a 32 of its ID.
func (o Opening) Number() uint32 { return number(o.ID) }

// Number identifies the cohort in tickets: FNV-1a 32 of its ID.
func (c Cohort) Number() uint32 { return number(c.ID) }

func number(id string) uint32 {
	h := fnv.New32a()
	h.Write([]byte(id))
	return h.Sum32()
}

// Admits reports whether somebody born on that day belongs to the cohort, lists aside.
func (c *Cohort) Admits(birth subject.Date) bool {
	if !c.BornFrom.IsZero() && birth.Before(c.BornFrom) {
		return false
	}
	if !c.BornTo.IsZero() && c.BornTo.Before(birth) {
		return false
	}
	return len(c.BirthDayDigits) == 0 || slices.Contains(c.BirthDayDigits, birth.Day%10)
}

// Cohort returns the cohort with that ID, or nil.
func (o *Opening) Cohort(id string) *Cohort {
	for i := range o.Cohorts {
		if o.Cohorts[i].ID == id {
			return &o.Cohorts[i]
		}
	}
	return nil
}

// Opening returns the opening with that ID, or nil.
func (s *Schedule) Opening(id string) *Opening {
	for i := range s.Openings {
		if s.Openings[i].ID == id {
			return &s.Openings[i]
		}
	}
	return nil
}

// OpeningByNumber returns the opening with that Number, or nil.
func (s *Schedule) OpeningByNumber(n uint32) *Opening {
	for i := range s.Openings {
		if s.Openings[i].Number() == n {
			return &s.Openings[i]
		}
	}
	return nil
}
