package operator

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
)

// Resealer encrypts personal data anew in the background whenever there is any under an older key: at the start, where the
// process ended in the middle, and when there is a new key.
type Resealer struct {
	service *booking.Service
	log     *zap.Logger
	wake    chan struct{}

	mu  sync.Mutex
	now Progress
}

// Progress is how far it is.
type Progress struct {
	booking.Resealing
	Running bool   `json:"running"`
	Failed  string `json:"failed,omitempty"` // why it stopped; it is tried again
}

// NewResealer returns a Resealer that is to be run.
func NewResealer(s *booking.Service, log *zap.Logger) *Resealer {
	return &Resealer{service: s, log: log, wake: make(chan struct{}, 1)}
}

const (
	breath     = 20 * time.Millisecond // between two portions
	busy       = 20 * time.Millisecond // writes wait longer than this: people come first
	longest    = time.Second
	tryAgainIn = time.Minute
)

// Start has it look whether there is anything to do.
func (r *Resealer) Start() {
	select {
	case r.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// Run works until ctx ends.
func (r *Resealer) Run(ctx context.Context) {
	for {
		var again <-chan time.Time
		if err := r.once(ctx); err != nil && ctx.Err() == nil {
			r.log.Error("personal data could not be encrypted anew", zap.Error(err))
			again = time.After(tryAgainIn)
		}
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-again:
		}
	}
}

func (r *Resealer) once(ctx context.Context) error {
	r.set(Progress{Running: true})
	done, err := r.service.Reseal(ctx, func(now booking.Resealing) error {
		r.set(Progress{Resealing: now, Running: true})
		return r.pause(ctx)
	})
	if errors.Is(err, errAnotherKey) {
		return nil
	}
	p := Progress{Resealing: done}
	if err != nil {
		p.Failed = err.Error()
	}
	r.set(p)
	if err == nil && done.Done > 0 {
		r.log.Info("personal data encrypted anew", zap.Uint8("key", done.Key), zap.Int64("rows", done.Done))
	}
	return err
}

// pause leaves the disk to the people, for longest at most: then what it knows of their waits may be old.
func (r *Resealer) pause(ctx context.Context) error {
	for range longest / breath {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-r.wake: // another key came meanwhile: begin anew
			r.Start()
			return errAnotherKey
		case <-time.After(breath):
		}
		if r.service.Store().Stats(time.Now()).QueueWait < busy {
			return nil
		}
	}
	return nil
}

var errAnotherKey = errors.New("another key came meanwhile")

func (r *Resealer) set(p Progress) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = p
}

// Progress tells how far it is.
func (r *Resealer) Progress() Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}
