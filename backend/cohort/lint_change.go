package cohort

import "fmt"

// LintChange looks for what may go wrong when a schedule takes the place of another, beyond who gains and loses by it.
func LintChange(before, after *Schedule) []Finding {
	found := []Finding{}
	if len(Diff(before, after)) > 0 && after.Version <= before.Version {
		found = append(found, Finding{Code: FindingVersion, Serious: true,
			Ko: fmt.Sprintf("내용이 바뀌었으나 버전(version)이 커지지 않았습니다(%d → %d). %d보다 큰 수를 적어 주세요.", before.Version, after.Version, before.Version),
			En: fmt.Sprintf("the schedule differs, but its version goes from %d to %d: give it one above %d", before.Version, after.Version, before.Version)})
	}
	for i := range before.Openings {
		b := &before.Openings[i]
		if a := renamed(b, after); a != nil && before.Opening(a.ID) == nil {
			found = append(found, a.finding(FindingRenamed,
				fmt.Sprintf("개통 %s의 id가 바뀐 것으로 보입니다. 이미 받은 순번표는 새 id에서 쓸 수 없으니, 같은 개통이면 id를 그대로 두세요.", b.ID),
				fmt.Sprintf("looks like %s under another id; places that people hold already do not count under the new one: keep the id if it is the same opening", b.ID)))
		}
	}
	return found
}

// renamed finds the opening of another id that has the same times, where the one of this id is gone.
func renamed(b *Opening, after *Schedule) *Opening {
	if after.Opening(b.ID) != nil {
		return nil
	}
	for i := range after.Openings {
		if a := &after.Openings[i]; a.OpensAt.Equal(b.OpensAt) && a.ClosesAt.Equal(b.ClosesAt) {
			if _, _, shared := sharedPeople(a, b); shared {
				return a
			}
		}
	}
	return nil
}
