package model

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

var start = time.Date(2021, 7, 19, 11, 0, 0, 0, time.UTC)

func doses(n int64) *int64 { return &n }

// snapshotAt is a healthy server's snapshot so many seconds after start.
func snapshotAt(seconds int, change ...func(*api.Snapshot)) *api.Snapshot {
	at := start.Add(time.Duration(seconds) * time.Second)
	s := &api.Snapshot{
		At: at, Node: "gw-1", UpSince: start.Add(-time.Hour),
		Backend:  api.BackendStatus{Reachable: true, ReportedAt: at},
		Shared:   api.SharedStatus{Reachable: true, Leader: "gw-1", Gateways: 1},
		Breakers: []api.BreakerStatus{{Name: "backend", State: "closed"}},
		Classes:  []api.ClassStatus{{Class: "P3"}},
		Errors:   map[string]uint64{},
		Openings: []api.OpeningStatus{{
			Opening: api.Opening{
				ID: "o1", Name: "만 53–54세", NameEn: "Ages 53–54", State: api.OpeningOpen, Order: "draw",
				OpensAt: start, ClosesAt: start.Add(22 * time.Hour), StockLeft: doses(90_000),
			},
			StockTotal: 100_000, Joined: 1000, Waiting: 600, TurnCome: 400, Entered: 300, Booked: 200, Speed: 50,
			CohortStatus: []api.CohortStatus{{Cohort: api.Cohort{ID: "c1", Name: "1967년생"}, Joined: 500, Entered: 100}},
		}},
	}
	for _, f := range change {
		f(s)
	}
	return s
}

func first(s *api.Snapshot) *api.OpeningStatus { return &s.Openings[0] }

func local(seconds float64) time.Time {
	return start.Add(time.Duration(seconds * float64(time.Second)))
}

func texts(look *Look) string {
	b := words.Load(words.En)
	var lines []string
	for _, e := range look.Log {
		lines = append(lines, b.Say(e.Message))
	}
	return strings.Join(lines, "\n")
}

func TestRatesComeFromTotals(t *testing.T) {
	c := New()
	c.Apply(snapshotAt(0), local(0))
	c.Apply(snapshotAt(2, func(s *api.Snapshot) {
		first(s).Entered, first(s).Booked = 340, 190
		s.Classes[0].Shed = 30
		s.Errors["busy"] = 8
	}), local(2))
	history := c.Look(local(2)).History
	if len(history) != 2 {
		t.Fatalf("%d samples, want 2", len(history))
	}
	if o := history[0].Openings["o1"]; !math.IsNaN(o.EnteredPerS) {
		t.Errorf("entries a second at the first snapshot = %v, want unknown", o.EnteredPerS)
	}
	now := history[1]
	if o := now.Openings["o1"]; o.EnteredPerS != 20 || o.BookedPerS != 0 {
		t.Errorf("entered %v and booked %v a second, want 20 and, after cancellations, 0", o.EnteredPerS, o.BookedPerS)
	}
	if now.ShedPerS != 15 || now.Sheds["P3"] != 15 || now.Errors["busy"] != 4 {
		t.Errorf("sheds %v, P3 %v, busy %v; want 15, 15, 4", now.ShedPerS, now.Sheds["P3"], now.Errors["busy"])
	}
}

func TestRestartLeavesRatesUnknown(t *testing.T) {
	c := New()
	c.Apply(snapshotAt(0, func(s *api.Snapshot) { s.Classes[0].Shed = 5000 }), local(0))
	c.Apply(snapshotAt(1, func(s *api.Snapshot) { s.UpSince = start; s.Classes[0].Shed = 9 }), local(1))
	look := c.Look(local(1))
	if v := look.Latest().ShedPerS; !math.IsNaN(v) {
		t.Errorf("sheds a second across a restart = %v, want unknown", v)
	}
	if !strings.Contains(texts(look), "was restarted") {
		t.Errorf("the log does not tell of the restart:\n%s", texts(look))
	}
}

func TestRatesAreNeverNegative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := New()
		seconds := 0
		for range rapid.IntRange(2, 30).Draw(t, "snapshots") {
			seconds += rapid.IntRange(1, 9).Draw(t, "step")
			total := rapid.Int64Range(0, 1_000_000).Draw(t, "total")
			up := start.Add(-time.Duration(rapid.IntRange(1, 2).Draw(t, "run")) * time.Hour)
			c.Apply(snapshotAt(seconds, func(s *api.Snapshot) {
				first(s).Entered, s.Classes[0].Shed, s.UpSince = total, uint64(total), up
			}), local(float64(seconds)))
		}
		for _, s := range c.Look(local(float64(seconds))).History {
			if s.ShedPerS < 0 || s.Openings["o1"].EnteredPerS < 0 {
				t.Fatalf("negative rate in %+v", s)
			}
		}
	})
}

