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
	Loses bool   `json:"loses"`
	Ko    string `json:"ko"`
	En    string `json:"en"`

	losses []loss
}

// loss is who loses which times, however that is worded.
type loss struct {
	times string
	who   *people
	spans []span
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
	lost := lostBy(impacts)
	for _, i := range impacts {
		if i.Loses && len(i.losses) == 0 {
			lost = append(lost, i.En) // read back from somewhere: its words are all there is
		}
	}
	if len(lost) == 0 {
		return ""
	}
	slices.Sort(lost)
	sum := sha256.Sum256([]byte(strings.Join(lost, "\n")))
	return hex.EncodeToString(sum[:4])
}

// lostBy names each loss with the people and the times, in a form that neither wording nor what others gain changes.
func lostBy(impacts []Impact) []string {
	byTimes := map[string]*loss{}
	for _, i := range impacts {
		for _, l := range i.losses {
			if byTimes[l.times] == nil {
				byTimes[l.times] = &loss{l.times, &people{}, l.spans}
			}
			byTimes[l.times].who.join(l.who)
		}
	}
	var out []string
	for times, l := range byTimes {
		out = append(out, regionsKey(l.who.regions(l.spans))+" | "+times)
	}
	slices.Sort(out)
	return out
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
			who.add(cell{i, digit}, conditions)
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
		for _, change := range g.changes {
			if change.lost != "" {
				g.losses = append(g.losses, loss{change.lost, c.found[change], c.spans})
			}
		}
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
	key     string   // exactly
	changes []change
	losses  []loss
}

func (g *group) loses() bool { return len(g.losses) > 0 }

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
	return Impact{
		Loses:  g.loses(),
		Ko:     whoKo(g.who) + ": " + say.ko(g.changes),
		En:     capital(whoEn(g.who)) + ": " + say.en(g.changes),
		losses: g.losses,
	}
}
