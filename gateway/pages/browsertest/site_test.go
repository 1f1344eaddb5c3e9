//go:build browser

package browsertest

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// program is what make builds; TestMain runs it unless DAEMUN_URL names a site that runs already.
const program = "../../../build/daemun"

func TestMain(m *testing.M) {
	if os.Getenv("DAEMUN_URL") != "" {
		os.Exit(m.Run())
	}
	stop, err := startSite()
	if err != nil {
		fmt.Fprintln(os.Stderr, "browsertest:", err)
		os.Exit(1)
	}
	code := m.Run()
	stop()
	os.Exit(code)
}

// startSite runs the real program over a new demo, as make run does.
func startSite() (stop func(), err error) {
	public, data, stop, err := runSite()
	if err == nil {
		os.Setenv("DAEMUN_URL", "http://"+public)
		os.Setenv("DAEMUN_CITIZENS", filepath.Join(data, "demo", "citizens.csv"))
	}
	return stop, err
}

// runSite runs a site of its own, with more flags.
func runSite(more ...string) (public, data string, stop func(), err error) {
	if data, err = os.MkdirTemp("", "daemun-browser-"); err != nil {
		return "", "", nil, err
	}
	public, controlRoom, err := freeAddresses()
	if err != nil {
		return "", "", nil, err
	}
	args := append([]string{"up", "--demo", "--data", data, "--opens-in", "12s", "--listen", public, "--control", controlRoom, "--lanes", "127.0.0.1:0"}, more...)
	cmd := exec.Command(program, args...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return "", "", nil, fmt.Errorf("start %s: %w; run make build/daemun first", program, err)
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		os.RemoveAll(data)
	}
	for range 300 {
		if resp, err := http.Get("http://" + public + "/readyz"); err == nil {
			resp.Body.Close()
			return public, data, stop, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	return "", "", nil, fmt.Errorf("%s does not answer at %s", program, public)
}

func freeAddresses() (a, b string, err error) {
	for _, address := range []*string{&a, &b} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", "", err
		}
		defer l.Close()
		*address = l.Addr().String()
	}
	return a, b, nil
}
