package fault

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The test program is its own victim: with this variable it serves until it is killed, or ends at once.
const role = "LOADLAB_FAULT_TEST"

func TestMain(m *testing.M) {
	switch os.Getenv(role) {
	case "serve":
		_ = http.ListenAndServe(os.Args[1], http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		os.Exit(3)
	case "end":
		println("no disk")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func victim(t *testing.T, what string) *Process {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	t.Setenv(role, what)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Start(Spec{Name: "victim", Binary: self, Args: []string{addr}, Log: filepath.Join(t.TempDir(), "log"), Ready: "http://" + addr + "/readyz"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop(time.Second) })
	return p
}

func TestAStrikeKillsAndBringsBack(t *testing.T) {
	p := victim(t, "serve")
	ctx := context.Background()
	if err := p.WaitReady(ctx, 30*time.Second); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	var told []string
	s := Do(ctx, "kill_victim", 0, p, func() time.Duration { return time.Since(began) }, Hooks{
		Down: func(string) { told = append(told, "down") }, Back: func(string) { told = append(told, "back") }})
	if s.Err != nil || s.Back < s.Gone || s.Gone < s.Killed || s.Process != "victim" {
		t.Errorf("%+v", s)
	}
	if strings.Join(told, " ") != "down back" || !p.Alive() || p.lives != 2 {
		t.Errorf("told %v, alive %v, lives %d", told, p.Alive(), p.lives)
	}
	if u := p.Usage(); u.CPU <= 0 || u.PeakRSS <= 0 {
		t.Errorf("usage over two lives is %+v", u)
	}
}

func TestAProcessThatEndsIsToldWithItsLog(t *testing.T) {
	p := victim(t, "end")
	err := p.WaitReady(context.Background(), 30*time.Second)
	if err == nil || !strings.Contains(err.Error(), "no disk") {
		t.Errorf("error is %v", err)
	}
	if err := p.Kill(time.Second); err == nil {
		t.Error("a process that had ended by itself counts as killed")
	}
}

// fake is a process whose every step can fail.
type fake struct{ kill, restart, ready error }

func (f *fake) Name() string                                   { return "fake" }
func (f *fake) Kill(time.Duration) error                       { return f.kill }
func (f *fake) Restart() error                                 { return f.restart }
func (f *fake) WaitReady(context.Context, time.Duration) error { return f.ready }

func TestAStrikeThatWentWrongSaysSo(t *testing.T) {
	oops := errors.New("oops")
	for _, f := range []*fake{{kill: oops}, {restart: oops}, {ready: oops}} {
		s := Do(context.Background(), "x", 0, f, func() time.Duration { return time.Second }, Hooks{Down: func(string) {}, Back: func(string) { t.Error("told to be back") }})
		if !errors.Is(s.Err, oops) || s.Back != 0 {
			t.Errorf("%+v", s)
		}
	}
}
