package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/gateway/api"
)

var build struct {
	sync.Once
	path string
	err  error
}

// program builds this command once for all tests that need it as processes of its own.
func program(t *testing.T) string {
	t.Helper()
	build.Do(func() {
		dir, err := os.MkdirTemp("", "daemun-test-")
		if err != nil {
			build.err = err
			return
		}
		build.path = filepath.Join(dir, "daemun")
		out, err := exec.Command("go", "build", "-o", build.path, ".").CombinedOutput()
		if err != nil {
			build.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if build.err != nil {
		t.Fatal(build.err)
	}
	return build.path
}

func TestMain(m *testing.M) {
	code := m.Run()
	if build.path != "" {
		os.RemoveAll(filepath.Dir(build.path))
	}
	os.Exit(code)
}

// process is a daemun that a test started.
type process struct {
	cmd    *exec.Cmd
	output *lockedBuffer
	ended  chan struct{}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func start(t *testing.T, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command(program(t), args...), output: &lockedBuffer{}, ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if args[0] == "gateway" || args[0] == "up" {
		p.cmd.Env = append(os.Environ(), "DAEMUN_LANES=127.0.0.1:0") // tests run beside each other
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL)
	<-p.ended
}

// stop asks the process to end and tells how it did.
func (p *process) stop(t *testing.T) int {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(30 * time.Second):
		t.Fatalf("does not stop:\n%s", p.output)
	}
	return p.cmd.ProcessState.ExitCode()
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// site is a running demo as a citizen sees it.
type site struct {
	t       *testing.T
	data    string
	public  string
	control string
	lanes   string
	backend string
	parts   []*process

	language string // Accept-Language of requests
}

func newSite(t *testing.T) *site { return newSiteOpening(t, "4s") }

func newSiteOpening(t *testing.T, in string) *site {
	s := &site{t: t, data: t.TempDir(), public: freePort(t), control: freePort(t), lanes: freePort(t), backend: freePort(t)}
	out, err := exec.Command(program(t), "seed", "--data", s.data, "--citizens", "400", "--on-roster", "300", "--clinics", "40", "--opens-in", in).CombinedOutput()
	if err != nil {
		t.Fatalf("seed: %v\n%s", err, out)
	}
	return s
}

// up starts backend and gateway and waits until both are there.
func (s *site) up() {
	s.t.Helper()
	s.parts = []*process{
		start(s.t, "backend", "--data", s.data, "--demo", "--listen", s.backend),
		start(s.t, "gateway", "--data", s.data, "--listen", s.public, "--control", s.control, "--lanes", s.lanes, "--backend", "http://"+s.backend),
	}
	s.bothReady()
}

// bothReady waits until both are there.
func (s *site) bothReady() {
	s.t.Helper()
	s.eventually("both are ready", func() bool {
		var ready struct{ Backend string }
		status, body := s.try("GET", "/readyz", "", nil)
		return status == 200 && json.Unmarshal(body, &ready) == nil && ready.Backend == "open"
	})
}

func (s *site) kill() {
	for _, p := range s.parts {
		p.kill()
	}
}

func (s *site) eventually(what string, done func() bool) {
	s.t.Helper()
	for range 600 {
		if done() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	var logs []string
	for _, p := range s.parts {
		logs = append(logs, p.output.String())
	}
	s.t.Fatalf("never: %s\n%s", what, strings.Join(logs, "\n"))
}

func (s *site) try(method, path, authorization string, body any) (int, []byte) {
	var encoded []byte
	if body != nil {
		encoded, _ = json.Marshal(body)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.public+path, bytes.NewReader(encoded))
	if err != nil {
		s.t.Fatal(err)
	}
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	if s.language != "" {
		req.Header.Set("Accept-Language", s.language)
	}
	if method == http.MethodPost {
		req.Header.Set("Idempotency-Key", "key-"+s.t.Name()+authorization[max(0, len(authorization)-20):])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, answer
}

func (s *site) do(want int, method, path, authorization string, body, into any) {
	s.t.Helper()
	status, answer := s.try(method, path, authorization, body)
	if status != want {
		s.t.Fatalf("%s %s: %d, want %d: %s", method, path, status, want, answer)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
}

func (s *site) citizens() (eligible, others []demo.Citizen) {
	s.t.Helper()
	err := folder(s.data).eachCitizen(func(c demo.Citizen) error {
		if c.OnRoster {
			eligible = append(eligible, c)
		} else {
			others = append(others, c)
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return eligible, others
}

func (s *site) join(c demo.Citizen) string {
	s.t.Helper()
	var p api.Place
	s.do(200, "POST", "/v1/queue/join", "", api.JoinRequest{RRN: c.Number.Digits()}, &p)
	return p.Ticket
}

func (s *site) place(ticket string) (p api.Place) {
	s.t.Helper()
	s.do(200, "GET", "/v1/queue/place", "Ticket "+ticket, nil, &p)
	return p
}

// book takes somebody whose turn has come all the way to a booking.
func (s *site) book(c demo.Citizen, ticket string, at int) api.Booking {
	s.t.Helper()
	pass := "Pass " + s.enter(ticket)
	var clinics api.ClinicList
	s.do(200, "GET", "/v1/clinics", pass, nil, &clinics)
	var days, slots api.SlotList
	clinic := clinics.Clinics[at%len(clinics.Clinics)].ID
	s.do(200, "GET", "/v1/clinics/"+clinic+"/slots", pass, nil, &days)
	s.do(200, "GET", "/v1/clinics/"+clinic+"/slots?day="+days.Days[0], pass, nil, &slots)
	var held api.Hold
	s.do(201, "POST", "/v1/holds", pass, api.HoldRequest{Slot: slots.Slots[0].ID}, &held)
	var b api.Booking
	s.do(201, "POST", "/v1/bookings", pass,
		api.BookingRequest{Slot: slots.Slots[0].ID, Name: c.Name, RRN: c.Number.Digits(), Phone: c.Phone}, &b)
	if b.Second == nil || held.Second == nil || b.Second.Slot != held.Second.Slot || !b.Second.At.Equal(b.At.AddDate(0, 0, demo.Interval)) {
		s.t.Errorf("held %+v, booked %s and %+v", held.Second, b.At, b.Second)
	}
	return b
}

// TestKilledAndStartedAgain kills every process in the middle of an opening: tickets hold their places, bookings that
// were acknowledged are there, and the opening goes on.
func TestKilledAndStartedAgain(t *testing.T) {
	s := newSite(t)
	s.up()
	eligible, others := s.citizens()
	early := make([]string, 40)
	for i := range early {
		early[i] = s.join(eligible[i])
	}
	if status, body := s.try("POST", "/v1/queue/join", "", api.JoinRequest{RRN: others[0].Number.Digits()}); status != 403 || !bytes.Contains(body, []byte("not_eligible")) {
		t.Errorf("somebody who is not eligible: %d %s", status, body)
	}
	if status, _ := s.try("POST", "/v1/queue/enter", "Ticket "+early[0], nil); status != 409 {
		t.Errorf("entered before the opening: %d", status)
	}
	first := s.book(eligible[0], early[0], 0)
	late := s.join(eligible[100])
	pass := s.enter(early[1])

	s.kill()
	s.up()

	if again := s.enter(early[1]); again != pass {
		t.Errorf("admitted anew after the crash: pass %s, before it %s", again, pass)
	}
	for i, ticket := range early {
		if p := s.place(ticket); p.State == api.PlaceClosed || p.State == api.PlaceLobby {
			t.Errorf("ticket %d is %s after the crash", i, p.State)
		}
	}
	var found api.Booking
	s.do(200, "POST", "/v1/bookings/lookup", "", api.LookupRequest{No: first.No, Name: eligible[0].Name, RRN: eligible[0].Number.Digits()}, &found)
	if found.Slot != first.Slot || found.State != "booked" {
		t.Errorf("booking after the crash: %+v", found)
	}
	second := s.book(eligible[1], early[1], 1)
	s.book(eligible[100], late, 2)
	var cancelled api.Booking
	s.do(200, "POST", "/v1/bookings/lookup", "", api.LookupRequest{No: second.No, Name: eligible[1].Name, RRN: eligible[1].Number.Digits()}, &found)
	s.do(200, "DELETE", "/v1/bookings/"+second.No, "Proof "+found.Proof, nil, &cancelled)
	if cancelled.State != "cancelled" {
		t.Errorf("cancelled: %+v", cancelled)
	}
	for _, p := range s.parts {
		if code := p.stop(t); code != 0 {
			t.Errorf("exit code %d:\n%s", code, p.output)
		}
	}
}

// enter exchanges a ticket for its pass once the turn has come. The admission is recorded once: asked again, the same
// pass comes back.
func (s *site) enter(ticket string) string {
	s.t.Helper()
	s.eventually("the turn comes", func() bool { return s.place(ticket).State == api.PlaceTurn })
	var entry api.Entry
	s.do(200, "POST", "/v1/queue/enter", "Ticket "+ticket, nil, &entry)
	return entry.Pass
}

func TestStartsThatCannotBe(t *testing.T) {
	s := newSite(t)
	s.up()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("version: one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fresh := t.TempDir()
	rows := []struct {
		name string
		args []string
		says []string
	}{
		{"same folder again", []string{"gateway", "--data", s.data, "--listen", freePort(t), "--control", freePort(t)}, []string{"in use by another daemun gateway", "--data"}},
		{"same folder again, with up", []string{"up", "--demo", "--data", s.data, "--listen", freePort(t), "--control", freePort(t)}, []string{"in use by another daemun", "--data"}},
		{"same bookings again", []string{"backend", "--data", s.data, "--listen", freePort(t)}, []string{"another"}},
		{"busy port", []string{"up", "--demo", "--data", fresh, "--listen", s.public, "--control", freePort(t)}, []string{s.public, "in use", "--listen"}},
		{"folder that cannot be", []string{"up", "--data", filepath.Join(file, "x")}, []string{"data folder", "--data"}},
		{"no schedule", []string{"backend", "--data", fresh + "/new", "--listen", freePort(t)}, []string{"no schedule", "--demo"}},
		{"schedule that is none", []string{"backend", "--data", fresh + "/other", "--schedule", file, "--listen", freePort(t)}, []string{"line 1, column 10"}},
		{"flag that is none", []string{"up", "--opens-inn", "3s"}, []string{"--opens-inn"}},
		{"time that is none", []string{"up", "--opens-in", "soon"}, []string{"--opens-in", "soon"}},
		{"rate that cannot be", []string{"gateway", "--admission-start", "-4"}, []string{"--admission-start", "want"}},
		{"backend that cannot be", []string{"gateway", "--backend", "http://a:1,b:2"}, []string{"--backend", "b:2", "http://HOST:PORT"}},
		{"no such CA", []string{"gateway", "--backend-ca", fresh + "/none.pem"}, []string{"--backend-ca", "none.pem"}},
		{"store that is none", []string{"up", "--store", "paper"}, []string{"--store"}},
		{"address that is none", []string{"gateway", "--data", t.TempDir(), "--listen", "here"}, []string{"--listen", "HOST:PORT"}},
		{"seed of nobody", []string{"seed", "--data", fresh, "--citizens", "0"}, []string{"--citizens"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			out, err := exec.CommandContext(ctx, program(t), row.args...).CombinedOutput()
			if err == nil || ctx.Err() != nil {
				t.Fatalf("it started: %v\n%s", err, out)
			}
			for _, word := range row.says {
				if !strings.Contains(string(out), word) {
					t.Errorf("it does not say %q:\n%s", word, out)
				}
			}
			if strings.Contains(string(out), "goroutine ") {
				t.Errorf("it panics:\n%s", out)
			}
		})
	}
	s.place(s.join(func() demo.Citizen { e, _ := s.citizens(); return e[5] }())) // and the first one is none the worse
}

func TestUpRunsBothApartAndStopsThem(t *testing.T) {
	s := newSite(t)
	p := start(t, "up", "--demo", "--separate", "--data", s.data, "--listen", s.public, "--control", s.control)
	s.parts = []*process{p}
	s.eventually("both are ready", func() bool {
		_, body := s.try("GET", "/readyz", "", nil)
		return bytes.Contains(body, []byte(`"backend":"open"`))
	})
	eligible, _ := s.citizens()
	s.book(eligible[7], s.join(eligible[7]), 0)
	if code := p.stop(t); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.output)
	}
	if status, _ := s.try("GET", "/readyz", "", nil); status != 0 {
		t.Error("the gateway is still there")
	}
	s.up() // and the folder is free again
}
