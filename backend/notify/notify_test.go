package notify_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/korean"
	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/notify"
	"github.com/daemun/daemun/backend/subject"
)

var update = flag.Bool("update", false, "write the golden files anew")

var (
	day1 = time.Date(2021, 7, 26, 9, 30, 0, 0, subject.Seoul)
	day2 = time.Date(2021, 9, 6, 14, 0, 0, 0, subject.Seoul)
	now  = time.Date(2021, 7, 19, 20, 1, 0, 0, subject.Seoul)
)

const opening = "o0719"

func catalog(t testing.TB, c clinic.Clinic) *booking.Catalog {
	t.Helper()
	s := booking.NewState(ledger.Head{})
	in := booking.Import{Opening: opening, Vaccine: c.Vaccine, Stock: 10, Clinics: []clinic.Clinic{c}, At: now}
	for i, at := range []time.Time{day1, day2} {
		in.Slots = append(in.Slots, clinic.Slot{ID: fmt.Sprint("s", i), Clinic: c.ID, At: at, Vaccine: c.Vaccine, Capacity: 5})
	}
	prepared, err := s.PrepareImport(in)
	if err != nil {
		t.Fatal(err)
	}
	s.Install(prepared)
	return s.Catalog()
}

var usual = clinic.Clinic{ID: "c0001", Name: "바른내과의원", Region: "서울", Address: "서울특별시 중구 세종대로 110, 3층", Vaccine: "모더나"}

func message(kind booking.MessageKind, lang string, doses int) *booking.Message {
	m := &booking.Message{Number: 7 * 1024, Channel: booking.ByText, DueAt: now, NextAt: now, Body: booking.Body{
		Kind: kind, Lang: lang, About: "ABCDE-23456", Opening: opening,
		Doses: []booking.DoseFact{{No: "ABCDE-23456", Dose: 1, Slot: "s0"}, {No: "FGHJK-78901", Dose: 2, Slot: "s1"}}[:doses],
	}}
	if kind == booking.TellOffer {
		m.Until = now.Add(15 * time.Minute)
	}
	return m
}

var (
	kinds  = []booking.MessageKind{booking.TellBooked, booking.TellChanged, booking.TellCancelled, booking.TellReminder, booking.TellOffer}
	langs  = []string{booking.Korean, booking.English}
	writer = notify.Writer{Site: "https://ncvr.example.go.kr"}
	person = booking.Address{Name: "홍길동", Phone: "01000001234", Email: "gildong@example.com", Code: "k3mf7q2xv5t4w6y8z9a1b2c3d4"}
)

func TestLetters(t *testing.T) {
	c := catalog(t, usual)
	for _, kind := range kinds {
		for _, lang := range langs {
			for doses := 1; doses <= 2; doses++ {
				if doses == 2 && (kind == booking.TellReminder || kind == booking.TellOffer) {
					continue // tell of one
				}
				name := fmt.Sprint(kind, ".", lang, ".", doses)
				l, err := writer.Write(message(kind, lang, doses), person, c)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				size := notify.Bytes(l.Text)
				golden(t, name, fmt.Sprintf("%s\n-- %d bytes --\n%s\n", l.Subject, size, l.Text))
				if size > notify.LongText || notify.Bytes(l.Subject) > 40 { // what gateways take as the subject of an LMS
					t.Errorf("%s: %d bytes, subject %d", name, size, notify.Bytes(l.Subject))
				}
				if strings.Contains(l.Text, "홍길동") || strings.Contains(l.Text, person.Phone) {
					t.Errorf("%s tells more of the person than it must:\n%s", name, l.Text)
				}
				if kind == booking.TellCancelled && doses == 1 && size > notify.ShortText {
					t.Errorf("%s takes %d bytes: more than one SMS", name, size)
				}
			}
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name+".txt")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s:\n%s\nwant\n%s", path, got, want)
	}
}

// TestAnyNamesFit lets offices and people write what they may: no message gets too long to be sent, none fails.
func TestAnyNamesFit(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("가힣뷁漢字 aZ<&\"é…")), 0, 400, -1)
		c := clinic.Clinic{ID: "c0001", Name: text.Draw(rt, "clinic"), Address: text.Draw(rt, "address"), Vaccine: text.Draw(rt, "vaccine")}
		to := person
		to.Name = rapid.StringOfN(rapid.Rune(), 1, 60, -1).Draw(rt, "name")
		m := message(rapid.SampledFrom(kinds).Draw(rt, "kind"), rapid.SampledFrom(langs).Draw(rt, "lang"), rapid.IntRange(1, 2).Draw(rt, "doses"))
		l, err := writer.Write(m, to, catalog(t, c))
		if err != nil || notify.Bytes(l.Text) > notify.LongText || l.ID != "ABCDE-23456.7168" {
			rt.Fatalf("%d bytes, %v", notify.Bytes(l.Text), err)
		}
	})
}

