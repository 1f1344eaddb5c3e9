//go:build window

package windowtest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything may take: the machine may be slow and busy with other things.
const patience = 2 * time.Minute

// process is a program that the test started and ends.
type process struct {
	name   string
	cmd    *exec.Cmd
	output output
	ended  chan struct{}
}

type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// start runs a program until the test ends, however it ends. What it wrote is shown when the test fails.
func start(t *testing.T, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{name: filepath.Base(cmd.Path), cmd: cmd, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = &p.output, &p.output
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // a test that runs out of time cleans nothing up
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", p.name, err)
	}
	go func() {
		_ = cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() { p.end(t) })
	return p
}

// end asks the program to stop, and stops it when it does not.
func (p *process) end(t *testing.T) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(20 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.ended
	}
	if t.Failed() {
		t.Logf("%s said:\n%s", p.name, p.output.String())
	}
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

// eventually waits for something that a program must bring about while all of them run.
func eventually(t *testing.T, what string, done func() bool, needed ...*process) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if done() {
			return
		}
		for _, p := range needed {
			if !p.running() {
				t.Fatalf("%s ended before %s", p.name, what)
			}
		}
	}
	t.Fatalf("not in %s: %s", patience, what)
}

// tool finds a program of the machine.
func tool(t *testing.T, name, debianPackage string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("%s is missing: on Debian, apt-get install %s (or run .ci/setup, which installs all that the tests need)", name, debianPackage)
	}
	return path
}

// built finds a program that make builds.
func built(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "..", "build", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("build/%s is missing: run this test with make test-window, which builds it first", name)
	}
	return path
}
