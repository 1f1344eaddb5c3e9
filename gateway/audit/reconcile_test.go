package audit

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// nth is the index of the n-th record of a kind.
func (s *site) nth(kind string, n int) int {
	for i, r := range s.records {
		if r.Kind == kind {
			if n == 0 {
				return i
			}
			n--
		}
	}
	panic("no such record")
}

// edit changes what a record says.
func edit[T any](s *site, i int, change func(*T)) {
	var v T
	if err := json.Unmarshal(s.records[i].Data, &v); err != nil {
		panic(err)
	}
	change(&v)
	s.records[i].Data, _ = json.Marshal(v)
}

// cover makes chain and signatures whole again, as somebody with every key in their hands would.
func (s *site) cover() {
	s.relink(0)
	s.checkpoints = nil
	s.sign()
}

// last is a booking whose person came in after the pause: its admission is the record before it.
func (s *site) last() (admission, booking int, no string) {
	booking = s.nth(ledger.KindBooking, s.bookings-1)
	var b ledger.Booking
	if err := json.Unmarshal(s.records[booking].Data, &b); err != nil {
		panic(err)
	}
	return booking - 1, booking, b.No
}

// shift puts an admission at another time, the signing of its pass with it.
func (s *site) shift(i int, to time.Time) {
	s.records[i].At = to
	edit(s, i, func(a *ledger.Admission) { a.IssuedAt = to.Truncate(time.Millisecond) })
}

// TestEveryUnlawfulWayIsNamed breaks one rule each, with chain and signatures made whole again.
func TestEveryUnlawfulWayIsNamed(t *testing.T) {
	paused := func(s *site) time.Time { return s.records[s.nth(ledger.KindOpening, 0)].At }
	for name, row := range map[string]struct {
		spoil func(s *site, admission, booking int)
		says  string
		check string
	}{
		"a pass that admitted nobody": {func(s *site, _, b int) { edit(s, b, func(k *ledger.Booking) { k.PassSHA256[3] ^= 1 }) }, "Nobody was admitted", "bookings"},
		"somebody else's pass": {func(s *site, _, b int) {
			edit(s, b, func(k *ledger.Booking) {
				var other ledger.Admission
				_ = json.Unmarshal(s.records[s.nth(ledger.KindAdmission, 0)].Data, &other)
				k.PassSHA256 = other.PassSHA256
			})
		}, "somebody else", "bookings"},
		"before its admission":            {func(s *site, a, b int) { s.records[a], s.records[b] = s.records[b], s.records[a] }, "before its admission", "bookings"},
		"another place than its own":      {func(s *site, _, b int) { edit(s, b, func(k *ledger.Booking) { k.Rank++ }) }, "another place", "bookings"},
		"a rank that was not drawn":       {func(s *site, a, _ int) { edit(s, a, func(k *ledger.Admission) { k.Rank /= 2 }) }, "the draw gives", "bookings"},
		"an epoch that was never sealed":  {func(s *site, a, _ int) { edit(s, a, func(k *ledger.Admission) { k.Epoch = 77 }) }, "never sealed", "bookings"},
		"before the turn":                 {func(s *site, a, _ int) { s.shift(a, s.records[a].At.Add(-500*time.Millisecond)) }, "before the turn", "bookings"},
		"before the opening":              {func(s *site, a, _ int) { s.shift(a, opens.Add(-time.Minute)) }, "lobby", "bookings"},
		"while it was paused":             {func(s *site, a, _ int) { s.shift(a, paused(s).Add(20*time.Millisecond)) }, "paused", "bookings"},
		"after it was closed":             {func(s *site, a, _ int) { s.event("close", `{"state":"closed"}`); s.readmit(a) }, "closed", "admissions"},
		"after a postponement":            {func(s *site, a, _ int) { s.event("postpone", `{"opens_at":"2021-07-19T22:00:00Z"}`); s.readmit(a) }, "lobby", "admissions"},
		"after the times had closed it":   {func(s *site, a, _ int) { s.now = opens.Add(25 * time.Hour); s.readmit(a) }, "closed", "admissions"},
		"a schedule that closes it early": {func(s *site, a, _ int) { s.schedule(opens.Add(time.Second)) }, "closed", "bookings"},
		"a pass that had expired":         {func(s *site, _, b int) { s.records[b].At = s.records[b].At.Add(16 * time.Minute) }, "expired", "bookings"},
		"a rehearsal's pass": {func(s *site, a, _ int) {
			edit(s, a, func(k *ledger.Admission) { s.add(ledger.KindRehearsal, ledger.Rehearsal{PassSHA256: k.PassSHA256}) })
		}, "rehearsal", "bookings"},
		"admitted twice": {func(s *site, a, _ int) { s.now = s.now.Add(time.Second); s.records = append(s.records, s.records[a]) }, "admits twice", "admissions"},
		"stock gave out": {func(s *site, _, _ int) { edit(s, s.nth(ledger.KindStock, 0), func(k *ledger.Stock) { k.Doses = 3 }) }, "takes dose", "supply"},
		"a slot too full": {func(s *site, _, b int) {
			edit(s, s.nth(ledger.KindClinic, 0), func(k *ledger.Clinic) { k.Slots[0].Capacity = 0 })
		}, "one too many", "supply"},
		"a slot of no one": {func(s *site, _, b int) { edit(s, b, func(k *ledger.Booking) { k.Slot = "nowhere" }) }, "no clinic has", "supply"},
		"a second dose alone": {func(s *site, _, b int) {
			edit(s, b, func(k *ledger.Booking) { k.Dose = 2 })
		}, "without a first", "supply"},
		"a second dose where none is given": {func(s *site, _, _ int) {
			edit(s, s.nth(ledger.KindClinic, 0), func(k *ledger.Clinic) {
				for i := range k.Slots {
					k.Slots[i].Dose = 0
				}
			})
		}, "which gives none", "supply"},
		"a second dose left behind": {func(s *site, _, _ int) {
			for _, b := range s.standing {
				if slices.ContainsFunc(s.seconds, func(second ledger.Booking) bool { return second.Subject == b.Subject }) {
					s.cancel(b)
					return
				}
			}
			panic("nobody has both doses")
		}, "although the first was cancelled", "supply"},
		"a number used twice": {func(s *site, _, b int) {
			edit(s, b, func(k *ledger.Booking) { k.No = "B00000" })
		}, "given twice", "supply"},
		"cancelled twice": {func(s *site, _, _ int) {
			s.records = append(s.records, s.records[s.nth(ledger.KindCancel, 0)])
		}, "does not stand", "supply"},
	} {
		t.Run(name, func(t *testing.T) {
			s := play(120, 3, 7)
			a, b, no := s.last()
			s.now = s.now.Add(2 * atTheEnd) // the ledger goes on for a while
			s.event("rate", `{}`)
			row.spoil(s, a, b)
			s.cover()
			v, err := Verify(s.evidence(), Options{})
			if err != nil || v.Outcome() != Holds {
				t.Fatalf("the tampering shows in the chain: %v %+v", err, v.Findings[:min(2, len(v.Findings))])
			}
			r, err := Reconcile(s.evidence(), Options{})
			if err != nil || r.Outcome() != DoesNotHold {
				t.Fatalf("outcome %d, %v", r.Outcome(), err)
			}
			named := slices.ContainsFunc(r.Findings, func(f Finding) bool {
				return strings.Contains(f.En, row.says) && f.Check == row.check && (row.check != "bookings" || strings.HasPrefix(f.En, "Booking ")) && f.Record > 0
			})
			if !named || row.check == "bookings" && !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Booking == no }) {
				t.Fatalf("not named: %+v", r.Findings[:min(4, len(r.Findings))])
			}
		})
	}
}

