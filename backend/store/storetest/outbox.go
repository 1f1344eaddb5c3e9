package storetest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/booking"
)

// RecipientOf is whom the n-th person's operations tell.
func RecipientOf(n int, channels ...booking.Channel) booking.Recipient {
	if len(channels) == 0 {
		channels = []booking.Channel{booking.ByText}
	}
	return booking.Recipient{Lang: booking.Korean, Channels: channels, Sealed: fmt.Append(nil, "sealed address ", n)}
}

// TellingOrderOf is OrderOf with somebody to tell.
func TellingOrderOf(n int, slot, key string, channels ...booking.Channel) booking.Order {
	o := OrderOf(n, slot, key)
	o.Tell = RecipientOf(n, channels...)
	return o
}

var (
	reminded = booking.ReminderAt(SlotDay)
	never    = SlotDay.AddDate(1, 0, 0)
)

func due(t testing.TB, s booking.Store, at time.Time) []booking.Message {
	t.Helper()
	ms, err := s.Due(t.Context(), booking.ByText, at, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return ms
}

func wantDue(t testing.TB, s booking.Store, at time.Time, want string) []booking.Message {
	t.Helper()
	ms := due(t, s, at)
	kinds := make([]string, len(ms))
	for i := range ms {
		kinds[i] = string(ms[i].Kind)
	}
	if got := strings.Join(kinds, " "); got != want {
		t.Fatalf("due are %q, want %q", got, want)
	}
	return ms
}

// send settles messages as sent, with the reminders that follow.
func send(t testing.TB, s booking.Store, ms ...booking.Message) {
	t.Helper()
	for i := range ms {
		settleMessages(t, s, booking.Settlement{
			Number: ms[i].Number, State: booking.MessageSent, Attempts: 1, At: Now, Then: booking.Reminders(&ms[i], s.Catalog(), Now),
		})
	}
}

func settleMessages(t testing.TB, s booking.Store, settled ...booking.Settlement) {
	t.Helper()
	if err := s.Settle(t.Context(), settled); err != nil {
		t.Fatal(err)
	}
}

// tells: what is done is told once, together with it, and not again when it is asked for again or read from the disk.
func tells(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	mustImport(t, s, Slots(2, 5, 5))
	admit(t, s, 2)
	var mine booking.Placed
	for range 3 {
		var err error
		mine, err = s.Book(t.Context(), TellingOrderOf(0, SlotID(0), "key-a", booking.Channels...))
		wantKind(t, "book", err, "")
	}
	_, err := s.Book(t.Context(), OrderOf(1, SlotID(1), "key-b")) // tells nobody
	wantKind(t, "book", err, "")
	var first struct {
		No string
		booking.Message
	}
	for range 2 { // the second time from the disk
		wantDue(t, s, Now.Add(-time.Millisecond), "")
		told := wantDue(t, s, never, "booked")[0]
		body := booking.Body{
			Kind: booking.TellBooked, Lang: booking.Korean, About: mine.No, Subject: Person(0), Opening: Opening,
			Doses: []booking.DoseFact{{No: mine.No, Dose: 1, Slot: SlotID(0)}},
		}
		if !reflect.DeepEqual(told.Body, body) ||
			string(told.Sealed) != "sealed address 0" || !told.NextAt.Equal(Now) || !told.DueAt.Equal(Now) || told.Attempts != 0 || !strings.HasPrefix(told.ID(), mine.No+".") {
			t.Fatalf("%+v", told)
		}
		mails, err := s.Due(t.Context(), booking.ByMail, Now, 1000)
		if err != nil || len(mails) != 1 || mails[0].Channel != booking.ByMail || mails[0].ID() == told.ID() {
			t.Fatalf("e-mails %+v, %v", mails, err)
		}
		if first.No != "" && !reflect.DeepEqual(told, first.Message) {
			t.Fatalf("%+v, was %+v", told, first)
		}
		first.No, first.Message = mine.No, told
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir)
	}
	t.Cleanup(func() { s.Close() })
}