func TestHistoryIsBoundedAndInOrder(t *testing.T) {
	c := New()
	for i := range 2*historyLength + 7 {
		c.Apply(snapshotAt(i), local(float64(i)))
	}
	c.Apply(snapshotAt(3), local(900)) // late and old: not taken
	history := c.Look(local(900)).History
	if len(history) != historyLength {
		t.Fatalf("%d samples, want %d", len(history), historyLength)
	}
	for i := 1; i < len(history); i++ {
		if !history[i].At.After(history[i-1].At) {
			t.Fatalf("sample %d at %v is not after %v", i, history[i].At, history[i-1].At)
		}
	}
}

func TestGapAfterSilence(t *testing.T) {
	c := New()
	c.Apply(snapshotAt(0), local(0))
	c.Apply(snapshotAt(1), local(1))
	c.Apply(snapshotAt(30), local(30))
	h := c.Look(local(30)).History
	if !h[0].Gap || h[1].Gap || !h[2].Gap {
		t.Errorf("gaps %v %v %v, want true false true", h[0].Gap, h[1].Gap, h[2].Gap)
	}
}

func TestAgeOfData(t *testing.T) {
	for _, row := range []struct {
		name  string
		skew  time.Duration // the console's clock against the server's
		late  float64       // the last snapshot took this long longer than the others
		after float64       // seconds since it came
		want  Level
	}{
		{"just now", 0, 0, 0.4, Fresh},
		{"three seconds", 0, 0, 3, Late},
		{"ten seconds", 0, 0, 10, Stale},
		{"clock an hour ahead", time.Hour, 0, 1, Fresh},
		{"clock an hour behind", -time.Hour, 0, 1, Fresh},
		{"delivered late", 0, 5, 0, Late},
		{"delivered very late", -time.Hour, 12, 0, Stale},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := New()
			c.Apply(snapshotAt(0), local(0).Add(row.skew))
			c.Apply(snapshotAt(1), local(1+row.late).Add(row.skew))
			look := c.Look(local(1 + row.late + row.after).Add(row.skew))
			if look.Level != row.want {
				t.Errorf("level %d (age %v), want %d", look.Level, look.Age, row.want)
			}
			if want := local(1 + row.late + row.after); !look.Now.Equal(want) {
				t.Errorf("server time %v, want %v", look.Now, want)
			}
		})
	}
}

func TestNoDataHasNoAge(t *testing.T) {
	if look := New().Look(start); look.Level != None || !look.Now.IsZero() || look.Focus != nil {
		t.Errorf("an empty console shows level %d, time %v, focus %v", look.Level, look.Now, look.Focus)
	}
}

func TestAlarms(t *testing.T) {
	for _, row := range []struct {
		key      string
		severity Severity
		change   func(*api.Snapshot)
	}{
		{"breaker:backend", Critical, func(s *api.Snapshot) { s.Breakers[0].State = "open" }},
		{"breaker.half:backend", Warning, func(s *api.Snapshot) { s.Breakers[0].State = "half-open" }},
		{"backend", Critical, func(s *api.Snapshot) { s.Backend.Reachable = false }},
		{"backend.late", Warning, func(s *api.Snapshot) { s.Backend.ReportedAt = s.At.Add(-4 * time.Second) }},
		{"stock:o1", Warning, func(s *api.Snapshot) { first(s).StockLeft = doses(9_999) }},
		{"stock.gone:o1", Critical, func(s *api.Snapshot) { first(s).StockLeft = doses(0) }},
		{"shared", Critical, func(s *api.Snapshot) { s.Shared.Reachable = false }},
		{"leader", Critical, func(s *api.Snapshot) { s.Shared.Leader = "" }},
	} {
		t.Run(row.key, func(t *testing.T) {
			c := New()
			c.Apply(snapshotAt(0), local(0))
			c.Apply(snapshotAt(1, row.change), local(1))
			raised := c.Look(local(1))
			if len(raised.Alarms) != 1 || raised.Alarms[0].Key != row.key || raised.Alarms[0].Severity != row.severity {
				t.Fatalf("alarms %+v, want only %s", raised.Alarms, row.key)
			}
			c.Apply(snapshotAt(2, row.change), local(2))
			if look := c.Look(local(2)); !look.Alarms[0].Since.Equal(local(1)) || len(look.Log) != len(raised.Log) {
				t.Errorf("the alarm was raised again: since %v, %d lines", look.Alarms[0].Since, len(look.Log))
			}
			c.Apply(snapshotAt(3), local(3))
			if look := c.Look(local(3)); len(look.Alarms) != 0 || !strings.Contains(texts(look), "Over:") {
				t.Errorf("the alarm does not end: %+v\n%s", look.Alarms, texts(look))
			}
		})
	}
}

