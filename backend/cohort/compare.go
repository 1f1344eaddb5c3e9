package cohort

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// what changes in a window, in the order in which it is told.
type what int

const (
	windowLost what = iota
	windowMoved
	nothingLeft
	windowGained
	lobbyMoved
	orderChanged
	proxyChanged
	vaccineChanged
	intervalChanged
	holdChanged
	identityChanged
	stockChanged
)

// nothing stands for the times of somebody who has no window left.
const nothing = "nothing left"

// change is one thing that changes for a person. Changes that are equal are told in one sentence.
type change struct {
	what what
	// The windows; before is nil for what is gained, after for what is lost, and both are where the same changes in
	// every window that a person keeps.
	before, after *Opening
	from, to      string // for what has two values
	lost          string // the times lost, "" where none are
}

func (c change) compare(d change) int {
	return cmp.Or(cmp.Compare(c.what, d.what), c.start().Compare(d.start()), cmp.Compare(c.lost, d.lost),
		cmp.Compare(c.from, d.from), cmp.Compare(c.to, d.to), cmp.Compare(c.ids(), d.ids()))
}

func (c change) ids() string {
	ids := ""
	for _, o := range []*Opening{c.before, c.after} {
		if o != nil {
			ids += o.ID
		}
		ids += "/"
	}
	return ids
}

func (c change) start() time.Time {
	switch {
	case c.before != nil:
		return c.before.OpensAt
	case c.after != nil:
		return c.after.OpensAt
	}
	return time.Time{}
}

// rights are the openings in which a person may book, those aside that are over. rosterOnly says that all cohorts of
// their birth date ask for the roster, so that those who are not on it never could book.
func (c *comparison) rights(s *Schedule, birth subject.Date, k *kind) (rights []*Opening, rosterOnly bool) {
	rosterOnly = true
	for i := range s.Openings {
		o := &s.Openings[i]
		if !c.at.IsZero() && !c.at.Before(o.ClosesAt) {
			continue
		}
		for j := range o.Cohorts {
			rosterOnly = rosterOnly && (o.Cohorts[j].Roster || !o.Cohorts[j].Admits(birth))
		}
		if o.CohortOf(birth, k.on) != nil {
			rights = append(rights, o)
		}
	}
	return rights, rosterOnly
}

// compare says what changes for a person from the one rights to the other.
func (c *comparison) compare(before, after []*Opening) []change {
	var out []change
	pairs := match(before, after)
	for _, p := range pairs {
		switch {
		case p.after == nil:
			out = append(out, change{what: windowLost, before: p.before, lost: c.lost(p.before, after)})
		case p.before == nil:
			out = append(out, change{what: windowGained, after: p.after})
		default:
			out = append(out, c.compareWindows(p, after)...)
		}
	}
	if len(after) == 0 && len(before) > 0 {
		out = append(out, change{what: nothingLeft, lost: nothing})
	}
	return append(out, compareTerms(pairs)...)
}

func (c *comparison) compareWindows(p pair, after []*Opening) []change {
	var out []change
	b, a := p.before, p.after
	switch {
	case !b.OpensAt.Equal(a.OpensAt) || !b.ClosesAt.Equal(a.ClosesAt):
		out = append(out, change{what: windowMoved, before: b, after: a, lost: c.lost(b, after)})
	case !b.LobbyAt.Equal(a.LobbyAt) && c.at.Before(a.OpensAt):
		out = append(out, change{what: lobbyMoved, before: b, after: a})
	}
	if b.Stock != a.Stock {
		out = append(out, change{what: stockChanged, before: b, after: a})
	}
	return out
}

// terms are the conditions of a window that mostly hold for all windows alike.
var terms = []struct {
	what what
	of   func(*Opening) string
}{
	{orderChanged, func(o *Opening) string { return string(o.Order) }},
	{proxyChanged, func(o *Opening) string { return strconv.FormatBool(o.Proxy) }},
	{vaccineChanged, func(o *Opening) string { return o.Vaccine }},
	{intervalChanged, func(o *Opening) string { return strconv.Itoa(o.DoseIntervalDays) }},
	{holdChanged, func(o *Opening) string { return fmt.Sprint(o.HoldFor().Minutes()) }},
	{identityChanged, func(o *Opening) string { return strings.Join(o.Identity, ", ") }},
}