// readmit lets somebody in again, now.
func (s *site) readmit(admission int) {
	s.now = s.now.Add(time.Second)
	var a ledger.Admission
	_ = json.Unmarshal(s.records[admission].Data, &a)
	a.IssuedAt, a.ExpiresAt = s.now, s.now.Add(15*time.Minute)
	a.PassSHA256[0] ^= 1
	s.add(ledger.KindReadmission, a)
}

// schedule records, in its place at the beginning, a schedule by which the opening closes at a time.
func (s *site) schedule(closes time.Time) { s.scheduleFrom(closes, opens, func(*cohort.Opening) {}) }

// scheduleFrom is schedule from a time on, with what else the opening says.
func (s *site) scheduleFrom(closes, from time.Time, change func(*cohort.Opening)) {
	plan := cohort.Schedule{Version: 2, Name: "시험", Openings: []cohort.Opening{{
		ID: theOpening, Name: "시험", LobbyAt: opens.Add(-time.Hour), OpensAt: opens, ClosesAt: closes, Order: cohort.OrderDraw, Stock: 1, Vaccine: "모더나",
		Cohorts: []cohort.Cohort{{ID: "c", Name: "모두", BornFrom: subject.Date{Year: 1960, Month: 1, Day: 1}}},
	}}}
	change(&plan.Openings[0])
	text, err := plan.Marshal()
	if err != nil {
		panic(err)
	}
	data, _ := json.Marshal(map[string]any{"version": 2, "text": string(text), "from": from})
	s.records = slices.Insert(s.records, 5, ledger.Record{At: opens, Kind: ledger.KindSchedule, Data: data})
}

