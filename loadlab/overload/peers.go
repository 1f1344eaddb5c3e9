package overload

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/daemun/daemun/loadlab/fault"
	"github.com/daemun/daemun/loadlab/overload/peer"
)

// These find the program, write its configuration from the file that goes with the lab, and start it.

func startHAProxy(ctx context.Context, l *Lab) (*system, error) {
	return l.startPeer(ctx, "haproxy", "haproxy.cfg", peer.HAProxy, func(file, _ string) []string { return []string{"-db", "-f", file} })
}

func startNginx(ctx context.Context, l *Lab) (*system, error) {
	return l.startPeer(ctx, "nginx", "nginx.conf", peer.Nginx, func(file, dir string) []string { return []string{"-c", file, "-p", dir} })
}

func startCaddy(ctx context.Context, l *Lab) (*system, error) {
	return l.startPeer(ctx, "caddy", "Caddyfile", peer.Caddy, func(file, _ string) []string {
		return []string{"run", "--adapter", "caddyfile", "--config", file}
	})
}

func (l *Lab) startPeer(ctx context.Context, name, file string, render func(peer.Config) (string, error), args func(file, dir string) []string) (*system, error) {
	binary, err := findProgram(name)
	if err != nil {
		return nil, err
	}
	c, err := l.peerConfig()
	if err != nil {
		return nil, err
	}
	text, err := render(c)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(filepath.Join(l.o.Out, name))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, file), []byte(text), 0o644)
	}
	if err != nil {
		return nil, fmt.Errorf("configuration of %s: %w", name, err)
	}
	return l.started(ctx, c, fault.Spec{Name: name, Binary: binary, Args: args(filepath.Join(dir, file), dir)})
}

// findProgram looks on the PATH, and where systems keep what is for administrators.
func findProgram(name string) (string, error) {
	for _, path := range []string{name, "/usr/sbin/" + name, "/usr/local/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found, nil
		}
	}
	return "", fmt.Errorf("%s is not installed; .ci/setup bench installs it", name)
}

// startLimiter starts a proxy of ours with a limiter that is not.
func startLimiter(name string) func(context.Context, *Lab) (*system, error) {
	return func(ctx context.Context, l *Lab) (*system, error) {
		c, err := l.peerConfig()
		if err != nil {
			return nil, err
		}
		return l.started(ctx, c, fault.Spec{Name: name, Binary: l.o.Binary,
			Args: []string{"loadlab", "peer", "--limiter", name, "--limit", strconv.Itoa(c.Limit), "--listen", c.Listen, "--backend", c.Backend}})
	}
}

func (l *Lab) peerConfig() (peer.Config, error) {
	ports, err := fault.FreePorts(1)
	if err != nil {
		return peer.Config{}, err
	}
	return peer.Config{Listen: ports[0], Backend: l.backend, Limit: l.o.Limit}, nil
}

// started starts a peer and waits until it passes on what it is asked.
func (l *Lab) started(ctx context.Context, c peer.Config, s fault.Spec) (*system, error) {
	s.Log, s.Ready = l.o.log(s.Name), "http://"+c.Listen+"/readyz"
	p, err := fault.Start(s)
	if err != nil {
		return nil, err
	}
	if err := p.WaitReady(ctx, 20*time.Second); err != nil {
		p.Stop(time.Second)
		return nil, err
	}
	return &system{address: c.Listen, process: p}, nil
}