// compareTerms tells once what changes alike in every window that the person keeps.
func compareTerms(pairs []pair) []change {
	kept := slices.DeleteFunc(slices.Clone(pairs), func(p pair) bool { return p.before == nil || p.after == nil })
	var out []change
	for _, term := range terms {
		var found []change
		for _, p := range kept {
			if from, to := term.of(p.before), term.of(p.after); from != to {
				found = append(found, change{what: term.what, before: p.before, after: p.after, from: from, to: to})
			}
		}
		alike := len(found) == len(kept) && !slices.ContainsFunc(found, func(c change) bool { return c.from != found[0].from || c.to != found[0].to })
		if alike && len(found) > 0 {
			found = []change{{what: term.what, from: found[0].from, to: found[0].to}}
		}
		out = append(out, found...)
	}
	return out
}

// pair is a window before and what became of it.
type pair struct{ before, after *Opening }

// match finds for each window before the one after that took its place: the same times count first, under the same id
// if there are several, then the same id, then times that overlap. Two that are left over alone are one that moved.
func match(before, after []*Opening) []pair {
	free := slices.Clone(after)
	pairs := make([]pair, len(before))
	for i, b := range before {
		pairs[i].before = b
	}
	sameTimes := func(b, a *Opening) bool { return b.OpensAt.Equal(a.OpensAt) && b.ClosesAt.Equal(a.ClosesAt) }
	sameID := func(b, a *Opening) bool { return b.ID == a.ID }
	overlap := func(b, a *Opening) bool { return b.OpensAt.Before(a.ClosesAt) && a.OpensAt.Before(b.ClosesAt) }
	for _, fits := range []func(b, a *Opening) bool{
		func(b, a *Opening) bool { return sameTimes(b, a) && sameID(b, a) }, sameTimes, sameID, overlap,
	} {
		for i := range pairs {
			if pairs[i].after != nil {
				continue
			}
			if j := slices.IndexFunc(free, func(a *Opening) bool { return fits(pairs[i].before, a) }); j >= 0 {
				pairs[i].after = free[j]
				free = slices.Delete(free, j, j+1)
			}
		}
	}
	alone := slices.IndexFunc(pairs, func(p pair) bool { return p.after == nil })
	last := len(pairs) - 1
	for last >= 0 && pairs[last].after != nil {
		last--
	}
	if alone >= 0 && alone == last && len(free) == 1 {
		pairs[alone].after, free = free[0], nil
	}
	for _, a := range free {
		pairs = append(pairs, pair{after: a})
	}
	return pairs
}

// lost writes the times of a window in which none of the windows after admits the person, as from/to in Korea time, those
// aside that are over. They do not depend on the instant otherwise, so that the code of an acknowledgement stays good.
func (c *comparison) lost(b *Opening, after []*Opening) string {
	type stretch struct{ from, to time.Time }
	rest := []stretch{{b.OpensAt, b.ClosesAt}}
	for _, a := range after {
		var next []stretch
		for _, r := range rest {
			if !a.OpensAt.Before(r.to) || !r.from.Before(a.ClosesAt) {
				next = append(next, r)
				continue
			}
			if r.from.Before(a.OpensAt) {
				next = append(next, stretch{r.from, a.OpensAt})
			}
			if a.ClosesAt.Before(r.to) {
				next = append(next, stretch{a.ClosesAt, r.to})
			}
		}
		rest = next
	}
	slices.SortFunc(rest, func(x, y stretch) int { return x.from.Compare(y.from) })
	var out []string
	for _, r := range rest {
		if c.at.IsZero() || c.at.Before(r.to) {
			out = append(out, timeText(r.from)+"/"+timeText(r.to))
		}
	}
	return strings.Join(out, ",")
}
