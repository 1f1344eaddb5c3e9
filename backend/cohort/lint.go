package cohort

import (
	"fmt"
	"slices"
	"time"
)

// The codes of a Finding.
const (
	FindingGap         = "gap"         // birth dates between the cohorts that no opening admits
	FindingOverlap     = "overlap"     // two cohorts of one opening claim the same people
	FindingUnreachable = "unreachable" // nobody can ever be counted to the cohort
	FindingTwoAtOnce   = "two_at_once" // two openings admit the same people at the same time
	FindingNoEnglish   = "no_english"  // a name has no English beside it
	FindingNeverOpens  = "never_opens" // an opening that nobody can ever book in
	FindingShadowed    = "shadowed"    // people are always led to another opening
	FindingLobbyEarly  = "lobby_early" // a lobby opens while its people can still book in another opening
	FindingLobby       = "lobby"       // a lobby is oddly long or short
	FindingWindow      = "window"      // a window is oddly long or short
	FindingStock       = "stock"       // oddly many or few doses
	FindingBirths      = "births"      // birth dates that hardly anybody has
	FindingDigits      = "digits"      // a name says another last digit than the rule
	FindingInterval    = "interval"    // openings of one vaccine differ in the time to the second dose
	FindingIdentity    = "identity"    // only some openings ask people to show who they are
	FindingFarApart    = "far_apart"   // an opening lies half a year from the others
	FindingOver        = "over"        // an opening is over
	FindingVersion     = "version"     // the schedule changed and its version did not grow
	FindingRenamed     = "renamed"     // an opening seems to have got another id
)

// Finding is something in a valid schedule that an official should look at before it goes live.
type Finding struct {
	Code    string `json:"code"`
	Serious bool   `json:"serious"` // the schedule does certainly not say what was meant
	Opening string `json:"opening,omitempty"`
	Cohort  string `json:"cohort,omitempty"`
	Ko      string `json:"ko"`
	En      string `json:"en"`
}

// Lint looks for what a schedule may not have meant, in the order of the file; what concerns the whole comes last.
func Lint(s *Schedule) []Finding { return LintAt(s, time.Time{}) }

// LintAt is Lint for a schedule that goes live at an instant: it also finds what is over by then.
func LintAt(s *Schedule, at time.Time) []Finding {
	var found []Finding
	for i := range s.Openings {
		o := &s.Openings[i]
		found = append(found, lintNames(o)...)
		found = append(found, lintOpening(o)...)
		found = append(found, lintTimes(o)...)
		found = append(found, lintBirths(o)...)
		found = append(found, lintDigits(o)...)
		for j := range s.Openings[:i] {
			found = append(found, lintPair(&s.Openings[j], o)...)
		}
	}
	found = append(found, lintIntervals(s)...)
	found = append(found, lintIdentity(s)...)
	found = append(found, lintSequence(s)...)
	found = append(found, lintOver(s, at)...)
	return append(found, lintGaps(s)...)
}

func lintNames(o *Opening) []Finding {
	missing := o.NameEn == ""
	for _, c := range o.Cohorts {
		missing = missing || c.NameEn == ""
	}
	if !missing {
		return nil
	}
	return []Finding{{Code: FindingNoEnglish, Opening: o.ID,
		Ko: fmt.Sprintf("개통 %s: 영어 이름(name_en)이 없는 곳이 있어 영어 화면에도 한국어 이름이 나옵니다.", o.ID),
		En: fmt.Sprintf("opening %s: an English name (name_en) is missing, so English pages will show the Korean one", o.ID)}}
}

