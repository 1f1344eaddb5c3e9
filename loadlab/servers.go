package loadlab

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
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/loadlab/audit"
	"github.com/daemun/daemun/loadlab/fault"
	"github.com/daemun/daemun/loadlab/scenario"
)

// servers are the processes under test and where they listen.
type servers struct {
	public, control, backendAt string // host:port
	gateway, backend           *fault.Process
	opening                    api.Opening
}

// marker lies in a data folder that the lab made; only such a folder is ever emptied.
const marker = ".daemun-loadlab"

// freshFolder makes an empty data folder.
func freshFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return fmt.Errorf("data folder: %w", err)
	case len(entries) > 0:
		if _, err := os.Stat(filepath.Join(dir, marker)); err != nil {
			return fmt.Errorf("data folder %s holds something that the lab did not make; empty it or name another with --data", dir)
		}
		if err := os.RemoveAll(dir); err != nil {
			return fmt.Errorf("empty the data folder: %w", err)
		}
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, marker), nil, 0o600)
}

// seed lets the program under test write demo people, clinics and an opening that opens soon.
func seed(ctx context.Context, o options, p scenario.Plan, opensIn time.Duration) error {
	args := []string{"seed", "--data", o.data, "--marked",
		"--citizens", strconv.Itoa(p.Eligible + p.NotEligible), "--on-roster", strconv.Itoa(p.Eligible),
		"--clinics", strconv.Itoa(p.Clinics), "--seed", strconv.FormatUint(o.seed, 10),
		"--opens-in", opensIn.String(), "--stock", strconv.Itoa(p.Stock)}
	text, err := exec.CommandContext(ctx, o.binary, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", o.binary, strings.Join(args, " "), err, text)
	}
	return nil
}

// startServers starts backend and gateway and waits until both are ready.
// The gateway is told as an operator would at which pace to begin and where to stop raising it, so that the people who
// must book are spread over the run; in between it finds its own.
func startServers(ctx context.Context, o options, startRate, maxRate int) (*servers, error) {
	ports, err := fault.FreePorts(3)
	if err != nil {
		return nil, err
	}
	s := &servers{public: ports[0], control: ports[1], backendAt: ports[2]}
	s.backend, err = fault.Start(fault.Spec{Name: "backend", Binary: o.binary, Log: filepath.Join(o.out, "backend.log"),
		Ready: "http://" + s.backendAt + "/readyz",
		Args:  []string{"backend", "--listen", s.backendAt, "--data", o.data, "--demo"}})
	if err != nil {
		return nil, err
	}
	if err := s.backend.WaitReady(ctx, time.Minute); err != nil {
		s.stop()
		return nil, err
	}
	s.gateway, err = fault.Start(fault.Spec{Name: "gateway", Binary: o.binary, Log: filepath.Join(o.out, "gateway.log"),
		Ready: "http://" + s.public + "/readyz",
		Args: []string{"gateway", "--listen", s.public, "--control", s.control, "--lanes", "127.0.0.1:0", "--backend", "http://" + s.backendAt,
			"--data", o.data, "--admission-start", strconv.Itoa(startRate), "--admission-max", strconv.Itoa(maxRate)}})
	if err == nil {
		err = s.gateway.WaitReady(ctx, time.Minute)
	}
	if err == nil {
		err = s.findOpening(ctx)
	}
	if err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

// findOpening takes the first opening that is not closed.
func (s *servers) findOpening(ctx context.Context) error {
	var list []api.Opening
	if err := audit.JSON(ctx, http.DefaultClient, s.url()+"/v1/openings", &list); err != nil {
		return err
	}
	for _, o := range list {
		if o.State != api.OpeningClosed {
			s.opening = o
			return nil
		}
	}
	return errors.New("the gateway knows no opening that is still to come")
}

func (s *servers) url() string { return "http://" + s.public }

// usage is what each server has used in all its lives.
func (s *servers) usage() map[string]fault.Usage {
	return map[string]fault.Usage{"gateway": s.gateway.Usage(), "backend": s.backend.Usage()}
}

func (s *servers) stop() {
	for _, p := range []*fault.Process{s.gateway, s.backend} {
		if p != nil {
			p.Stop(10 * time.Second)
		}
	}
}