// TestWhatTakesTimeIsLawful: a pass signed before a pause and recorded in it, and clocks that differ by what is allowed.
func TestWhatTakesTimeIsLawful(t *testing.T) {
	s := play(120, 3, 7)
	a, _, _ := s.last()
	pause := s.records[s.nth(ledger.KindOpening, 0)].At
	s.records[a].At = pause.Add(20 * time.Millisecond)
	edit(s, a, func(k *ledger.Admission) { k.IssuedAt = pause.Add(-time.Millisecond) })
	s.cover()
	if r, err := Reconcile(s.evidence(), Options{}); err != nil || !strings.Contains(tellAll(r), "before the turn") && r.Outcome() != Holds {
		t.Errorf("under way when the pause came: %v %s", err, tellAll(r))
	}

	s = play(120, 3, 7)
	a, _, _ = s.last()
	h, err := read(s.evidence(), &Options{})
	if err != nil {
		t.Fatal(err)
	}
	var turn int64
	for i := range h.admissions {
		if h.admissions[i].seq == s.records[a].Seq {
			turn, _ = h.openings[theOpening].track.passedAt(h.admissions[i].place)
		}
	}
	s.shift(a, time.UnixMilli(turn-3).UTC())
	s.cover()
	for tolerance, want := range map[time.Duration]int{0: DoesNotHold, 2 * time.Millisecond: DoesNotHold, 3 * time.Millisecond: Holds} {
		if r, err := Reconcile(s.evidence(), Options{Tolerance: tolerance}); err != nil || r.Outcome() != want {
			t.Errorf("3 ms early with a tolerance of %v: %d, %v %s", tolerance, r.Outcome(), err, tellAll(r))
		}
	}
}

func tellAll(r *Report) string {
	var b strings.Builder
	for _, f := range append(slices.Clone(r.Findings), r.Missing...) {
		b.WriteString(f.En + "\n")
	}
	return b.String()[:min(600, b.Len())]
}

// TestMissingEvidenceIsNeverAPass takes away one kind of evidence at a time.
func TestMissingEvidenceIsNeverAPass(t *testing.T) {
	for name, row := range map[string]struct {
		take  func(*site, *Evidence)
		audit func(*Evidence) (*Report, error)
	}{
		"no checkpoints":     {func(_ *site, e *Evidence) { e.Checkpoints = nil }, verifyAll},
		"an empty list":      {func(_ *site, e *Evidence) { e.Checkpoints = each([]ledger.Checkpoint(nil)) }, verifyAll},
		"no ledger key":      {func(_ *site, e *Evidence) { e.LedgerKeys = nil }, verifyAll},
		"an empty ledger":    {func(_ *site, e *Evidence) { e.Records, e.Checkpoints = each([]ledger.Record(nil)), nil }, verifyAll},
		"no sketches":        {func(_ *site, e *Evidence) { e.Sketches = nil }, drawAll},
		"no published seals": {func(_ *site, e *Evidence) { e.Published = nil }, drawAll},
		"no draw at all":     {func(_ *site, e *Evidence) { e.Records, e.Published = each([]ledger.Record(nil)), nil }, drawAll},
		"no pass key":        {func(_ *site, e *Evidence) { e.PassKeys = nil }, reconcileAll},
		"no hours": {func(s *site, e *Evidence) {
			i := s.nth(ledger.KindAnchor, 0)
			s.records = slices.Delete(s.records, i, i+1)
			e.Records = each(s.records)
		}, reconcileAll},
		"the end of the signatures": {func(s *site, e *Evidence) {
			s.now = s.now.Add(time.Minute)
			s.event("rate", `{}`)
			e.Records = each(s.records)
		}, verifyAll},
	} {
		s := play(60, 2, 3)
		e := s.evidence()
		row.take(s, e)
		r, err := row.audit(e)
		if err != nil || r.Outcome() != CannotBeTold {
			t.Errorf("%s: outcome %d, %v %s", name, r.Outcome(), err, tellAll(r))
		}
	}
}

func verifyAll(e *Evidence) (*Report, error)    { return Verify(e, Options{}) }
func drawAll(e *Evidence) (*Report, error)      { return Draw(e, Options{}, nil) }
func reconcileAll(e *Evidence) (*Report, error) { return Reconcile(e, Options{}) }

func BenchmarkVerify(b *testing.B)    { benchmark(b, verifyAll) }
func BenchmarkDraw(b *testing.B)      { benchmark(b, drawAll) }
func BenchmarkReconcile(b *testing.B) { benchmark(b, reconcileAll) }

func benchmark(b *testing.B, audit func(*Evidence) (*Report, error)) {
	s := play(120_000, 300, 1)
	s.passes = nil
	b.ReportAllocs()
	for b.Loop() {
		r, err := audit(s.evidence())
		if err != nil || r.Outcome() != Holds {
			b.Fatal(err, r.Outcome(), tellAll(r))
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(len(s.records)), "µs/record")
	b.ReportMetric(float64(len(s.records)), "records")
}
