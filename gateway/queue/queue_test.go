package queue

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/wait"
)

var opensAt = time.Date(2021, 7, 19, 20, 0, 0, 0, subject.Seoul)

func testKeys() *Keys {
	old, current := make([]byte, 32), make([]byte, 32)
	old[0], current[0] = 1, 2
	return NewKeys(map[byte][]byte{1: old, 2: current}, 2)
}

func anySubject(t *rapid.T) subject.ID {
	return subject.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "subject"))
}

func anyTicket(t *rapid.T) Ticket {
	return Ticket{
		KeyID:     2,
		Rehearsal: rapid.Bool().Draw(t, "rehearsal"),
		Opening:   rapid.Uint32().Draw(t, "opening"),
		Cohort:    rapid.Uint32().Draw(t, "cohort"),
		Epoch:     rapid.Uint32().Draw(t, "epoch"),
		Subject:   anySubject(t),
		IssuedAt:  time.UnixMilli(rapid.Int64Range(0, 1<<48-1).Draw(t, "issued")),
	}
}

func TestKeyedIsHMAC(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key"))
		message := rapid.SliceOfN(rapid.Byte(), 0, maxMessage).Draw(t, "message")
		mac := hmac.New(sha256.New, key[:])
		mac.Write(message)
		if got := keyed(&key, message); got != [32]byte(mac.Sum(nil)) {
			t.Fatalf("keyed = %x", got)
		}
	})
}

func TestTicketSurvivesTheJourney(t *testing.T) {
	keys := testKeys()
	rapid.Check(t, func(t *rapid.T) {
		want := anyTicket(t)
		text := keys.Sign(want)
		got, err := keys.Check(text[:])
		if err != nil || got != want {
			t.Fatalf("Check = %+v, %v; want %+v", got, err, want)
		}
	})
}

func TestTicketUnderAnOlderKeyStillHolds(t *testing.T) {
	before := NewKeys(map[byte][]byte{1: append([]byte{1}, make([]byte, 31)...)}, 1)
	text := before.Sign(Ticket{Epoch: 3})
	if _, err := testKeys().Check(text[:]); err != nil {
		t.Fatal(err)
	}
}

func TestAnyOtherTextIsNoTicket(t *testing.T) {
	keys := testKeys()
	rapid.Check(t, func(t *rapid.T) {
		text := keys.Sign(anyTicket(t))
		changed := text
		changed[rapid.IntRange(0, TicketLen-1).Draw(t, "at")] = rapid.Byte().Draw(t, "byte")
		if changed == text {
			t.Skip()
		}
		if _, err := keys.Check(changed[:]); !errors.Is(err, ErrBadTicket) {
			t.Fatalf("changed ticket: %v", err)
		}
	})
	text := keys.Sign(Ticket{})
	for _, bad := range [][]byte{nil, text[:71], append(text[:], 'A')} {
		if _, err := keys.Check(bad); !errors.Is(err, ErrBadTicket) {
			t.Errorf("ticket of %d characters: %v", len(bad), err)
		}
	}
}

func TestEpochsCoverTimeWithoutGaps(t *testing.T) {
	if EpochAt(-1) != Lobby || EpochAt(0) != 1 {
		t.Fatal("epoch 1 does not begin with the opening")
	}
	rapid.Check(t, func(t *rapid.T) {
		at := time.Duration(rapid.Int64Range(0, int64(40*24*time.Hour)).Draw(t, "at"))
		e := EpochAt(at)
		if !(EpochEnd(e-1) <= at && at < EpochEnd(e)) {
			t.Fatalf("epoch %d at %v ends %v, the one before %v", e, at, EpochEnd(e), EpochEnd(e-1))
		}
	})
	if last := EpochAt(31 * 24 * time.Hour); last >= ChainLength {
		t.Fatalf("a month has %d epochs, the chain only %d", last, ChainLength)
	}
}

func TestChainCanBeCheckedFromTheAnchor(t *testing.T) {
	chain := NewChain([32]byte{42})
	for _, epoch := range []uint32{0, 1, 2, 1000, ChainLength - 2} {
		seed, err := chain.Seed(epoch)
		if err != nil {
			t.Fatal(err)
		}
		if !CheckSeed(chain.Anchor(), seed, epoch) {
			t.Errorf("seed of epoch %d does not lead to the anchor", epoch)
		}
		seed[7] ^= 1
		if CheckSeed(chain.Anchor(), seed, epoch) {
			t.Errorf("a changed seed of epoch %d was accepted", epoch)
		}
	}
	if _, err := chain.Seed(ChainLength); err == nil {
		t.Error("a seed past the end of the chain")
	}
}

