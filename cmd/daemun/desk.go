package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/operator"
	"github.com/daemun/daemun/gateway/keyring"
)

// desk is where operators' commands reach a running backend: a socket in its folder, for who may use the folder, and only
// with a supervisor's certificate. One process at a time has the bookings open, so commands go by it.
type desk struct {
	data     folder
	listener net.Listener
	secured  *tls.Config
	handler  http.Handler
	resealer *operator.Resealer
	log      *zap.Logger
}

func openDesk(data folder, ring *keyring.Ring, sealer *keyring.Sealer, service *booking.Service, clock func() time.Time, log *zap.Logger) (*desk, error) {
	authority, err := ring.Authority(time.Now())
	if err != nil {
		return nil, err
	}
	d := &desk{data: data, log: log, resealer: operator.NewResealer(service, log)}
	if d.secured, err = authority.ServerTLS(time.Now()); err != nil {
		return nil, err
	}
	d.handler = operator.New(operator.Options{
		Service: service, Keys: personalKeys{ring, sealer}, Resealer: d.resealer, Role: keyring.RoleSupervisor,
		Revoked: ring.Revocations().Has, Clock: clock, Log: log,
	})
	d.listener, err = listenDesk(data)
	return d, err
}

// listenDesk makes the socket. The store's lock was taken before: what another process left behind is nobody's.
func listenDesk(data folder) (net.Listener, error) {
	if err := os.MkdirAll(data.path("backend"), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of bookings: %w", err)
	}
	path, done, err := deskPath(data)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("make the operators' socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("make the operators' socket in %s: %w", data.path("backend"), err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false) // its path may be a detour that is gone by then; the next start removes it
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("make the operators' socket: %w", err), l.Close())
	}
	return l, nil
}

const (
	deskName    = "operator.sock"
	longestPath = 100 // bytes; the kernel takes 108 for a socket's
)

// deskPath is a path by which the socket can be made and reached; done ends what it rests on. One that the kernel would
// find too long goes by the folder that this process has open.
func deskPath(data folder) (path string, done func(), err error) {
	path = data.path("backend", deskName)
	if len(path) <= longestPath {
		return path, func() {}, nil
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), deskName), func() { dir.Close() }, nil
}

// run serves commands, and encrypts anew what is under an older key, until ctx ends.
func (d *desk) run(ctx context.Context) error {
	return together(ctx,
		func(ctx context.Context) error { d.resealer.Run(ctx); return nil },
		func(ctx context.Context) error {
			return serveInside(ctx, "desk", d.listener, d.handler, d.secured, d.log)
		},
	)
}

func (d *desk) close() {
	if d.listener == nil {
		return
	}
	d.listener.Close()
	if err := os.Remove(d.data.path("backend", deskName)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.log.Warn("the operators' socket stays where it was", zap.Error(err)) // the next start removes it
	}
}

// personalKeys are the folder's keys of personal data, in use by a sealer.
type personalKeys struct {
	ring   *keyring.Ring
	sealer *keyring.Sealer
}

func (k personalKeys) List() ([]operator.Key, error) {
	all, err := k.ring.List()
	if err != nil {
		return nil, err
	}
	var out []operator.Key
	for _, l := range all {
		if l.Family == keyring.Personal {
			out = append(out, operator.Key{Number: l.Number, Current: l.Number == k.sealer.Current(), Made: l.Made})
		}
	}
	return out, nil
}

func (k personalKeys) Rotate() (byte, error) {
	number, err := k.ring.Rotate(keyring.Personal)
	if err != nil {
		return 0, err
	}
	return number, k.sealer.Reload()
}

func (k personalKeys) Retire(number byte) (string, error) {
	moved, err := k.ring.Retire(keyring.Personal, number)
	if err != nil {
		return "", err
	}
	return moved, k.sealer.Reload()
}
