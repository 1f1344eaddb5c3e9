package cohort

import "fmt"

// lintPair finds people whom two openings admit at the same time, and openings that nobody is led to because another
// takes the same people whenever it is open.
func lintPair(a, b *Opening) []Finding {
	if !a.OpensAt.Before(b.ClosesAt) || !b.OpensAt.Before(a.ClosesAt) {
		return lintLobbies(a, b)
	}
	if found := lintShadows(a, b); found != nil {
		return found
	}
	at, shared, ok := sharedPeople(a, b)
	if !ok {
		return nil
	}
	return []Finding{{Code: FindingTwoAtOnce, Opening: b.ID, Cohort: at.ID,
		Ko: fmt.Sprintf("%s인 사람은 두 개통(%s, %s)에 동시에 예약할 수 있습니다. 의도한 것인지 확인해 주세요.", shared.ko(), a.ID, b.ID),
		En: fmt.Sprintf("people %s can book in the openings %s and %s at the same time; is that meant?", shared.en(), a.ID, b.ID)}}
}

// sharedPeople finds the first cohort of b that shares people with one of a, and the birth dates from the first to the
// last that they share.
func sharedPeople(a, b *Opening) (*Cohort, span, bool) {
	for i := range b.Cohorts {
		for j := range a.Cohorts {
			if shared, ok := meet(&a.Cohorts[j], &b.Cohorts[i]); ok {
				return &b.Cohorts[i], shared, true
			}
		}
	}
	return nil, span{}, false
}

// lintLobbies finds people who can still book in one opening while the lobby of their next is open already.
func lintLobbies(a, b *Opening) []Finding {
	if b.OpensAt.Before(a.OpensAt) {
		a, b = b, a
	}
	at, shared, ok := sharedPeople(a, b)
	if !ok || !b.LobbyAt.Before(a.ClosesAt) {
		return nil
	}
	f := b.finding(FindingLobbyEarly,
		fmt.Sprintf("%s인 사람이 아직 개통 %s에 예약할 수 있을 때 대기실이 열립니다(%s). 대기실을 %s 뒤에 여는 것이 좋습니다.", shared.ko(), a.ID, TimeKo(b.LobbyAt), TimeKo(a.ClosesAt)),
		fmt.Sprintf("its lobby opens at %s, while people %s can still book in %s; better open it after %s", TimeEn(b.LobbyAt), shared.en(), a.ID, TimeEn(a.ClosesAt)))
	f.Cohort = at.ID
	return []Finding{f}
}

// lintShadows finds cohorts whose people are all led to the other opening for as long as theirs is open. Of two that are
// open a person is led to the one that closes last, of two that close together to the first in the file; a is before b.
func lintShadows(a, b *Opening) []Finding {
	var found []Finding
	add := func(front, behind *Opening) {
		for i := range behind.Cohorts {
			c := &behind.Cohorts[i]
			if !c.within(front) {
				continue
			}
			f := behind.finding(FindingShadowed,
				fmt.Sprintf("대상군 %s: 이 개통이 열려 있는 동안 늘 개통 %s에도 예약할 수 있어, 개통을 따로 고르지 않으면 모두 그 개통으로 안내됩니다.", c.ID, front.ID),
				fmt.Sprintf("cohort %s: while this opening is open its people can always book in %s too, and all who name no opening are led there", c.ID, front.ID))
			f.Cohort = c.ID
			found = append(found, f)
		}
	}
	encloses := func(front, behind *Opening) bool {
		return !behind.OpensAt.Before(front.OpensAt) && !front.ClosesAt.Before(behind.ClosesAt)
	}
	switch {
	case encloses(a, b):
		add(a, b)
	case encloses(b, a) && a.ClosesAt.Before(b.ClosesAt):
		add(b, a)
	}
	return found
}

// within reports whether everybody of the cohort belongs to the opening, of those that it has at all.
func (c *Cohort) within(o *Opening) bool {
	all, some := true, false
	parts := spans(append(pointers(o.Cohorts), c))
	everyKind(func(k *kind) {
		q := inquiry{lists: k.on}
		if c.refuses(&q) != "" {
			return
		}
		takes := o.taking(k)
		for _, part := range parts {
			left := c.covers(part) & part.digits()
			some = some || left != 0
			for _, i := range takes {
				left &^= o.Cohorts[i].covers(part)
			}
			all = all && left == 0
		}
	})
	return all && some
}