func TestBytesAreThoseOfTheEncoding(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("가나다뷁힣漢字…ㄱ・①\n")), rapid.RuneFrom([]rune("abcXYZ019 .,()-[]\n")))).Draw(t, "text")
		encoded, err := korean.EUCKR.NewEncoder().String(text)
		if err != nil {
			t.Skip("the encoding does not have it")
		}
		if got := notify.Bytes(text); got != len(encoded) {
			t.Fatalf("%q: %d, encoded %d", text, got, len(encoded))
		}
	})
}

func TestWhatCannotBeWrittenIsRefused(t *testing.T) {
	c := catalog(t, usual)
	for name, spoil := range map[string]func(*booking.Message){
		"language": func(m *booking.Message) { m.Lang = "fr" },
		"kind":     func(m *booking.Message) { m.Kind = "riddle" },
		"opening":  func(m *booking.Message) { m.Opening = "o0000" },
		"slot":     func(m *booking.Message) { m.Doses = []booking.DoseFact{{Slot: "s9"}} },
	} {
		m := message(booking.TellBooked, booking.Korean, 1)
		spoil(m)
		var refused *notify.Refused
		if _, err := writer.Write(m, person, c); !errors.As(err, &refused) {
			t.Errorf("unknown %s: %v", name, err)
		}
	}
}

func TestPausesGrowAndAreCapped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tries, jitter := rapid.IntRange(-5, 1<<30).Draw(t, "tries"), rapid.Float64Range(0, 0.999).Draw(t, "jitter")
		got := notify.Pause(tries, jitter)
		whole := notify.Pause(tries, 0)
		if got > whole || got < whole/2 || whole > notify.LongestRetry || whole < notify.FirstRetry || notify.Pause(tries+1, 0) < whole {
			t.Fatalf("after %d tries %v of %v", tries, got, whole)
		}
	})
	if got := notify.Pause(3, 0); got != 40*time.Second {
		t.Errorf("after three tries: %v", got)
	}
}

// TestSettling plays a message that fails until it is taken, refused or given up: it ends, in time, and reminders follow
// unless the address is no good.
func TestSettling(t *testing.T) {
	c := catalog(t, usual)
	rapid.Check(t, func(rt *rapid.T) {
		m := message(rapid.SampledFrom(kinds).Draw(rt, "kind"), booking.Korean, 1)
		if m.Kind == booking.TellReminder {
			m.DueAt = booking.ReminderAt(day1)
			m.NextAt = m.DueAt
		}
		deadline := notify.Deadline(m, c)
		for at := m.NextAt; ; at = m.NextAt {
			if m.Attempts > 1000 || at.After(deadline) {
				rt.Fatalf("tried %d times, until %v after its deadline", m.Attempts, at.Sub(deadline))
			}
			err := rapid.SampledFrom([]error{
				nil, &notify.Refused{Reason: "http_400"}, &notify.Later{Reason: "http_500"}, &notify.Later{Reason: "http_500"}, &notify.Later{Reason: "timeout"},
				&notify.Later{Reason: "http_429", Busy: true, After: time.Hour}, errors.New("what is this"),
			}).Draw(rt, "answer")
			s := notify.Settle(m, c, err, at, rapid.Float64Range(0, 0.999).Draw(rt, "jitter"))
			if s.Number != m.Number || s.Attempts != m.Attempts+1 {
				rt.Fatalf("%+v", s)
			}
			if s.State == booking.MessagePending {
				if !s.At.After(at) || s.Reason == "" || s.Then != nil {
					rt.Fatalf("%+v", s)
				}
				m.NextAt, m.Attempts = s.At, s.Attempts
				continue
			}
			var refused *notify.Refused
			follows := (m.Kind == booking.TellBooked || m.Kind == booking.TellChanged) && !errors.As(err, &refused) && booking.ReminderAt(day1).After(at)
			if (s.State == booking.MessageSent) != (err == nil) || (len(s.Then) == 1) != follows {
				rt.Fatalf("%v ends in %+v", err, s)
			}
			return
		}
	})
}

func TestDeadlines(t *testing.T) {
	c := catalog(t, usual)
	for _, row := range []struct {
		kind  booking.MessageKind
		doses int
		due   time.Time
		want  time.Time
	}{
		{booking.TellBooked, 1, now, now.Add(notify.GiveUpAfter)},
		{booking.TellBooked, 1, day1.Add(-time.Hour), day1},
		{booking.TellBooked, 2, day1.Add(-time.Hour), day1.Add(-time.Hour).Add(notify.GiveUpAfter)}, // the second dose is still to come
		{booking.TellCancelled, 1, day1.Add(-time.Hour), day1.Add(-time.Hour).Add(notify.GiveUpAfter)},
		{booking.TellReminder, 1, booking.ReminderAt(day1), day1},
		{booking.TellOffer, 1, now, now.Add(15 * time.Minute)},
	} {
		m := message(row.kind, booking.Korean, row.doses)
		m.DueAt = row.due
		if got := notify.Deadline(m, c); !got.Equal(row.want) {
			t.Errorf("%s of %d doses, due %v: %v, want %v", row.kind, row.doses, row.due, got, row.want)
		}
	}
}
