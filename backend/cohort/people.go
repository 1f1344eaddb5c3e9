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

// simplify joins conditions that hold whether or not somebody is on a list: the same two that differ in one answer.
func simplify(all []condition) []condition {
	for {
		i, j, at := joinable(all)
		if i < 0 {
			return all
		}
		joined := slices.Delete(slices.Clone(all[i]), at, at+1)
		all = slices.Delete(all, j, j+1)
		all[i] = joined
	}
}

// joinable finds two conditions i < j that differ in the answer of one list alone, or −1.
func joinable(all []condition) (i, j, at int) {
	for i := range all {
		for j := i + 1; j < len(all); j++ {
			if len(all[i]) != len(all[j]) {
				continue
			}
			differ, at := 0, 0
			for n := range all[i] {
				if all[i][n] != all[j][n] {
					differ, at = differ+1, n
				}
			}
			if differ == 1 && all[i][at].list == all[j][at].list {
				return i, j, at
			}
		}
	}
	return -1, -1, 0
}

// people collects who is meant: for each condition which last digits in which span.
type people struct {
	rosterOnly bool // whoever of them is not on the roster could book neither before nor after
	conditions map[string]condition
	digits     map[string]map[int]digits // by condition, by index of the span
}

func (p *people) add(c condition, span, digit int) {
	if p.conditions == nil {
		p.conditions, p.digits = map[string]condition{}, map[string]map[int]digits{}
	}
	key := c.key()
	if p.digits[key] == nil {
		p.conditions[key], p.digits[key] = c, map[int]digits{}
	}
	p.digits[key][span] |= 1 << digit
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
	for _, key := range slices.Sorted(maps.Keys(p.digits)) {
		var current *region
		var present digits // that occur in the current region
		for i, part := range spans {
			own, here := p.digits[key][i], part.digits()
			switch {
			case own == 0:
				current = nil
				continue
			case current != nil && current.digits&here == own&present:
				current.span.to = part.to
			default:
				out = append(out, region{span: part, condition: p.conditions[key]})
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
