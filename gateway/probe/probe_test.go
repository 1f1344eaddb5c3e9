package probe

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func denying(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) }

func count(results []Result, s State) (n int) {
	for _, r := range results {
		if r.State == s {
			n++
		}
	}
	return n
}

func TestShutOpenAndUntried(t *testing.T) {
	shut := httptest.NewServer(http.HandlerFunc(denying))
	defer shut.Close()
	open := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	defer open.Close()
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }))
	defer busy.Close()
	gone := httptest.NewServer(http.HandlerFunc(denying))
	gone.Close()
	for name, row := range map[string]struct {
		target Target
		want   State
	}{
		"shut": {Target{Public: shut.URL, Backend: []string{shut.URL}, Token: "00"}, Shut}, "open": {Target{Public: open.URL, Backend: []string{open.URL}, Token: "00"}, Open},
		"busy": {Target{Public: busy.URL}, Untried}, "gone": {Target{Public: gone.URL, Backend: []string{gone.URL}}, Untried}, "no address": {Target{Public: "here"}, Untried},
	} {
		t.Run(name, func(t *testing.T) {
			results := Round(t.Context(), row.target)
			for _, r := range results {
				// net/http itself refuses what is no request line, before any handler.
				if r.State != row.want && !(r.State == Shut && strings.Contains(r.En, "400")) {
					t.Errorf("%+v", r)
				}
			}
			if least := len(results) / 2; count(results, row.want) <= least && name != "no address" {
				t.Errorf("%d of %d are as they should", count(results, row.want), len(results))
			}
		})
	}
}

// TestOneOpenDoorIsFound opens one door on purpose.
func TestOneOpenDoorIsFound(t *testing.T) {
	for _, path := range []string{"/metrics", "/debug/pprof/", "/internal/status", "/V1/Bookings"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != path {
				denying(w, r)
			}
		}))
		results := Round(t.Context(), Target{Public: server.URL})
		server.Close()
		if n := count(results, Open); n != 1 {
			t.Errorf("%s: %d open doors were found", path, n)
		}
	}
}

func TestControlRoomThatLetsAnybodyIn(t *testing.T) {
	open := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer open.Close()
	for _, target := range []Target{{Control: open.URL}, {Lanes: open.URL}} {
		results := Round(t.Context(), target)
		if count(results, Open) != 2 || count(results, Shut) != 1 { // with and without a certificate; plain HTTP is refused
			t.Errorf("%+v", results)
		}
	}
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer plain.Close()
	if results := Round(t.Context(), Target{Control: strings.Replace(plain.URL, "http:", "https:", 1)}); count(results, Open) != 1 {
		t.Errorf("%+v", results)
	}
}

func TestSharedStateThatListens(t *testing.T) {
	for greeting, want := range map[string]State{`INFO {"server_name":"daemun-a"}`: Open, `INFO {"server_name":"other"}`: Shut} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				_, _ = io.WriteString(c, greeting+"\r\n")
				_, _ = io.Copy(io.Discard, c)
				c.Close()
			}
		}()
		if r := sharedState(context.Background(), l.Addr().String()); r.State != want {
			t.Errorf("%s: %+v", greeting, r)
		}
		l.Close()
		if r := sharedState(context.Background(), l.Addr().String()); r.State != Shut {
			t.Errorf("nobody listens: %+v", r)
		}
	}
}

// TestTheAlarmIsRaisedOnceAndStays follows a door through being opened, not answering, and being shut again.
func TestTheAlarmIsRaisedOnceAndStays(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	now := time.Date(2026, 7, 19, 18, 0, 0, 0, time.UTC)
	w := NewWatch(Target{}, func() time.Time { return now }, zap.New(core))
	if s := w.Status(); !s.TriedAt.IsZero() || s.Open == nil {
		t.Errorf("before the first round: %+v", s)
	}
	for i, row := range []struct {
		state                State
		open, tried, untried int
		said                 int // lines in the log, in all
	}{
		{Shut, 0, 2, 0, 0}, {Open, 1, 2, 0, 1}, {Open, 1, 2, 0, 1}, {Untried, 1, 1, 1, 2}, {Untried, 1, 1, 1, 2}, {Open, 1, 2, 0, 2}, {Shut, 0, 2, 0, 3}, {Open, 1, 2, 0, 4},
	} {
		now = now.Add(time.Minute)
		w.note([]Result{{Name: "a", State: row.state, Ko: "가", En: "a"}, {Name: "b", State: Shut}})
		s := w.Status()
		if len(s.Open) != row.open || s.Tried != row.tried || s.Untried != row.untried || !s.TriedAt.Equal(now) || logs.Len() != row.said {
			t.Errorf("round %d: %+v, %d lines", i, s, logs.Len())
		}
	}
	if first := logs.All()[0]; first.Level != zapcore.ErrorLevel {
		t.Errorf("the alarm is logged as %v", first.Level)
	}
	if at := w.Status().Open[0].At; !at.Equal(now) {
		t.Errorf("open since %v", at)
	}
}
