package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// heard is what a listener was told, in order.
type heard struct{ lines chan string }

func (h heard) Connected(who api.WhoAmI, _ time.Time) { h.lines <- "connected " + who.Role }

func (h heard) Disconnected(m words.Message, retryAt, now time.Time) {
	if retryAt.Before(now) {
		m.Key += " in the past"
	}
	h.lines <- m.Key
}

func (h heard) Apply(s *api.Snapshot, _ time.Time) { h.lines <- "snapshot " + s.Node }

func (h heard) expect(t *testing.T, want ...string) {
	t.Helper()
	for _, w := range want {
		select {
		case got := <-h.lines:
			if got != w {
				t.Fatalf("heard %q, want %q", got, w)
			}
		case <-time.After(20 * time.Second):
			t.Fatalf("nothing heard, want %q", w)
		}
	}
}

var quick = Patience{Silence: 200 * time.Millisecond, First: time.Millisecond, Longest: 2 * time.Millisecond}

func whoThen(events func(w http.ResponseWriter, n int32)) http.Handler {
	var streams atomic.Int32
	mux := http.NewServeMux()
	mux.HandleFunc("GET /control/v1/whoami", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(api.WhoAmI{Name: "나", Role: "operator"})
	})
	mux.HandleFunc("GET /control/v1/events", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		events(w, streams.Add(1))
	})
	return mux
}

func say(w http.ResponseWriter, node string) {
	_, _ = fmt.Fprintf(w, ": ping\n\nevent: other\ndata: x\n\nevent: snapshot\ndata: {\"node\":%q}\n\n", node)
	w.(http.Flusher).Flush()
}

func TestFollowMendsItself(t *testing.T) {
	a := newAuthority(t)
	hold := make(chan struct{})
	server := a.serve(whoThen(func(w http.ResponseWriter, n int32) {
		switch n {
		case 1: // ends
			say(w, "first")
		case 2: // falls silent
			say(w, "second")
			<-hold
		case 3:
			_, _ = io.WriteString(w, "event: snapshot\ndata: {\n\n")
		default:
			say(w, "last")
			<-hold
		}
	}))
	t.Cleanup(func() { close(hold) }) // before the server's own, which waits for its handlers
	ctx, cancel := context.WithCancel(context.Background())
	h := heard{make(chan string, 100)}
	done := make(chan struct{})
	go func() { defer close(done); a.client(server.URL).Follow(ctx, h, quick) }()
	h.expect(t,
		"connected operator", "snapshot first", "link.broken_off",
		"connected operator", "snapshot second", "link.silent",
		"connected operator", "link.garbled",
		"connected operator", "snapshot last")
	cancel()
	<-done
}

func TestFollowSaysWhenItIsRefused(t *testing.T) {
	a := newAuthority(t)
	server := a.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(api.Problem{Code: "forbidden"})
	}))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	h := heard{make(chan string, 1000)}
	go a.client(server.URL).Follow(ctx, h, quick)
	h.expect(t, "problem", "problem")
}

func TestJitterStaysNear(t *testing.T) {
	for range 1000 {
		if d := jitter(time.Second); d < 750*time.Millisecond || d > 1250*time.Millisecond {
			t.Fatalf("a pause of 1 s became %v", d)
		}
	}
}

func TestEvents(t *testing.T) {
	text := "retry: 5\r\n\r\nevent: snapshot\r\ndata: {\"a\":1,\r\ndata:\"b\":2}\r\n\r\ndata: bare\n\nevent: lost\n\n: comment\n\ndata\n\nevent: cut\ndata: off"
	stream := newEvents(iotest.OneByteReader(strings.NewReader(text)))
	for _, want := range []event{{"snapshot", []byte("{\"a\":1,\n\"b\":2}")}, {"message", []byte("bare")}, {"message", nil}} {
		got, err := stream.next()
		if err != nil || got.name != want.name || !bytes.Equal(got.data, want.data) {
			t.Errorf("event %q %q (%v), want %q %q", got.name, got.data, err, want.name, want.data)
		}
	}
	if _, err := stream.next(); !errors.Is(err, io.EOF) {
		t.Errorf("after the last event: %v", err)
	}
}

func TestEventsAreBounded(t *testing.T) {
	long := newEvents(io.LimitReader(endless("data: 0123\n"), 3*maxEvent))
	if _, err := long.next(); !errors.Is(err, errLongEvent) {
		t.Errorf("an endless event: %v", err)
	}
	line := newEvents(io.LimitReader(endless("x"), 3*maxEvent))
	if _, err := line.next(); err == nil || kindOf(err) != Garbled {
		t.Errorf("an endless line: %v", err)
	}
}

// endless repeats a text.
type endless string

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n+len(e) <= len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

func FuzzEvents(f *testing.F) {
	f.Add([]byte("event: snapshot\ndata: {}\n\n"))
	f.Add([]byte(":\r\ndata\r\n\r\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		stream := newEvents(bytes.NewReader(data))
		total := 0
		for {
			ev, err := stream.next()
			if err != nil {
				return
			}
			if total += len(ev.data); total > len(data) {
				t.Fatalf("%d bytes of events from %d bytes", total, len(data))
			}
		}
	})
}