func sealsOf(counts []uint64) Seals {
	var s Seals
	for i, n := range counts {
		s.Append(Seal{Epoch: uint32(i), Count: n, Seed: [32]byte{byte(i + 1)}})
	}
	return s
}

func TestSealsAreAppendedInOrderOnly(t *testing.T) {
	s := sealsOf([]uint64{5, 6})
	older := s
	if s.Append(Seal{Epoch: 1}) || s.Append(Seal{Epoch: 3}) {
		t.Fatal("a seal out of order was taken")
	}
	if !s.Append(Seal{Epoch: 2, Count: 7}) || s.Total() != 18 || older.Total() != 11 || older.Len() != 2 {
		t.Fatalf("total %d, older copy %d of %d", s.Total(), older.Total(), older.Len())
	}
}

func TestCursorMovesBySoManyPeople(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.SliceOfN(rapid.Uint64Range(0, 100_000), 1, 20).Draw(t, "counts")
		s := sealsOf(counts)
		var c Cursor
		served := 0.0
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			n := rapid.Float64Range(0, 20_000).Draw(t, "people")
			next := s.Advance(c, n)
			if next.Before(c) {
				t.Fatalf("cursor went back from %+v to %+v", c, next)
			}
			c, served = next, min(served+n, float64(s.Total()))
			if at := float64(s.position(c.Epoch, c.Rank)); math.Abs(at-served) > 32 {
				t.Fatalf("cursor stands at %v people, want %v", at, served)
			}
		}
	})
}

// A gateway that died takes the count of its newest people along: they must be called in all the same.
func TestCursorPassesEpochsThatCountNobody(t *testing.T) {
	s := sealsOf([]uint64{0, 0, 5, 0})
	if c := s.Advance(Cursor{}, 0); c != (Cursor{Epoch: 2}) {
		t.Errorf("cursor stands at %+v", c)
	}
	if c := s.Advance(Cursor{Epoch: 2}, 5); c != (Cursor{Epoch: 4}) {
		t.Errorf("after the last person: %+v", c)
	}
}

func testLine() *Line {
	return &Line{
		ID: "2021-07-19", Number: 7, Order: cohort.OrderDraw, State: api.OpeningOpen,
		LobbyAt: opensAt.Add(-time.Hour), OpensAt: opensAt, ClosesAt: opensAt.Add(22 * time.Hour),
		Cohorts: map[uint32]Cohort{9: {ID: "born-1967-68"}},
		Seals:   sealsOf([]uint64{1_500_000, 2000, 3000}), Cursor: Cursor{Epoch: 0, Rank: 1 << 62},
		Speed: 1000, StockLeft: 1_000_000, Pace: 1,
		Timetable: &wait.Timetable{From: 375_000, At: []uint64{400_000, 1_000_000, 1_505_000}, Low: []uint32{200, 6000, 10_000}, High: []uint32{500, 12_000, 20_000}},
	}
}

func TestPlacesAreInOrder(t *testing.T) {
	l := testLine()
	now := opensAt.Add(10 * time.Second)
	rapid.Check(t, func(t *rapid.T) {
		a := Ticket{Cohort: 9, Subject: anySubject(t), Epoch: rapid.Uint32Range(0, 3).Draw(t, "a")}
		b := Ticket{Cohort: 9, Subject: anySubject(t), Epoch: rapid.Uint32Range(0, 3).Draw(t, "b")}
		pa, pb := l.Place(&a, now), l.Place(&b, now)
		if a.Epoch < b.Epoch && pb.Ahead != Unknown && pa.Ahead > pb.Ahead {
			t.Fatalf("epoch %d stands behind epoch %d: %d > %d", a.Epoch, b.Epoch, pa.Ahead, pb.Ahead)
		}
		if (pa.State == api.PlaceTurn) != l.Cursor.Below(pa.Epoch, pa.Rank) {
			t.Fatalf("%+v with cursor %+v", pa, l.Cursor)
		}
		if pa.WaitLow > pa.WaitHigh || pa.NextPoll < minPoll || pa.NextPoll > maxPoll {
			t.Fatalf("%+v", pa)
		}
	})
}

