package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/postgres"
	"github.com/daemun/daemun/backend/store/sqlite"
	"github.com/daemun/daemun/backend/web"
)

// standbyLook is how often a backend that stands by looks whether it is its turn.
const standbyLook = 250 * time.Millisecond

// openStore opens the bookings. A backend that stands by waits for them while another one works on them, and says so to the
// gateways that ask.
func (o *backendOptions) openStore(ctx context.Context, b *backendProgram, token []byte) (booking.Store, error) {
	store, err := o.store.open(ctx, o.data, b.clock.Now())
	if !o.standby || !inUse(err) {
		return store, err
	}
	b.log.Info("another backend works on the bookings: standing by")
	s := &http.Server{Handler: web.Standby(token, b.clock.Now), ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, MaxHeaderBytes: maxHeader}
	kept := &keptListener{Listener: b.listener}
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Serve(kept) }()
	defer func() {
		_ = s.Close()
		<-ended
		kept.reopen()
	}()
	for inUse(err) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(standbyLook):
		}
		store, err = o.store.open(ctx, o.data, b.clock.Now())
	}
	if err == nil {
		b.log.Info("the bookings are left to this backend: taking over")
	}
	return store, err
}

func inUse(err error) bool {
	return errors.Is(err, postgres.ErrInUse) || errors.Is(err, sqlite.ErrInUse)
}

// keptListener is a listener that one server may close and another one use afterwards: who connects in between waits.
type keptListener struct{ net.Listener }

type deadliner interface{ SetDeadline(time.Time) error }

// Close ends the Accept that is under way.
func (l *keptListener) Close() error {
	if d, ok := l.Listener.(deadliner); ok {
		return d.SetDeadline(time.Unix(1, 0))
	}
	return nil
}

func (l *keptListener) reopen() {
	if d, ok := l.Listener.(deadliner); ok {
		_ = d.SetDeadline(time.Time{})
	}
}
