package model

import (
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

func asks(action string, at time.Time) func(*api.Snapshot) {
	return func(s *api.Snapshot) {
		first(s).Pending = &api.PendingAction{Action: action, By: "박총괄", Reason: "백엔드 안정", At: at}
	}
}

func TestWhatWaitsForASecondPerson(t *testing.T) {
	for _, row := range []struct {
		name, action, state string
		after               time.Duration
		want                string
	}{
		{"early opening", "open", api.OpeningLobby, time.Minute, "Open"},
		{"a higher cap", "rate 500", api.OpeningOpen, time.Minute, "Cap rate 500 people/s"},
		{"a cap in the server's short form", "rate 1e+06", api.OpeningOpen, time.Minute, "Cap rate 1,000,000 people/s"},
		{"no cap", "rate 0", api.OpeningPaused, time.Minute, "Cap rate none"},
		{"until the last second", "rate 0", api.OpeningOpen, 10*time.Minute - time.Second, "Cap rate none"},
		{"lapsed", "rate 0", api.OpeningOpen, 10 * time.Minute, ""},
		{"left behind by the opening", "open", api.OpeningOpen, time.Minute, ""},
		{"of a closed opening", "rate 0", api.OpeningClosed, time.Minute, ""},
		{"a rate that is none", "rate fast", api.OpeningOpen, time.Minute, ""},
		{"from a newer server", "explode", api.OpeningOpen, time.Minute, ""},
	} {
		s := snapshotAt(0, asks(row.action, start))
		first(s).State = row.state
		got := ""
		if w := WaitingAt(first(s), start.Add(row.after)); w != nil {
			got = words.Load(words.En).Say(w.Name())
		}
		if got != row.want {
			t.Errorf("%s: %q waits, want %q", row.name, got, row.want)
		}
		if n := len(AllWaiting(s, start.Add(row.after))); (n == 1) != (row.want != "") {
			t.Errorf("%s: %d listed", row.name, n)
		}
	}
}

func TestOnlySomebodyElseConfirms(t *testing.T) {
	w := WaitingAt(first(snapshotAt(0, asks("rate 500", start))), start)
	same := Order{Verb: Rate, Opening: "o1", PerS: 500}
	other, elsewhere, verb := same, same, same
	other.PerS, elsewhere.Opening, verb.Verb = 501, "o2", Open
	for _, row := range []struct {
		who   string
		order Order
		want  bool
	}{
		{"김관제", same, true}, {"박총괄", same, false}, {"김관제", other, false}, {"김관제", elsewhere, false}, {"김관제", verb, false},
	} {
		if got := w.Confirms(row.order, row.who); got != row.want {
			t.Errorf("%+v of %s confirms: %v, want %v", row.order, row.who, got, row.want)
		}
	}
}

func TestAnOrderForTwoIsLoggedOnce(t *testing.T) {
	c := New()
	c.Apply(snapshotAt(0), local(0))
	c.Apply(snapshotAt(1, asks("rate 500", start)), local(1))
	c.Apply(snapshotAt(2, asks("rate 500", start.In(time.FixedZone("KST", 9*3600)))), local(2))
	log := texts(c.Look(local(2)))
	want := "Ages 53–54: Cap rate 500 people/s asked for (operator 박총괄, reason: 백엔드 안정). It happens once another operator orders the same by 20:10:00"
	if strings.Count(log, "asked for") != 1 || !strings.Contains(log, want) {
		t.Errorf("the log says:\n%s\nwant once %q", log, want)
	}
	c.Apply(snapshotAt(3, asks("rate 700", start.Add(3*time.Second))), local(3))
	if log := texts(c.Look(local(3))); strings.Count(log, "asked for") != 2 {
		t.Errorf("a new order is not in the log:\n%s", log)
	}
}