func TestScarceStockOfAClosedOpeningIsNoAlarm(t *testing.T) {
	c := New()
	c.Apply(snapshotAt(0, func(s *api.Snapshot) { first(s).StockLeft, first(s).State = doses(0), api.OpeningClosed }), local(0))
	if alarms := c.Look(local(0)).Alarms; len(alarms) != 0 {
		t.Errorf("alarms %+v", alarms)
	}
}

func TestTheWorstAlarmComesFirst(t *testing.T) {
	c := New()
	c.Apply(snapshotAt(0, func(s *api.Snapshot) { s.Breakers[0].State = "open" }), local(0))
	if a := c.Look(local(5)).Alarms; a[0].Key != "breaker:backend" || a[1].Key != "late" {
		t.Errorf("after 5 s alarms are %+v", a)
	}
	if a := c.Look(local(11)).Alarms; a[0].Key != "stale" || len(a) != 2 {
		t.Errorf("after 11 s alarms are %+v", a)
	}
}

func TestLogTellsWhatAnybodyDid(t *testing.T) {
	c := New()
	c.Apply(snapshotAt(0), local(0))
	c.Apply(snapshotAt(1, func(s *api.Snapshot) {
		o := first(s)
		o.State, o.PausedBy, o.RateCap, o.OpensAt = api.OpeningPaused, "박총괄", 300, start.Add(2*time.Hour)
		o.CohortStatus[0].Paused = true
		s.Notices = []api.Notice{{At: start, Text: "점검", TextEn: "check", By: "김관제"}}
	}), local(1))
	log := texts(c.Look(local(1)))
	for _, want := range []string{
		"Open → Paused (operator 박총괄)", "cap on calls none → 300 people/s", "07-19 20:00 → 07-19 22:00", "1967년생: paused", "Notice (김관제): check",
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q:\n%s", want, log)
		}
	}
}

func TestSameDisconnectionIsLoggedOnce(t *testing.T) {
	c := New()
	for i := range 5 {
		c.Disconnected(words.M("link.refused"), local(float64(i+1)), local(float64(i)))
	}
	if n := len(c.Look(local(5)).Log); n != 1 {
		t.Errorf("%d lines for one reason", n)
	}
	c.Connected(api.WhoAmI{Name: "김관제", Role: "operator"}, local(6))
	c.Disconnected(words.M("link.refused"), local(8), local(7))
	if n := len(c.Look(local(8)).Log); n != 3 {
		t.Errorf("%d lines after a connection in between, want 3", n)
	}
}

func TestFocusFollowsTheLiveliestUntilChosen(t *testing.T) {
	c := New()
	c.Apply(snapshotAt(0, func(s *api.Snapshot) {
		later := s.Openings[0]
		later.ID, later.State = "o2", api.OpeningScheduled
		s.Openings = []api.OpeningStatus{later, s.Openings[0]}
	}), local(0))
	if id := c.Look(local(0)).Focus.ID; id != "o1" {
		t.Errorf("focus on %s, want the open o1", id)
	}
	c.SetFocus("o2")
	if id := c.Look(local(0)).Focus.ID; id != "o2" {
		t.Errorf("focus on %s after choosing o2", id)
	}
}

func TestExportHoldsSnapshotsAndBothLanguages(t *testing.T) {
	c := New()
	c.Connected(api.WhoAmI{Name: "김관제", Role: "operator"}, local(0))
	c.Apply(snapshotAt(0), local(0))
	c.Apply(snapshotAt(1), local(1))
	var out strings.Builder
	if err := c.Export(&out, local(2)); err != nil {
		t.Fatal(err)
	}
	var e Export
	if err := json.Unmarshal([]byte(out.String()), &e); err != nil {
		t.Fatal(err)
	}
	if len(e.Snapshots) != 2 || e.By.Name != "김관제" || len(e.Log) != 1 {
		t.Fatalf("export %+v", e)
	}
	if l := e.Log[0]; l.Text != "연결됨: 김관제 (운영자)" || l.TextEn != "Connected as 김관제 (operator)" || l.Severity != "info" {
		t.Errorf("log line %+v", l)
	}
}
