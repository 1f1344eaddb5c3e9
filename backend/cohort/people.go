package cohort

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/daemun/daemun/backend/subject"
)

// condition says which lists somebody is on and not on, sorted by name; empty is everybody.
type condition []listAnswer

func newCondition(k *kind) condition {
	c := slices.Clone(condition(k.answers))
	slices.SortFunc(c, func(a, b listAnswer) int { return cmp.Compare(a.list, b.list) })
	return c
}

func (c condition) key() string {
	var out []string
	for _, a := range c {
		sign := "-"
		if a.on {
			sign = "+"
		}
		out = append(out, sign+a.list)
	}
	return strings.Join(out, " ")
}

// without drops that somebody is on a list.
func (c condition) without(list string) condition {
	return slices.DeleteFunc(slices.Clone(c), func(a listAnswer) bool { return a == listAnswer{list, true} })
}

// canonical writes the same people in the one form that depends on nothing else: it asks one list after the other, in
// the order of their names, and leaves out those that make no difference.
func canonical(all []condition) []condition {
	if len(all) == 0 {
		return nil
	}
	first := all[0]
	for _, c := range all {
		if len(c) == 0 {
			return []condition{nil}
		}
		if c[0].list < first[0].list {
			first = c
		}
	}
	list := first[0].list
	var on, off []condition
	for _, c := range all {
		switch {
		case c[0].list != list:
			on, off = append(on, c), append(off, c)
		case c[0].on:
			on = append(on, c[1:])
		default:
			off = append(off, c[1:])
		}
	}
	on, off = canonical(on), canonical(off)
	if slices.EqualFunc(on, off, slices.Equal[condition]) {
		return on
	}
	var out []condition
	for _, c := range on {
		out = append(out, slices.Concat(condition{{list, true}}, c))
	}
	for _, c := range off {
		out = append(out, slices.Concat(condition{{list, false}}, c))
	}
	return out
}

// people collects who is meant.
type people struct {
	rosterOnly bool // whoever of them is not on the roster could book neither before nor after
	cells      map[cell][]condition
}

// cell is everybody born in a span on days of one last digit.
type cell struct{ span, digit int }

func (p *people) add(at cell, conditions []condition) {
	if p.cells == nil {
		p.cells = map[cell][]condition{}
	}
	p.cells[at] = append(p.cells[at], conditions...)
}

func (p *people) join(other *people) {
	for at, conditions := range other.cells {
		p.add(at, conditions)
	}
}

// byCondition says which last digits in which span are meant under each condition.
func (p *people) byCondition() (conditions map[string]condition, where map[string]map[int]digits) {
	conditions, where = map[string]condition{}, map[string]map[int]digits{}
	for at, all := range p.cells {
		for _, c := range canonical(all) {
			key := c.key()
			if where[key] == nil {
				conditions[key], where[key] = c, map[int]digits{}
			}
			where[key][at.span] |= 1 << at.digit
		}
	}
	return conditions, where
}

// region is everybody born in a span on days of some last digits, under a condition.
type region struct {
	span      span
	digits    digits
	everybody bool // all digits that occur in the span
	condition condition
}

// regions puts people into few regions: neighbouring spans are joined where the digits agree that occur in both.
func (p *people) regions(spans []span) []region {
	var out []region
	conditions, where := p.byCondition()
	for _, key := range slices.Sorted(maps.Keys(where)) {
		var current *region
		var present digits // that occur in the current region
		for i, part := range spans {
			own, here := where[key][i], part.digits()
			switch {
			case own == 0:
				current = nil
				continue
			case current != nil && current.digits&here == own&present:
				current.span.to = part.to
			default:
				out = append(out, region{span: part, condition: conditions[key]})
				current, present = &out[len(out)-1], 0
			}
			current.digits, present = current.digits|own, present|here
			current.everybody = current.digits == present
		}
	}
	for i := range out {
		if out[i].everybody {
			out[i].digits = allDigits // also where the span is too short to hold every digit
		}
	}
	slices.SortStableFunc(out, func(a, b region) int { return a.span.from.Compare(b.span.from) })
	return out
}

// regionsKey names people in a form that no wording changes.
func regionsKey(regions []region) string {
	var out []string
	for _, r := range regions {
		text := fmt.Sprintf("%v..%v", r.span.from, r.span.to)
		if r.digits != allDigits {
			text += " " + r.digits.String()
		}
		out = append(out, strings.TrimSpace(text+" "+r.condition.key()))
	}
	return strings.Join(out, "; ")
}

// told leaves the roster unsaid where it goes without saying: where nobody else could ever book.
func told(regions []region, rosterOnly bool) []region {
	if !rosterOnly {
		return regions
	}
	out := slices.Clone(regions)
	for i := range out {
		out[i].condition = out[i].condition.without(RosterList)
	}
	return out
}

// day finds a day of the span whose last digit is that one.
func (s span) day(digit int) (subject.Date, bool) {
	d := s.from
	for range 62 { // two months hold every digit
		if s.to.Before(d) {
			break
		}
		if d.Day%10 == digit {
			return d, true
		}
		d = d.AddDays(1)
	}
	return subject.Date{}, false
}

func whoKo(regions []region) string {
	var out []string
	for _, r := range regions {
		var on []string
		for _, a := range r.condition {
			verb := "없는"
			if a.on {
				verb = "있는"
			}
			on = append(on, fmt.Sprintf("%s에 %s", listKo(a.list), verb))
		}
		text := r.span.ko() + r.digits.ko()
		if len(on) > 0 {
			text += fmt.Sprintf(" (%s 사람)", strings.Join(on, ", "))
		}
		out = append(out, text)
	}
	return strings.Join(out, " 및 ")
}

func whoEn(regions []region) string {
	var out []string
	for _, r := range regions {
		text := r.span.en() + r.digits.en()
		for i, a := range r.condition {
			link := ", "
			if i > 0 {
				link = " and "
			}
			if !a.on {
				link += "not "
			}
			text += link + "on " + listEn(a.list)
		}
		out = append(out, text)
	}
	return "people " + strings.Join(out, ", and ")
}

func listKo(name string) string {
	if name == RosterList {
		return "대상자 명단"
	}
	return "‘" + name + "’ 명단"
}

func listEn(name string) string {
	if name == RosterList {
		return "the roster"
	}
	return "the list “" + name + "”"
}