func TestStatesOfAPlace(t *testing.T) {
	open := opensAt.Add(time.Minute)
	early := Ticket{Cohort: 9, Epoch: 0}
	for subj := byte(0); ; subj++ { // somebody whose turn has come
		early.Subject[0] = subj
		l := testLine()
		if l.Place(&early, open).State == api.PlaceTurn {
			break
		}
	}
	rows := []struct {
		name   string
		change func(*Line)
		at     time.Time
		want   string
	}{
		{"turn", func(*Line) {}, open, api.PlaceTurn},
		{"lobby", func(*Line) {}, opensAt.Add(-time.Second), api.PlaceLobby},
		{"paused", func(l *Line) { l.State = api.OpeningPaused }, open, api.PlacePaused},
		{"paused before it opened", func(l *Line) { l.State = api.OpeningPaused }, opensAt.Add(-time.Second), api.PlacePaused},
		{"own cohort paused", func(l *Line) { l.Cohorts = map[uint32]Cohort{9: {Paused: true}} }, open, api.PlacePaused},
		{"other cohort paused", func(l *Line) { l.Cohorts[8] = Cohort{Paused: true} }, open, api.PlaceTurn},
		{"closed by an operator", func(l *Line) { l.State = api.OpeningClosed }, open, api.PlaceClosed},
		{"closed by the clock", func(*Line) {}, opensAt.Add(22 * time.Hour), api.PlaceClosed},
		{"stock gone", func(l *Line) { l.StockLeft = 0 }, open, api.PlaceClosed},
		{"postponed while people wait", func(l *Line) { l.OpensAt = open.Add(time.Hour) }, open, api.PlaceLobby},
	}
	for _, row := range rows {
		l := testLine()
		row.change(l)
		if got := l.Place(&early, row.at); got.State != row.want {
			t.Errorf("%s: %s, want %s", row.name, got.State, row.want)
		}
	}
}

func TestUnsealedEpochWaitsWithoutAPlace(t *testing.T) {
	l := testLine()
	l.Cursor = l.Seals.Advance(l.Cursor, 1e9) // everybody sealed is served
	p := l.Place(&Ticket{Cohort: 9, Epoch: 3}, opensAt.Add(3*time.Second))
	if p.State != api.PlaceWaiting || p.Ahead != Unknown || p.WaitHigh != Unknown {
		t.Fatalf("a ticket of an epoch that is not drawn yet: %+v", p)
	}
}

func TestNoTurnIsPromisedWhereNoneWillCome(t *testing.T) {
	l := testLine()
	l.Cursor, l.StockLeft = Cursor{}, 2_000_000
	now := opensAt.Add(time.Minute)
	ticket := Ticket{Cohort: 9, Subject: subject.ID{3}}
	if p := l.Place(&ticket, now); p.WaitHigh <= 0 || p.Outlook != "plenty" {
		t.Fatalf("on an ordinary day: %+v", p)
	}
	l.StockLeft = l.Place(&ticket, now).Ahead // the people before use it up
	if p := l.Place(&ticket, now); p.WaitHigh != Unknown || p.Outlook != "scarce" || p.NextPoll < 20 {
		t.Errorf("too few doses: %+v", p)
	}
	l.Doses = wait.Doses{PerCalled: 0.5} // half of them never come
	if p := l.Place(&ticket, now); p.WaitHigh <= 0 || p.Outlook != "plenty" {
		t.Errorf("doses enough for those who come: %+v", p)
	}
	l.ClosesAt = now.Add(time.Second)
	if p := l.Place(&ticket, now); p.WaitHigh != Unknown {
		t.Errorf("a turn after the close: %+v", p)
	}
}

func TestReasonForLongerWaitsIsTold(t *testing.T) {
	l := testLine()
	now := opensAt.Add(time.Minute)
	l.Cursor = Cursor{}
	l.Timetable.Event = wait.Event{Number: 1, Code: wait.Slowed, At: now}
	ticket := Ticket{Cohort: 9, Subject: subject.ID{3}}
	if p := l.Place(&ticket, now); p.Reason == "" {
		t.Error("not told")
	}
	if p := l.Place(&ticket, now.Add(time.Hour)); p.Reason != "" {
		t.Errorf("an hour later still told: %s", p.Reason)
	}
	l.Reason = "an operator's own words"
	if p := l.Place(&ticket, now); p.Reason != l.Reason {
		t.Errorf("the operator's words give way to %q", p.Reason)
	}
}

func TestAppendPlaceIsTheEncodedPlace(t *testing.T) {
	keys := testKeys()
	rapid.Check(t, func(t *rapid.T) {
		l := testLine()
		l.Reason = rapid.String().Draw(t, "reason")
		if !json.Valid(appendJSONString(nil, l.Reason)) {
			t.Skip() // not UTF-8: the control API refuses such a reason
		}
		if rapid.Bool().Draw(t, "unmeasured") {
			l.Timetable = nil
		}
		l.StockLeft = rapid.Int64Range(-1, 3).Draw(t, "stock")
		now := opensAt.Add(time.Duration(rapid.IntRange(-10, 10).Draw(t, "s")) * time.Second)
		ticket := Ticket{Cohort: 9, Epoch: rapid.Uint32Range(0, 4).Draw(t, "epoch"), Subject: anySubject(t)}
		text := keys.Sign(ticket)
		place := l.Place(&ticket, now)
		want := l.Wire(&ticket, &place, now)
		want.Ticket = string(text[:])
		var got api.Place
		if err := json.Unmarshal(l.AppendPlace(nil, text[:], &ticket, &place, now), &got); err != nil {
			t.Fatal(err)
		}
		if !got.OpensAt.Equal(want.OpensAt) || !got.ServerTime.Equal(want.ServerTime) {
			t.Fatalf("times differ: %+v %+v", got, want)
		}
		got.OpensAt, got.ServerTime = want.OpensAt, want.ServerTime
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v\nwant %+v", got, want)
		}
	})
}

