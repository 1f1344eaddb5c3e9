//go:build browser

package browsertest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/daemun/daemun/gateway/pages/tab"
)

// program is what make builds.
const program = "../../../build/daemun"

// The site, and the browser in which everybody has tabs.
var (
	at      running
	browser context.Context
)

type running struct {
	base, control, data string
	opensAt             time.Time // of the openings that open at once
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "browsertest:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "daemun-browser-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	stop, err := startSite(filepath.Join(dir, "site"))
	if err != nil {
		return 0, err
	}
	defer stop()
	var stopBrowser func()
	if browser, stopBrowser, err = tab.Start(filepath.Join(dir, "profile")); err != nil {
		return 0, fmt.Errorf("start the browser: %w", err)
	}
	defer stopBrowser()
	return m.Run(), nil
}

// startSite runs the real program over synthetic people and a schedule in which openings stand in every phase at once.
func startSite(data string) (stop func(), err error) {
	seed := exec.Command(program, "seed", "--data", data, "--citizens", "3000", "--on-roster", "2000", "--clinics", "200", "--days", "3")
	if out, err := seed.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%s seed: %w: %s; run make build/daemun first", program, err, out)
	}
	opensAt := time.Now().Add(9 * time.Second).Truncate(time.Second)
	providers := "providers:\n  - id: roster\n    kind: roster\n    name: 대상자 명단 확인\n    name_en: List of eligible people\n"
	for name, text := range map[string]string{"schedule.yaml": schedule(opensAt), "identity.yaml": providers} {
		if err := os.WriteFile(filepath.Join(data, name), []byte(text), 0o600); err != nil {
			return nil, err
		}
	}
	at, stop, err = runSite(data)
	at.opensAt = opensAt
	return stop, err
}

// runSite runs the real program over a folder, as make run does, with more flags.
func runSite(data string, more ...string) (r running, stop func(), err error) {
	public, controlRoom, err := freeAddresses()
	if err != nil {
		return running{}, nil, err
	}
	if err := os.MkdirAll(data, 0o700); err != nil {
		return running{}, nil, err
	}
	log, err := os.Create(data + ".log")
	if err != nil {
		return running{}, nil, err
	}
	args := append([]string{"up", "--demo", "--data", data, "--listen", public, "--control", controlRoom, "--lanes", "127.0.0.1:0"}, more...)
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return running{}, nil, fmt.Errorf("start %s: %w; run make build/daemun first", program, err)
	}
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		log.Close()
	}
	for range 600 {
		if resp, err := http.Get("http://" + public + "/readyz"); err == nil {
			resp.Body.Close()
			return running{base: "http://" + public, control: "https://" + controlRoom, data: data}, stop, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	said, _ := os.ReadFile(log.Name())
	return running{}, nil, fmt.Errorf("%s does not answer at %s: %s", program, public, said)
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

// controlRoom speaks to the control room as an operator of a role.
func controlRoom(t *testing.T, role string) *http.Client {
	t.Helper()
	dir := filepath.Join(at.data, "demo", "operators")
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, role+".pem"), filepath.Join(dir, role+".pem"))
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}}}
}