// tellsWhatIsTrue: what was not told yet of a booking is not told any more once it is not true.
func tellsWhatIsTrue(t *testing.T, open Factory) {
	for name, pause := range map[string]bool{"at once": false, "after a restart": true} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			again := func() {
				if !pause {
					return
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				s = open(t, dir)
			}
			mustImport(t, s, Slots(3, 5, 5))
			admit(t, s, 2)
			mine, err := s.Book(t.Context(), TellingOrderOf(0, SlotID(0), "key-a"))
			wantKind(t, "book", err, "")
			_, err = s.Book(t.Context(), TellingOrderOf(1, SlotID(0), "key-b"))
			wantKind(t, "book", err, "")
			send(t, s, wantDue(t, s, never, "booked booked")...)
			wantDue(t, s, reminded.Add(-time.Millisecond), "")
			ms := wantDue(t, s, reminded, "reminder reminder")
			if ms[0].Subject != Person(0) || ms[0].About != mine.No || string(ms[0].Sealed) != "sealed address 0" || ms[0].Doses[0].Slot != SlotID(0) {
				t.Fatalf("%+v", ms)
			}
			again()
			_, err = s.Change(t.Context(), booking.Move{No: mine.No, Slot: SlotID(1), At: Now.Add(time.Minute), Tell: RecipientOf(0)})
			wantKind(t, "change", err, "")
			if ms = wantDue(t, s, never, "changed reminder"); ms[0].Doses[0].Slot != SlotID(1) || ms[1].Subject != Person(1) {
				t.Fatalf("%+v", ms)
			}
			again()
			for range 2 {
				_, err = s.Cancel(t.Context(), booking.Withdrawal{No: mine.No, By: booking.ByPerson, At: Now.Add(2 * time.Minute), Tell: RecipientOf(0)})
				wantKind(t, "cancel", err, "")
			}
			send(t, s, ms[0]) // was on its way
			wantDue(t, s, never, "cancelled reminder")
			s.Close()
		})
	}
}