func TestTallyCountsPeopleAndNotDevices(t *testing.T) {
	var one, two Sketch
	for i := range 20_000 {
		id := subject.ID{byte(i), byte(i >> 8), byte(i >> 16), 99}
		one.Add(id)
		if i%2 == 0 { // a second device, at another gateway
			one.Add(id)
			two.Add(id)
		}
	}
	a, errA := one.Bytes()
	b, errB := two.Bytes()
	count, hash, err := Tally(map[string][]byte{"one": a, "two": b})
	if err := errors.Join(errA, errB, err); err != nil {
		t.Fatal(err)
	}
	if math.Abs(float64(count)-20_000) > 600 {
		t.Errorf("counted %d of 20,000 people", count)
	}
	if _, swapped, _ := Tally(map[string][]byte{"one": b, "two": a}); swapped == hash {
		t.Error("the tally does not depend on who handed in what")
	}
	var restored Sketch
	if err := restored.Restore(a); err != nil {
		t.Fatal(err)
	}
	again, err := restored.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if n, _, err := Tally(map[string][]byte{"one": again}); err != nil || math.Abs(float64(n)-20_000) > 600 {
		t.Errorf("after a restart: %d people, %v", n, err)
	}
	if err := restored.Restore([]byte("not a sketch")); err == nil {
		t.Error("a broken sketch was taken")
	}
}

func FuzzTicket(f *testing.F) {
	keys := testKeys()
	text := keys.Sign(Ticket{Opening: 1, Epoch: 2})
	f.Add(text[:])
	f.Add([]byte("x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ticket, err := keys.Check(b)
		if err != nil {
			return
		}
		if ticket.KeyID == 2 {
			if again := keys.Sign(ticket); string(again[:]) != string(b) {
				t.Fatalf("%q was accepted but is not what we sign", b)
			}
		}
	})
}

// Place answers are asked for tens of thousands of times a second: not one may leave garbage behind.
func TestPlaceAnswersAllocateNothing(t *testing.T) {
	l, keys := testLine(), testKeys()
	now := opensAt.Add(time.Minute)
	text := keys.Sign(Ticket{Cohort: 9, Subject: subject.ID{1}})
	buf := make([]byte, 0, 1024)
	allocated := testing.AllocsPerRun(1000, func() {
		ticket, err := keys.Check(text[:])
		if err != nil {
			t.Fatal(err)
		}
		p := l.Place(&ticket, now)
		buf = l.AppendPlace(buf[:0], nil, &ticket, &p, now)
	})
	if allocated != 0 {
		t.Errorf("ticket check and place answer allocate %v times", allocated)
	}
}

func BenchmarkTicketCheck(b *testing.B) {
	keys := testKeys()
	text := keys.Sign(Ticket{Opening: 7, Cohort: 9})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.Check(text[:]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTicketSign(b *testing.B) {
	keys := testKeys()
	b.ReportAllocs()
	for b.Loop() {
		keys.Sign(Ticket{Opening: 7, Cohort: 9, IssuedAt: opensAt})
	}
}

func BenchmarkPlaceAnswer(b *testing.B) {
	l := testLine()
	now := opensAt.Add(time.Minute)
	ticket := Ticket{Cohort: 9, Subject: subject.ID{1}}
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		p := l.Place(&ticket, now)
		buf = l.AppendPlace(buf[:0], nil, &ticket, &p, now)
	}
}

func BenchmarkTicketCheckAndPlace(b *testing.B) {
	l, keys := testLine(), testKeys()
	now := opensAt.Add(time.Minute)
	text := keys.Sign(Ticket{Cohort: 9, Subject: subject.ID{1}})
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		ticket, err := keys.Check(text[:])
		if err != nil {
			b.Fatal(err)
		}
		p := l.Place(&ticket, now)
		buf = l.AppendPlace(buf[:0], nil, &ticket, &p, now)
	}
}

func BenchmarkSketchAdd(b *testing.B) {
	var s Sketch
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		var id subject.ID
		for i := 0; pb.Next(); i++ {
			id[0], id[1], id[2] = byte(i), byte(i>>8), byte(i>>16)
			s.Add(id)
		}
	})
}
