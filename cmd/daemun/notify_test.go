package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/notify/sms"
	"github.com/daemun/daemun/gateway/api"
)

// textGateway takes text messages by HTTP and keeps idempotency keys. It fails now and then: before it took a message, after
// it, and with its answer late.
type textGateway struct {
	*httptest.Server
	mu    sync.Mutex
	taken map[string]sms.Message // by idempotency key
	calls int
	again int
	down  bool
}

func newTextGateway(t *testing.T) *textGateway {
	g := &textGateway{taken: map[string]sms.Message{}}
	g.Server = httptest.NewServer(g)
	t.Cleanup(g.Close)
	return g
}

func (g *textGateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m sms.Message
	if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
		w.WriteHeader(400)
		return
	}
	g.mu.Lock()
	g.calls++
	n, down := g.calls, g.down
	known, again := g.taken[m.ID]
	if !down && n%5 != 1 {
		g.taken[r.Header.Get("Idempotency-Key")] = m
	}
	if again {
		g.again++
	}
	g.mu.Unlock()
	switch {
	case down, n%5 == 1:
		w.WriteHeader(500)
	case n%5 == 2:
		panic(http.ErrAbortHandler) // took it, and is gone
	case again && known != m:
		w.WriteHeader(422)
	case again:
		w.WriteHeader(409)
	case n%5 == 3:
		time.Sleep(100 * time.Millisecond)
	}
}

func (g *textGateway) set(down bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down = down
}

// told are the messages that hold a booking's number.
func (g *textGateway) told(no string) (texts []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range g.taken {
		if strings.Contains(m.Text, no) {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// TestMessagesOutliveTheBackend kills the backend again and again while it tells people of their bookings: everybody is told
// once, by a gateway that fails too.
func TestMessagesOutliveTheBackend(t *testing.T) {
	const people = 8
	g := newTextGateway(t)
	t.Setenv("DAEMUN_NOTIFY_SMS", g.URL)
	t.Setenv("DAEMUN_SITE", "http://example.test")
	s := newSite(t)
	s.up()
	eligible, _ := s.citizens()
	var booked []api.Booking
	g.set(true)
	for n := range people {
		booked = append(booked, s.book(eligible[n], s.join(eligible[n]), n))
	}
	s.eventually("the messages are counted", func() bool {
		text := s.channel("text")
		return text.Configured && text.Due == people && text.Sent == 0
	})
	g.set(false)
	for range 2 {
		s.kill()
		s.up()
		before := len(g.told(""))
		s.patiently("more is told", func() bool { return len(g.told("")) > before || len(g.told("")) == people })
	}
	s.patiently("everybody was told", func() bool { return len(g.told("")) == people && s.channel("text").Due == 0 })
	reminders := int64(0)
	for _, b := range booked {
		reminders++
		if b.Second != nil {
			reminders++
		}
		if texts := g.told(b.No); len(texts) != 1 || !strings.Contains(texts[0], "예약이 완료되었습니다") || !strings.Contains(texts[0], b.ClinicName) {
			t.Errorf("of %s was told %q", b.No, texts)
		}
	}
	if text := s.channel("text"); text.Failed != 0 || text.Scheduled != reminders {
		t.Errorf("afterwards %+v", text)
	}
}

// patiently is eventually for what takes the pauses between tries.
func (s *site) patiently(what string, done func() bool) {
	s.t.Helper()
	for range 2400 {
		if done() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.eventually(what, done)
}

func (s *site) channel(name string) api.ChannelStatus {
	s.t.Helper()
	var snapshot api.Snapshot
	s.command("viewer", "GET", "/control/v1/snapshot", nil, &snapshot)
	for _, c := range snapshot.Backend.Notify.Channels {
		if c.Channel == name {
			return c
		}
	}
	return api.ChannelStatus{}
}

// TestDemoInbox books, in English too, and looks at what the people of the demo were told.
func TestDemoInbox(t *testing.T) {
	s := newSite(t)
	s.up()
	eligible, _ := s.citizens()
	korean := s.book(eligible[0], s.join(eligible[0]), 0)
	s.language = "en-US,en;q=0.9"
	english := s.book(eligible[1], s.join(eligible[1]), 1)
	var in api.Inbox
	s.eventually("both are told", func() bool {
		in = api.Inbox{}
		s.command("viewer", "GET", "/control/v1/inbox", nil, &in)
		return len(in.Messages) == 2
	})
	for _, m := range in.Messages {
		want := map[string]string{"ko": korean.No, "en": english.No}[m.Lang]
		if m.Kind != "booked" || !strings.Contains(m.Text, want) || m.Bytes == 0 {
			t.Errorf("%+v", m)
		}
	}
	code, page := s.command("viewer", "GET", "/control/inbox?lang=en", nil, nil)
	if code != 200 || !strings.Contains(page, "Demo inbox") || !strings.Contains(page, korean.No) || !strings.Contains(page, english.No) {
		t.Errorf("%d %s", code, page)
	}
	if _, page := s.command("viewer", "GET", "/control/inbox", nil, nil); !strings.Contains(page, "시연용 수신함") {
		t.Errorf("%s", page)
	}
	s.eventually("the metrics say so", func() bool {
		_, metrics := s.command("viewer", "GET", "/metrics", nil, nil)
		return strings.Contains(metrics, `daemun_messages_sent_total{channel="text"} 2`)
	})
	for _, p := range s.parts {
		if out := p.output.String(); strings.Contains(out, korean.No) || strings.Contains(out, eligible[0].Phone) {
			t.Errorf("the log tells of people:\n%s", out)
		}
	}
}

// TestNobodyCarries: outside a demo and without a gateway messages are kept, and the control room is told.
func TestNobodyCarries(t *testing.T) {
	m, err := (&notifyOptions{parallel: 1, perSecond: 1}).messenger(false, nil, nil, time.Now, newLog("test"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range m.Status().Channels {
		if c.Configured {
			t.Errorf("%+v", c)
		}
	}
	if m.letters() != nil {
		t.Error("there is an inbox outside a demo")
	}
}

func TestNotifyFlagsThatCannotBe(t *testing.T) {
	open := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(open, []byte("secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	for word, args := range map[string][]string{
		"--site":              {"--notify-sms", "https://gateway.test/"},
		"http://HOST":         {"--notify-sms", "gateway", "--site", "https://example.test"},
		"https://ncvr":        {"--site", "example.test"},
		"--notify-sms URL":    {"--notify-sms-from", "1339"},
		"HOST:PORT":           {"--notify-smtp", "mail"},
		"--notify-smtp HOST":  {"--notify-smtp-from", "a@b.kr"},
		"want an address":     {"--notify-smtp", "mail:25"},
		"in clear":            {"--notify-smtp", "mail.test:25", "--notify-smtp-from", "a@b.kr", "--notify-smtp-tls", "none"},
		"chmod 600":           {"--notify-sms", "https://gateway.test/", "--site", "https://example.test", "--notify-sms-token-file", open},
		"no such file":        {"--notify-smtp", "mail.test:25", "--notify-smtp-from", "a@b.kr", "--notify-smtp-password-file", open + "x"},
		"--notify-parallel 0": {"--notify-parallel", "0"},
	} {
		s := newSite(t)
		p := start(t, append([]string{"backend", "--data", s.data, "--demo", "--listen", s.backend}, args...)...)
		<-p.ended
		if out := p.output.String(); p.cmd.ProcessState.ExitCode() != 1 || !strings.Contains(out, word) || strings.Contains(out, "goroutine ") {
			t.Errorf("%v: %d %s", args, p.cmd.ProcessState.ExitCode(), out)
		}
	}
}
