// Package fault runs the servers under test as processes of their own and strikes them: kill -9 at a planned instant, the
// same command again at once. It only ever touches processes that it started itself, by their pid.
package fault

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Spec says how a process is started and how it shows that it is ready.
type Spec struct {
	Name   string
	Binary string
	Args   []string
	Log    string // file that takes its output
	Ready  string // URL that answers 200 when it is ready
}

// Process is a running server.
type Process struct {
	spec Spec

	mu    sync.Mutex
	cmd   *exec.Cmd
	gone  chan struct{} // closed when the process is gone
	used  Usage         // by lives that ended
	lives int
}

// Usage is what a process has used so far.
type Usage struct {
	CPU      time.Duration `json:"cpu_ns"`
	PeakRSS  int64         `json:"peak_rss_bytes"`
	Syscalls int64         `json:"io_syscalls"` // reads and writes, files and sockets; 0 where the system does not tell
}

// Start starts the process without waiting for it to be ready.
func Start(s Spec) (*Process, error) {
	p := &Process{spec: s}
	return p, p.start()
}

func (p *Process) start() error {
	log, err := os.OpenFile(p.spec.Log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("log of %s: %w", p.spec.Name, err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(p.spec.Binary, p.spec.Args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", p.spec.Name, err)
	}
	gone := make(chan struct{})
	p.mu.Lock()
	p.cmd, p.gone = cmd, gone
	p.lives++
	p.mu.Unlock()
	go p.reap(cmd, gone)
	return nil
}

// reap waits for the end of one life and adds up what it used.
func (p *Process) reap(cmd *exec.Cmd, gone chan struct{}) {
	_ = cmd.Wait() // how it ended is in ProcessState
	p.mu.Lock()
	if s := cmd.ProcessState; s != nil {
		p.used.CPU += s.UserTime() + s.SystemTime()
		if u, ok := s.SysUsage().(*syscall.Rusage); ok {
			p.used.PeakRSS = max(p.used.PeakRSS, u.Maxrss*1024)
		}
	}
	p.mu.Unlock()
	close(gone)
}

// Name is the process's name.
func (p *Process) Name() string { return p.spec.Name }

// Alive says whether the process is running.
func (p *Process) Alive() bool {
	p.mu.Lock()
	gone := p.gone
	p.mu.Unlock()
	select {
	case <-gone:
		return false
	default:
		return true
	}
}

// WaitReady asks until the process says that it is ready. A process that ended instead is an error with the end of its log.
func (p *Process) WaitReady(ctx context.Context, limit time.Duration) error {
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	deadline := time.Now().Add(limit)
	for {
		if ready(ctx, client, p.spec.Ready) {
			return nil
		}
		if !p.Alive() {
			return fmt.Errorf("%s ended before it was ready:\n%s", p.spec.Name, p.tail())
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s was not ready after %v:\n%s", p.spec.Name, limit, p.tail())
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func ready(ctx context.Context, client *http.Client, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// tail is the end of the log.
func (p *Process) tail() string {
	b, err := os.ReadFile(p.spec.Log)
	if err != nil {
		return "(no log: " + err.Error() + ")"
	}
	return strings.TrimSpace(string(b[max(0, len(b)-2000):]))
}

// ErrNotKilled is a kill that did not end the process as a kill does.
var ErrNotKilled = errors.New("the process was not ended by the kill")

// Kill ends the process with SIGKILL and waits until it is gone.
func (p *Process) Kill(limit time.Duration) error {
	p.mu.Lock()
	cmd, gone := p.cmd, p.gone
	p.used.Syscalls += syscalls(cmd.Process.Pid)
	p.mu.Unlock()
	if err := cmd.Process.Kill(); err != nil {
		return fmt.Errorf("kill %s: %w", p.spec.Name, err)
	}
	select {
	case <-gone:
	case <-time.After(limit):
		return fmt.Errorf("%s: %w within %v", p.spec.Name, ErrNotKilled, limit)
	}
	if w, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !w.Signaled() || w.Signal() != syscall.SIGKILL {
		return fmt.Errorf("%s: %w", p.spec.Name, ErrNotKilled)
	}
	return nil
}

// Restart starts the same command again.
func (p *Process) Restart() error { return p.start() }

// Stop asks the process to end and kills it if it does not.
func (p *Process) Stop(limit time.Duration) {
	p.mu.Lock()
	cmd, gone := p.cmd, p.gone
	p.mu.Unlock()
	_ = cmd.Process.Signal(syscall.SIGTERM) // an ended process is fine
	select {
	case <-gone:
	case <-time.After(limit):
		_ = cmd.Process.Kill()
		<-gone
	}
}

// Usage adds up all lives, the running one included.
func (p *Process) Usage() Usage {
	p.mu.Lock()
	defer p.mu.Unlock()
	u := p.used
	select {
	case <-p.gone:
	default:
		pid := p.cmd.Process.Pid
		u.CPU += cpuTime(pid)
		u.Syscalls += syscalls(pid)
		u.PeakRSS = max(u.PeakRSS, peakRSS(pid))
	}
	return u
}

// Since is what was used after before was taken; the peak of memory stays the peak.
func (u Usage) Since(before Usage) Usage {
	u.CPU -= before.CPU
	u.Syscalls -= before.Syscalls
	return u
}

// Self is the processor time and memory that this process has used so far. Its system calls are not told: Linux adds those
// of ended children to them.
func Self() Usage {
	pid := os.Getpid()
	return Usage{CPU: cpuTime(pid), PeakRSS: peakRSS(pid)}
}

// cpuTime, syscalls and peakRSS read Linux's /proc; elsewhere they know nothing and say 0.
func cpuTime(pid int) time.Duration {
	b, err := os.ReadFile(procFile(pid, "stat"))
	if err != nil {
		return 0
	}
	_, rest, ok := strings.Cut(string(b), ") ")
	f := strings.Fields(rest)
	if !ok || len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(f[11], 10, 64)
	system, _ := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}

func syscalls(pid int) int64 {
	return procNumber(pid, "io", "syscr:") + procNumber(pid, "io", "syscw:")
}

func peakRSS(pid int) int64 { return procNumber(pid, "status", "VmHWM:") * 1024 }

func procNumber(pid int, file, field string) int64 {
	b, err := os.ReadFile(procFile(pid, file))
	if err != nil {
		return 0
	}
	for _, line := range strings.Split(string(b), "\n") {
		if rest, ok := strings.CutPrefix(line, field); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(rest, "kB")), 10, 64)
			return n
		}
	}
	return 0
}

func procFile(pid int, name string) string { return filepath.Join("/proc", strconv.Itoa(pid), name) }
