package invariant

// Kept is a booking as an honest citizen holds it.
type Kept struct{ No, Slot string }

// Attacked is what is known after the doors were tried: what came of the tries, who was there by right, and what the
// servers kept.
type Attacked struct {
	Ledger   *Journal
	Passes   map[Digest]bool // SHA-256 of every pass that an honest citizen was given
	Bookings []Kept          // of honest citizens

	Tried, Admitted int64
	Through         []string // a few of those admitted, in words
	Answers         int64    // of all requests, repeats included
	Lost            int64    // requests without an answer
	Broken          int64    // answers of 5xx that are no polite 503
	Trouble         []string // a few of both
	Waiting, Called int64    // people who waited during the attacks, and of them those whose turn came afterwards
}

// Check judges it.
func (a *Attacked) Check() []Result {
	var out []Result
	look := func(name, title, titleEn string, f func(p *problems) int64) {
		var p problems
		checked := f(&p)
		out = append(out, Result{Name: name, OK: p.count == 0, Checked: checked, Broken: p.count, Title: title, TitleEn: titleEn, Notes: p.notes})
	}
	look("no_cheats", "어떤 공격도 통하지 않는다", "no try got anybody in", func(p *problems) int64 {
		p.tell(a.Admitted, "tries got in", a.Through)
		return a.Tried
	})
	look("honest_only", "원장의 입장과 예약은 모두 기다린 사람의 것이다", "every admission and booking in the ledger is an honest citizen's", a.honestOnly)
	look("honest_kept", "기다린 사람의 예약은 그대로다", "every booking of an honest citizen is where it was", a.honestKept)
	look("answered", "모든 요청이 응답을 받고, 오류는 정중한 503뿐이다", "every request is answered, and no error is ours but a polite 503", func(p *problems) int64 {
		p.tell(a.Lost+a.Broken, "requests lost or broken", a.Trouble)
		return a.Answers
	})
	look("not_blocked", "버려진 자리가 줄을 막지 않는다", "places that nobody comes for block nobody: whoever waited was called", func(p *problems) int64 {
		p.tell(a.Waiting-a.Called, "people were never called", nil)
		return a.Waiting
	})
	look("no_oversell", "한 자리에 두 사람이 없다", "no slot and no stock is oversold", func(p *problems) int64 {
		p.tell(a.Ledger.oversold.count, "oversold", a.Ledger.oversold.notes)
		p.tell(a.Ledger.double.count, "double", a.Ledger.double.notes)
		return int64(len(a.Ledger.Bookings))
	})
	look("ledger_chain", "원장의 사슬이 이어진다", "the ledger's chain is whole", func(p *problems) int64 {
		p.tell(a.Ledger.chain.count, "links broken", a.Ledger.chain.notes)
		return a.Ledger.Records
	})
	return out
}

func (a *Attacked) honestOnly(p *problems) int64 {
	known, honest := map[string]bool{}, map[Digest]bool{}
	for _, k := range a.Bookings {
		known[k.No] = true
	}
	for _, adm := range a.Ledger.Admissions {
		if !a.Passes[adm.Pass] {
			p.add("admission %d is nobody's who waited", adm.Seq)
		}
	}
	for _, b := range a.Ledger.Bookings {
		if b.Dose != secondDose {
			honest[b.Key] = known[b.No]
		}
		if !honest[b.Key] || !a.Passes[b.Pass] {
			p.add("booking %s, record %d, is nobody's who waited", b.No, b.Seq)
		}
	}
	return int64(len(a.Ledger.Admissions) + len(a.Ledger.Bookings))
}

func (a *Attacked) honestKept(p *problems) int64 {
	for _, k := range a.Bookings {
		if got := a.Ledger.slots[k.No]; got != k.Slot {
			p.add("booking %s is in %q, was made in %s", k.No, got, k.Slot)
		}
	}
	return int64(len(a.Bookings))
}
