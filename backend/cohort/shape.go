package cohort

import "fmt"

func (r *reader) schedule(f scheduleFile) *Schedule {
	s := &Schedule{Version: f.Version, Name: f.Name, NameEn: f.NameEn}
	if f.Version == 0 {
		r.fail("$.version", "일정의 버전(version)을 1 이상으로 적어 주세요.", "give the schedule a version of 1 or more")
	}
	r.names("$", f.Name, f.NameEn)
	if len(f.Openings) == 0 {
		r.fail("$.openings", "개통(openings)을 하나 이상 적어 주세요.", "list at least one opening under openings")
	}
	openings, cohorts := newIDs("개통", "opening"), newIDs("대상군", "cohort")
	for i, of := range f.Openings {
		at := fmt.Sprintf("$.openings[%d]", i)
		if r.add(openings, at, of.ID) {
			r.failTwice(openings, at, of.ID)
		}
		s.Openings = append(s.Openings, r.opening(at, of, cohorts))
	}
	r.countLists(s)
	return s
}

func (r *reader) opening(at string, f openingFile, cohorts *ids) Opening {
	o := Opening{
		ID: f.ID, Name: f.Name, NameEn: f.NameEn, Order: Order(f.Order), Proxy: f.Proxy, Vaccine: f.Vaccine,
		Stock: f.Stock, DoseIntervalDays: f.DoseIntervalDays,
		HoldMinutes: r.holdMinutes(at, f.HoldMinutes), Identity: r.identity(at, f.Identity),
		LobbyAt: r.time(at, "lobby_at", f.LobbyAt), OpensAt: r.time(at, "opens_at", f.OpensAt), ClosesAt: r.time(at, "closes_at", f.ClosesAt),
	}
	if o.Order == "" {
		o.Order = OrderDraw
	}
	r.names(at, f.Name, f.NameEn)
	r.text(at, "vaccine", f.Vaccine, true)
	r.window(at, o)
	r.limits(at, o)
	if len(f.Cohorts) == 0 {
		r.fail(at+".cohorts", "대상군(cohorts)을 하나 이상 적어 주세요.", "list at least one cohort under cohorts")
	}
	here := map[string]bool{}
	for i, cf := range f.Cohorts {
		cat := fmt.Sprintf("%s.cohorts[%d]", at, i)
		r.addCohort(cohorts, here, cat, cf)
		o.Cohorts = append(o.Cohorts, r.cohort(cat, cf))
	}
	return o
}

func (r *reader) window(at string, o Opening) {
	if !o.LobbyAt.Before(o.OpensAt) {
		r.fail(at+".lobby_at", "대기실(lobby_at)은 개통(opens_at)보다 먼저 열려야 합니다. 두 시각을 확인해 주세요.",
			"the lobby must open before the opening: check lobby_at and opens_at")
	}
	if !o.OpensAt.Before(o.ClosesAt) {
		r.fail(at+".closes_at", "마감(closes_at)은 개통(opens_at)보다 뒤여야 합니다. 두 시각을 확인해 주세요.",
			"the opening must close after it opens: check opens_at and closes_at")
	}
}

func (r *reader) limits(at string, o Opening) {
	if o.Order != OrderDraw && o.Order != OrderArrival {
		r.fail(at+".order", "순서(order)는 draw(추첨) 또는 arrival(도착 순)로 적어 주세요.", "write order as draw or arrival")
	}
	if o.Stock < 1 {
		r.fail(at+".stock", "물량(stock)을 1회분 이상으로 적어 주세요.", "give a stock of at least 1 dose")
	}
	if o.DoseIntervalDays < 0 || o.DoseIntervalDays > 365 {
		r.fail(at+".dose_interval_days", "접종 간격(dose_interval_days)은 0~365일로 적어 주세요.", "give a dose interval of 0 to 365 days")
	}
}

func (r *reader) cohort(at string, f cohortFile) Cohort {
	c := Cohort{
		ID: f.ID, Name: f.Name, NameEn: f.NameEn, Roster: f.Roster, List: f.List, Except: f.Except, BirthDayDigits: f.BirthDayDigits,
		BornFrom: r.date(at, "born_from", f.BornFrom), BornTo: r.date(at, "born_to", f.BornTo),
	}
	r.names(at, f.Name, f.NameEn)
	if c.BornFrom.IsZero() && c.BornTo.IsZero() {
		r.fail(at, "출생일 범위(born_from, born_to)를 하나 이상 적어 주세요.", "give born_from, born_to or both")
	}
	if !c.BornFrom.IsZero() && !c.BornTo.IsZero() && c.BornTo.Before(c.BornFrom) {
		r.fail(at+".born_to", "born_to가 born_from보다 앞섭니다. 두 날짜를 바꿔 적었는지 확인해 주세요.",
			"born_to lies before born_from: have the two been swapped?")
	}
	r.digits(at, f.BirthDayDigits)
	r.lists(at, &c)
	return c
}