// settles: what was sent or given up is not due any more, what failed for now is due later.
func settles(t *testing.T, open Factory) {
	s := fresh(t, open, Slots(1, 5, 5))
	admit(t, s, 3)
	for n := range 3 {
		_, err := s.Book(t.Context(), TellingOrderOf(n, SlotID(0), fmt.Sprint("key-", n)))
		wantKind(t, "book", err, "")
	}
	ms := wantDue(t, s, Now, "booked booked booked")
	backlog := func(at time.Time) booking.Backlog {
		t.Helper()
		b, err := s.Backlog(t.Context(), booking.ByText, at)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	if b := backlog(Now.Add(time.Minute)); b != (booking.Backlog{Due: 3, Oldest: Now}) {
		t.Fatalf("backlog %+v", b)
	}
	records := s.Stats(Now).LedgerSeq
	later := Now.Add(time.Hour)
	for range 2 { // settling again changes nothing
		settleMessages(t, s,
			booking.Settlement{Number: ms[0].Number, State: booking.MessageSent, Attempts: 1, At: Now, Then: booking.Reminders(&ms[0], s.Catalog(), Now)},
			booking.Settlement{Number: ms[1].Number, State: booking.MessageFailed, Attempts: 1, At: Now, Reason: "http_400"},
			booking.Settlement{Number: ms[2].Number, State: booking.MessagePending, Attempts: 4, At: later, Reason: "http_503"})
	}
	settleMessages(t, s, booking.Settlement{Number: ms[0].Number, State: booking.MessagePending, At: Now}) // it stays sent
	settleMessages(t, s)
	if s.Stats(Now).LedgerSeq != records {
		t.Fatal("sending is no matter of the ledger")
	}
	wantDue(t, s, later.Add(-time.Millisecond), "")
	if delayed := wantDue(t, s, later, "booked")[0]; delayed.Number != ms[2].Number || delayed.Attempts != 4 || !delayed.NextAt.Equal(later) || !delayed.DueAt.Equal(Now) {
		t.Fatalf("%+v", delayed)
	}
	if b := backlog(later); b != (booking.Backlog{Due: 1, Oldest: Now, Scheduled: 1, Failed: 1}) {
		t.Fatalf("backlog %+v", b)
	}
}

// settledAndDropped: a message that had gone out when it was dropped counts as sent; one that was to be tried again stays
// dropped.
func settledAndDropped(t *testing.T, open Factory) {
	s := fresh(t, open, Slots(1, 5, 5))
	admit(t, s, 2)
	for n := range 2 {
		p, err := s.Book(t.Context(), TellingOrderOf(n, SlotID(0), fmt.Sprint("key-", n)))
		wantKind(t, "book", err, "")
		ms := wantDue(t, s, Now, strings.TrimSpace(strings.Repeat("cancelled ", n)+"booked"))
		_, err = s.Cancel(t.Context(), booking.Withdrawal{No: p.No, By: booking.ByPerson, At: Now, Tell: RecipientOf(n)})
		wantKind(t, "cancel", err, "")
		state := []booking.MessageState{booking.MessageSent, booking.MessagePending}[n]
		settleMessages(t, s, booking.Settlement{Number: ms[n].Number, State: state, Attempts: 1, At: Now})
	}
	wantDue(t, s, never, "cancelled cancelled")
}

// outboxModel says in the plainest way what must be waiting: by booking, what is to be told of it.
type outboxModel map[string][]string

func (m outboxModel) event(no string, kind booking.MessageKind, slot string) {
	m[no] = []string{fmt.Sprint(kind, " ", slot)}
}

func (m outboxModel) settled(w *booking.Message, end booking.MessageState) {
	switch {
	case end == booking.MessagePending:
	case end == booking.MessageSent && (w.Kind == booking.TellBooked || w.Kind == booking.TellChanged):
		m.event(w.About, booking.TellReminder, w.Doses[0].Slot)
	default:
		delete(m, w.About)
	}
}

func (m outboxModel) compare(rt *rapid.T, ms []booking.Message) {
	got := outboxModel{}
	for _, w := range ms {
		got[w.About] = append(got[w.About], whatOf(&w))
	}
	if !maps.EqualFunc(got, m, slices.Equal) {
		rt.Fatalf("waiting are %v, want %v", got, m)
	}
}

func whatOf(m *booking.Message) string { return fmt.Sprint(m.Kind, " ", m.Doses[0].Slot) }

// outboxAgrees plays random histories of bookings and of sending, reopening in between.
func outboxAgrees(t *testing.T, open Factory) {
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		s := open(t, dir)
		defer func() { s.Close() }()
		const people = 3
		mustImport(t, s, Slots(3, people, 100))
		admit(t, s, people)
		var booked [people]*booking.Booking
		m, keys := outboxModel{}, 0
		active := func(rt *rapid.T) (n int, b *booking.Booking) {
			n = rapid.IntRange(0, people-1).Draw(rt, "person")
			if booked[n] == nil {
				rt.Skip("nothing booked")
			}
			return n, booked[n]
		}
		rt.Repeat(map[string]func(*rapid.T){
			"book": func(rt *rapid.T) {
				n, slot := rapid.IntRange(0, people-1).Draw(rt, "person"), SlotID(rapid.IntRange(0, 2).Draw(rt, "slot"))
				keys++
				p, err := s.Book(t.Context(), TellingOrderOf(n, slot, fmt.Sprint("key-", keys)))
				if booked[n] != nil {
					wantIn(rt, err, booking.AlreadyBooked)
					return
				}
				wantIn(rt, err, "")
				booked[n] = &p.Booking
				m.event(p.No, booking.TellBooked, slot)
			},
			"change": func(rt *rapid.T) {
				n, b := active(rt)
				moved, err := s.Change(t.Context(), booking.Move{No: b.No, Slot: SlotID(rapid.IntRange(0, 2).Draw(rt, "slot")), At: Now, Tell: RecipientOf(n)})
				wantIn(rt, err, "")
				if moved.Slot != b.Slot {
					m.event(b.No, booking.TellChanged, moved.Slot)
				}
				booked[n] = &moved
			},
			"cancel": func(rt *rapid.T) {
				n, b := active(rt)
				_, err := s.Cancel(t.Context(), booking.Withdrawal{No: b.No, By: booking.ByPerson, At: Now, Tell: RecipientOf(n)})
				wantIn(rt, err, "")
				m.event(b.No, booking.TellCancelled, b.Slot)
				booked[n] = nil
			},
			"send": func(rt *rapid.T) {
				ms := due(t, s, never)
				if len(ms) == 0 {
					rt.Skip("nothing to send")
				}
				w := rapid.SampledFrom(ms).Draw(rt, "message")
				end := rapid.SampledFrom([]booking.MessageState{booking.MessageSent, booking.MessageFailed, booking.MessagePending}).Draw(rt, "end")
				was := booking.Settlement{Number: w.Number, State: end, Attempts: w.Attempts + 1, At: w.NextAt}
				if end == booking.MessageSent {
					was.Then = booking.Reminders(&w, s.Catalog(), Now)
				}
				settleMessages(t, s, was)
				m.settled(&w, end)
			},
			"reopen": func(rt *rapid.T) {
				if err := s.Close(); err != nil {
					rt.Fatal(err)
				}
				s = open(t, dir)
			},
			"": func(rt *rapid.T) { m.compare(rt, due(t, s, never)) },
		})
	})
}

// TellEveryEnd leaves two messages that wait, a reminder and a cancellation, and four that do not any more: two sent, one
// given up, one dropped.
func TellEveryEnd(t testing.TB, s booking.Store) {
	t.Helper()
	mustImport(t, s, Slots(1, 5, 5))
	admit(t, s, 3)
	var last booking.Placed
	for n := range 3 {
		var err error
		if last, err = s.Book(t.Context(), TellingOrderOf(n, SlotID(0), fmt.Sprint("key-", n))); err != nil {
			t.Fatal(err)
		}
	}
	ms := wantDue(t, s, Now, "booked booked booked")
	send(t, s, ms[0], ms[2])
	settleMessages(t, s, booking.Settlement{Number: ms[1].Number, State: booking.MessageFailed, Attempts: 1, At: Now, Reason: "http_400"})
	if _, err := s.Cancel(t.Context(), booking.Withdrawal{No: last.No, By: booking.ByPerson, At: Now, Tell: RecipientOf(2)}); err != nil {
		t.Fatal(err)
	}
	wantDue(t, s, never, "cancelled reminder")
}
