package cohort

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Impact says in words what changes for some people when one schedule takes the place of another.
type Impact struct {
	// Loses says that they lose time in which they could have booked: a window, or a part of one.
	Loses bool `json:"loses"`
	// Lost names the losses for machines, each with the people and the times in a form that no wording changes.
	Lost []string `json:"lost,omitempty"`
	Ko   string   `json:"ko"`
	En   string   `json:"en"`
}

// Impacts lists what changes for whom, losses first. People are told apart by birth date and by the lists that they are
// on, as far as it makes a difference. Windows are compared by what they allow, not by their ids: who may book at the
// same times as before in an opening of another id has lost nothing. Windows that are over at that instant do not
// count; at the zero time all do.
func Impacts(before, after *Schedule, at time.Time) []Impact {
	c := comparison{before: before, after: after, at: at, found: map[change]*people{}}
	var cohorts []*Cohort
	for _, s := range []*Schedule{before, after} {
		for i := range s.Openings {
			cohorts = append(cohorts, pointers(s.Openings[i].Cohorts)...)
		}
	}
	c.spans = spans(cohorts)
	for i := range c.spans {
		c.compareSpan(i)
	}
	return c.impacts(wordsFor(before, after))
}

// Acknowledgement is the code by which an official shows to have read who loses what: 8 hexadecimal digits that stand for
// exactly these losses, or "" where nobody loses anything.
func Acknowledgement(impacts []Impact) string {
	var lost []string
	for _, i := range impacts {
		switch {
		case i.Loses && len(i.Lost) == 0:
			lost = append(lost, i.En) // made by hand
		case i.Loses:
			lost = append(lost, i.Lost...)
		}
	}
	if len(lost) == 0 {
		return ""
	}
	slices.Sort(lost)
	sum := sha256.Sum256([]byte(strings.Join(lost, "\n")))
	return hex.EncodeToString(sum[:4])
}

// comparison collects which change meets which people.
type comparison struct {
	before, after *Schedule
	at            time.Time
	spans         []span
	found         map[change]*people
}

// compareSpan compares what everybody born in a span may do: one person for each last digit and each way to be on the
// lists stands for all.
func (c *comparison) compareSpan(i int) {
	part := c.spans[i]
	for digit := range 10 {
		birth, ok := part.day(digit)
		if !ok {
			continue
		}
		meets := map[change][]condition{}
		rosterOnly := true
		everyKind(func(k *kind) {
			old, only := c.rights(c.before, birth, k)
			now, too := c.rights(c.after, birth, k)
			rosterOnly = rosterOnly && only && too
			for _, change := range c.compare(old, now) {
				meets[change] = append(meets[change], newCondition(k))
			}
		})
		for change, conditions := range meets {
			if c.found[change] == nil {
				c.found[change] = &people{rosterOnly: true}
			}
			who := c.found[change]
			who.rosterOnly = who.rosterOnly && rosterOnly
			for _, condition := range simplify(conditions) {
				who.add(condition, i, digit)
			}
		}
	}
}

// impacts joins the changes that meet the same people.
func (c *comparison) impacts(say words) []Impact {
	groups := map[string]*group{}
	var order []*group
	for change, who := range c.found {
		regions := who.regions(c.spans)
		key := regionsKey(regions)
		if groups[key] == nil {
			groups[key] = &group{who: told(regions, who.rosterOnly), key: key}
			order = append(order, groups[key])
		}
		groups[key].changes = append(groups[key].changes, change)
	}
	for _, g := range order {
		slices.SortFunc(g.changes, change.compare)
	}
	slices.SortFunc(order, func(a, b *group) int {
		return cmp.Or(-cmp.Compare(b2i(a.loses()), b2i(b.loses())), a.first().Compare(b.first()), cmp.Compare(a.key, b.key))
	})
	out := make([]Impact, 0, len(order))
	for _, g := range order {
		out = append(out, g.impact(say))
	}
	return out
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// group is some people and all that changes for exactly them.
type group struct {
	who     []region // as they are told
	key     string   // exactly, as machines read it
	changes []change
}

func (g *group) loses() bool {
	return slices.ContainsFunc(g.changes, func(c change) bool { return c.lost != "" })
}

// first orders groups: by the first window that they are about; what is about no window comes last.
func (g *group) first() time.Time {
	first := latest.At(0, 0)
	for _, c := range g.changes {
		for _, o := range []*Opening{c.before, c.after} {
			if o != nil && o.OpensAt.Before(first) {
				first = o.OpensAt
			}
		}
	}
	return first
}

func (g *group) impact(say words) Impact {
	i := Impact{
		Loses: g.loses(),
		Ko:    whoKo(g.who) + ": " + say.ko(g.changes),
		En:    capital(whoEn(g.who)) + ": " + say.en(g.changes),
	}
	for _, c := range g.changes {
		if c.lost != "" {
			i.Lost = append(i.Lost, g.key+" | "+c.lost)
		}
	}
	return i
}