// lintOpening finds cohorts that claim people whom an earlier cohort of the opening has already.
func lintOpening(o *Opening) []Finding {
	keeps, shares := make([]bool, len(o.Cohorts)), make([]bool, len(o.Cohorts))
	parts := spans(pointers(o.Cohorts))
	everyKind(func(k *kind) {
		takes := o.taking(k)
		for _, part := range parts {
			present := part.digits()
			free := present
			for _, i := range takes {
				own := o.Cohorts[i].covers(part) & present
				keeps[i] = keeps[i] || own&free != 0
				shares[i] = shares[i] || own&^free != 0
				free &^= own
			}
		}
	})
	var found []Finding
	for i := range o.Cohorts {
		switch {
		case !keeps[i]:
			found = append(found, unreachable(o, &o.Cohorts[i]))
		case shares[i]:
			found = append(found, overlap(o, &o.Cohorts[i]))
		}
	}
	if !slices.Contains(keeps, true) {
		f := o.finding(FindingNeverOpens, "예약할 수 있는 사람이 한 명도 없습니다. 대상군을 확인해 주세요.", "nobody at all can book in it; check its cohorts")
		f.Serious = true
		found = append(found, f)
	}
	return found
}

// taking are the cohorts that people of a kind belong to, birth dates aside.
func (o *Opening) taking(k *kind) (cohorts []int) {
	q := inquiry{lists: k.on}
	for i := range o.Cohorts {
		if o.Cohorts[i].refuses(&q) == "" {
			cohorts = append(cohorts, i)
		}
	}
	return cohorts
}

func unreachable(o *Opening, c *Cohort) Finding {
	return Finding{Code: FindingUnreachable, Serious: true, Opening: o.ID, Cohort: c.ID,
		Ko: fmt.Sprintf("개통 %s, 대상군 %s: 아무도 들어갈 수 없습니다. 해당하는 사람이 모두 앞의 대상군에 들어가거나 그런 출생일이 없습니다.", o.ID, c.ID),
		En: fmt.Sprintf("opening %s: nobody can belong to cohort %s; earlier cohorts take all of its people, or it has none", o.ID, c.ID)}
}

func overlap(o *Opening, c *Cohort) Finding {
	return Finding{Code: FindingOverlap, Opening: o.ID, Cohort: c.ID,
		Ko: fmt.Sprintf("개통 %s, 대상군 %s: 앞의 대상군과 겹칩니다. 겹치는 사람은 앞의 대상군으로 예약합니다.", o.ID, c.ID),
		En: fmt.Sprintf("opening %s: cohort %s overlaps an earlier one, to which the people in both are counted", o.ID, c.ID)}
}

// meet returns the birth dates from the first to the last that two cohorts share.
func meet(a, b *Cohort) (span, bool) {
	s, t := a.span(), b.span()
	if s.from.Before(t.from) {
		s.from = t.from
	}
	if t.to.Before(s.to) {
		s.to = t.to
	}
	if s.to.Before(s.from) {
		return span{}, false
	}
	return s, s.digits()&a.digits()&b.digits() != 0 && !a.leavesOut(b) && !b.leavesOut(a)
}

// leavesOut reports whether the cohort takes nobody of the list that the other asks for.
func (c *Cohort) leavesOut(other *Cohort) bool { return slices.Contains(c.Except, other.Wanted()) }

// lintGaps finds birth dates that no opening admits, although it admits younger and older people.
func lintGaps(s *Schedule) []Finding {
	var all []*Cohort
	for i := range s.Openings {
		all = append(all, pointers(s.Openings[i].Cohorts)...)
	}
	var gap span
	var missing digits
	var found []Finding
	flush := func() {
		if missing != 0 {
			found = append(found, gapFinding(gap, missing))
		}
		missing = 0
	}
	for _, part := range spans(all) {
		present := part.digits()
		left := present
		for _, c := range all {
			left &^= c.covers(part)
		}
		if left == present {
			left = allDigits // say "everybody" even where the run is too short to hold every digit
		}
		if left == missing && left != 0 {
			gap.to = part.to
			continue
		}
		flush()
		if left&present != 0 {
			gap, missing = part, left
		}
	}
	flush()
	return found
}

func gapFinding(gap span, missing digits) Finding {
	return Finding{Code: FindingGap,
		Ko: fmt.Sprintf("%s%s인 사람은 어느 개통에도 들어 있지 않습니다.", gap.ko(), missing.ko()),
		En: fmt.Sprintf("people %s%s are in no opening", gap.en(), missing.en())}
}

func pointers(cohorts []Cohort) []*Cohort {
	out := make([]*Cohort, len(cohorts))
	for i := range cohorts {
		out[i] = &cohorts[i]
	}
	return out
}
