package cohort

import (
	"fmt"
	"slices"
	"time"
)

// How long a dose may be kept for somebody who fills the form, in minutes.
const (
	DefaultHoldMinutes = 5
	longestHold        = 15
)

// maxIdentity bounds the ways to show who one is, because a page lists them all.
const maxIdentity = 8

// HoldFor is how long a dose is kept for somebody who fills the form.
func (o *Opening) HoldFor() time.Duration {
	if o.HoldMinutes == 0 {
		return DefaultHoldMinutes * time.Minute
	}
	return time.Duration(o.HoldMinutes) * time.Minute
}

// holdMinutes fills in what was left out, so that leaving it out and writing the default are one schedule.
func (r *reader) holdMinutes(at string, minutes *int) int {
	if minutes == nil {
		return DefaultHoldMinutes
	}
	if *minutes < 1 || *minutes > longestHold {
		r.fail(at+".hold_minutes", fmt.Sprintf("일시를 맡아 두는 시간(hold_minutes)은 1~%d분으로 적어 주세요.", longestHold),
			fmt.Sprintf("give hold_minutes 1 to %d minutes", longestHold))
	}
	return *minutes
}

func (r *reader) identity(at string, providers []string) []string {
	if len(providers) == 0 {
		return nil // however it was written
	}
	if len(providers) > maxIdentity {
		r.fail(at+".identity", fmt.Sprintf("본인인증 방법(identity)은 %d가지까지 적어 주세요.", maxIdentity),
			fmt.Sprintf("list at most %d ways under identity", maxIdentity))
	}
	for i, id := range providers {
		path := fmt.Sprintf("%s.identity[%d]", at, i)
		switch {
		case len(id) > maxID || !idPattern.MatchString(id):
			r.fail(path, "본인인증 방법의 id는 영문 소문자와 숫자, 붙임표로 64자까지 적어 주세요. 예: pass-app",
				"write the id of a way to show who one is in lower-case letters, digits and single hyphens, at most 64, such as pass-app")
		case slices.Contains(providers[:i], id):
			r.fail(path, "같은 본인인증 방법이 두 번 적혀 있습니다. 하나를 지워 주세요.", "the same way stands there twice: remove one")
		}
	}
	return providers
}

// lintIdentity finds openings that ask nobody to show who they are where others of the schedule do.
func lintIdentity(s *Schedule) []Finding {
	asks := slices.IndexFunc(s.Openings, func(o Opening) bool { return len(o.Identity) > 0 })
	if asks < 0 {
		return nil
	}
	var found []Finding
	for i := range s.Openings {
		if o := &s.Openings[i]; len(o.Identity) == 0 {
			found = append(found, o.finding(FindingIdentity,
				fmt.Sprintf("본인인증(identity)을 요구하지 않는데, 다른 개통(%s)에서는 요구합니다. 확인해 주세요.", s.Openings[asks].ID),
				fmt.Sprintf("asks nobody to show who they are (identity), while %s does; check it", s.Openings[asks].ID)))
		}
	}
	return found
}
