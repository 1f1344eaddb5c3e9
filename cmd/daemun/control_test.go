package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// room is the control room with one of the demo's certificates.
func (s *site) room(role string) *http.Client {
	s.t.Helper()
	ca, err := os.ReadFile(folder(s.data).path("demo", "operators", "ca.pem"))
	if err != nil {
		s.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	settings := &tls.Config{RootCAs: pool}
	if role != "" {
		pem := folder(s.data).path("demo", "operators", role+".pem")
		pair, err := tls.LoadX509KeyPair(pem, pem)
		if err != nil {
			s.t.Fatal(err)
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: settings}, Timeout: 20 * time.Second}
}

func (s *site) command(role, method, path string, body, into any) (int, string) {
	s.t.Helper()
	var encoded []byte
	if body != nil {
		encoded, _ = json.Marshal(body)
	}
	req, err := http.NewRequest(method, "https://"+s.control+path, bytes.NewReader(encoded))
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := s.room(role).Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	if into != nil && resp.StatusCode < 300 {
		if err := json.Unmarshal(answer, into); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
	return resp.StatusCode, string(answer)
}

func TestControlRoom(t *testing.T) {
	s := newSite(t)
	s.up()
	eligible, _ := s.citizens()
	ticket := s.join(eligible[0])
	opening := s.place(ticket).Opening
	base := "/control/v1/openings/" + opening

	t.Run("nobody without a certificate", func(t *testing.T) {
		if resp, err := s.room("").Get("https://" + s.control + "/control/v1/snapshot"); err == nil {
			resp.Body.Close()
			t.Fatalf("answered %d", resp.StatusCode)
		}
	})
	t.Run("a viewer only looks", func(t *testing.T) {
		var me api.WhoAmI
		if code, _ := s.command("viewer", "GET", "/control/v1/whoami", nil, &me); code != 200 || me.Role != "viewer" {
			t.Errorf("whoami: %d %+v", code, me)
		}
		if code, body := s.command("viewer", "POST", base+"/pause", api.Command{Reason: "x"}, nil); code != 403 || !strings.Contains(body, "role_too_low") {
			t.Errorf("a viewer paused: %d %s", code, body)
		}
	})
	t.Run("refusals", func(t *testing.T) {
		past := time.Now().Add(-time.Minute)
		for _, row := range []struct {
			role, method, path string
			body               any
			code               int
		}{
			{"operator", "POST", base + "/pause", api.Command{}, 400},
			{"operator", "POST", base + "/pause", api.Command{Reason: strings.Repeat("가", 301)}, 400},
			{"operator", "POST", base + "/pause", "not an object", 400},
			{"operator", "POST", base + "/resume", api.Command{Reason: "x"}, 409},
			{"operator", "POST", base + "/explode", api.Command{Reason: "x"}, 404},
			{"operator", "POST", "/control/v1/openings/none/pause", api.Command{Reason: "x"}, 404},
			{"operator", "POST", base + "/cohorts/none/pause", api.Command{Reason: "x"}, 404},
			{"operator", "POST", base + "/close", api.Command{Reason: "x"}, 403},
			{"operator", "POST", base + "/postpone", api.Command{Reason: "x"}, 400},
			{"operator", "POST", base + "/postpone", api.Command{Reason: "x", OpensAt: &past}, 400},
			{"operator", "PUT", base + "/rate", api.RateCommand{Reason: "x", PerS: -1}, 400},
			{"operator", "POST", "/control/v1/notices", api.NoticeCommand{}, 400},
			{"operator", "GET", "/control/v1/nothing", nil, 404},
			{"operator", "GET", "/control/v1/profile?seconds=1", nil, 403},
			{"supervisor", "GET", "/control/v1/profile", nil, 400},
			{"supervisor", "GET", "/control/v1/profile?seconds=31", nil, 400},
		} {
			if code, body := s.command(row.role, row.method, row.path, row.body, nil); code != row.code {
				t.Errorf("%s %s: %d %s", row.method, row.path, code, body)
			}
		}
	})
	t.Run("a supervisor takes a profile", func(t *testing.T) {
		code, body := s.command("supervisor", "GET", "/control/v1/profile?seconds=1", nil, nil)
		if packed := "\x1f\x8b"; code != 200 || !strings.HasPrefix(body, packed) {
			t.Errorf("%d, %d bytes", code, len(body))
		}
	})
	t.Run("pause and resume are seen at once", func(t *testing.T) {
		for _, step := range []struct{ path, action, want string }{
			{base, "pause", api.PlacePaused}, {base, "resume", ""},
			{base + "/cohorts/born-1967-1968", "pause", api.PlacePaused}, {base + "/cohorts/born-1967-1968", "resume", ""},
		} {
			s.eventually("the opening begins", func() bool { st := s.place(ticket).State; return st != api.PlaceLobby })
			if code, body := s.command("operator", "POST", step.path+"/"+step.action, api.Command{Reason: "점검합니다"}, nil); code != 200 {
				t.Fatalf("%s: %d %s", step.action, code, body)
			}
			p := s.place(ticket) // the very next answer
			if step.want != "" && (p.State != step.want || p.Reason != "점검합니다") || step.want == "" && p.State == api.PlacePaused {
				t.Errorf("after %s of %s: %+v", step.action, step.path, p)
			}
			if status, _ := s.try("POST", "/v1/queue/enter", "Ticket "+ticket, nil); step.want != "" && status != 409 {
				t.Errorf("entered while paused: %d", status)
			}
		}
	})
	t.Run("postponing keeps places", func(t *testing.T) {
		pass := s.enter(ticket)
		soon := time.Now().Add(3 * time.Second).Truncate(time.Second)
		if code, body := s.command("operator", "POST", base+"/postpone", api.Command{Reason: "22시로 미룹니다", OpensAt: &soon}, nil); code != 200 {
			t.Fatalf("postpone: %d %s", code, body)
		}
		if p := s.place(ticket); p.State != api.PlaceLobby || p.Reason == "" || !p.OpensAt.Equal(soon) {
			t.Errorf("after the postponement: %+v", p)
		}
		if again := s.enter(ticket); again != pass {
			t.Error("the place was not kept")
		}
	})
	t.Run("lifting a cap takes two", func(t *testing.T) {
		var o api.OpeningStatus
		if code, body := s.command("operator", "PUT", base+"/rate", api.RateCommand{Reason: "천천히", PerS: 5}, &o); code != 200 || o.RateCap != 5 {
			t.Fatalf("cap: %d %s", code, body)
		}
		lift := api.RateCommand{Reason: "다시 빠르게", PerS: 50}
		for _, step := range []struct {
			role string
			code int
			cap  float64
		}{{"operator", 202, 5}, {"operator", 202, 5}, {"supervisor", 200, 50}} {
			if code, body := s.command(step.role, "PUT", base+"/rate", lift, &o); code != step.code || o.RateCap != step.cap {
				t.Errorf("%s: %d, cap %v: %s", step.role, code, o.RateCap, body)
			}
		}
	})
	t.Run("a notice reaches the pages", func(t *testing.T) {
		if code, body := s.command("operator", "POST", "/control/v1/notices", api.NoticeCommand{Text: "모두 안녕하십니까"}, nil); code != 200 {
			t.Fatalf("%d %s", code, body)
		}
		s.eventually("the notice is on the landing page", func() bool {
			_, page := s.try("GET", "/", "", nil)
			return bytes.Contains(page, []byte("모두 안녕하십니까"))
		})
	})
	t.Run("events stream", func(t *testing.T) {
		resp, err := s.room("viewer").Get("https://" + s.control + "/control/v1/events")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		start := make([]byte, 64)
		if _, err := io.ReadFull(resp.Body, start); err != nil || !bytes.HasPrefix(start, []byte("event: snapshot\ndata: {")) {
			t.Errorf("%q, %v", start, err)
		}
	})
	t.Run("metrics name nobody", func(t *testing.T) {
		code, body := s.command("viewer", "GET", "/metrics", nil, nil)
		if code != 200 || !strings.Contains(body, "daemun_queue_joined") || strings.Contains(body, eligible[0].Number.Digits()) {
			t.Errorf("%d %.300s", code, body)
		}
	})
	t.Run("every change is in the ledger", func(t *testing.T) {
		var ledger string
		for _, want := range []string{`"action":"pause"`, `"action":"resume"`, `"action":"postpone"`, `"action":"rate"`, `"action":"ask to rate"`, `"cohort":"born-1967-1968"`, `"by":"demo-supervisor"`, `"action":"open","by":"clock"`, `"action":"notice"`, `"reason":"22시로 미룹니다"`} {
			s.eventually("the ledger holds "+want, func() bool {
				_, ledger = s.command("viewer", "GET", "/control/v1/ledger?after=0&limit=100000", nil, nil)
				return strings.Contains(ledger, want)
			})
		}
	})
	t.Run("closing ends it", func(t *testing.T) {
		if code, body := s.command("supervisor", "POST", base+"/close", api.Command{Reason: "오늘은 끝났습니다"}, nil); code != 200 {
			t.Fatalf("%d %s", code, body)
		}
		if p := s.place(ticket); p.State != api.PlaceClosed || p.Reason != "오늘은 끝났습니다" {
			t.Errorf("%+v", p)
		}
		if code, _ := s.command("supervisor", "POST", base+"/resume", api.Command{Reason: "x"}, nil); code != 409 {
			t.Errorf("a closed opening was resumed: %d", code)
		}
	})
}
