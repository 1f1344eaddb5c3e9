package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/demo"
)

// taken is which tables of slots a store has, so that they are not read again at every start.
type taken struct {
	Store string              `json:"store"` // hash of the first record in its ledger
	Parts map[string][]string `json:"parts"` // by opening
}

func (f folder) takenPath() string { return f.path("backend", "taken.json") }

// taken reads what the store with that ledger has; nothing is known of another one.
func (f folder) taken(store string) (*taken, error) {
	fresh := &taken{Store: store, Parts: map[string][]string{}}
	text, err := os.ReadFile(f.takenPath())
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read which slots were taken in: %w", err)
	}
	var t taken
	if json.Unmarshal(text, &t) != nil || t.Store != store || t.Parts == nil {
		return fresh, nil // they are compared once more
	}
	return &t, nil
}

func (f folder) writeTaken(t *taken) error {
	text, err := json.Marshal(t)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(f.path("backend"), 0o700); err != nil {
		return fmt.Errorf("make the folder of bookings: %w", err)
	}
	return writeWhole(f.takenPath(), text, 0o600)
}

// ledgerName is the hash of the first record: no other ledger has it.
func ledgerName(ctx context.Context, store booking.Store) (string, error) {
	for r, err := range store.Ledger(ctx, 0, 1) {
		if err != nil {
			return "", fmt.Errorf("read the first record: %w", err)
		}
		return hex.EncodeToString(r.Hash[:]), nil
	}
	return "", errors.New("the ledger has no first record")
}

// takeSupplies brings into the store what the openings of a schedule have to give and the store does not have yet: each table
// of slots whole or not at all.
func takeSupplies(ctx context.Context, store booking.Store, f folder, s *cohort.Schedule, now time.Time, log *zap.Logger) error {
	name, err := ledgerName(ctx, store)
	if err != nil {
		return err
	}
	done, err := f.taken(name)
	if err != nil {
		return err
	}
	clinics, err := f.clinics()
	if err != nil {
		return err
	}
	for i := range s.Openings {
		if o := &s.Openings[i]; now.Before(o.ClosesAt) {
			if err := takeSupply(ctx, store, f, o, clinics, done, now, log); err != nil {
				return fmt.Errorf("opening %s: %w", o.ID, err)
			}
		}
	}
	return nil
}

func takeSupply(ctx context.Context, store booking.Store, f folder, o *cohort.Opening, clinics map[string]clinic.Clinic, done *taken, now time.Time, log *zap.Logger) error {
	in := booking.Import{Opening: o.ID, Vaccine: o.Vaccine, Stock: o.Stock, Clinics: byID(clinics), At: now}
	parts, err := f.parts(o.ID)
	if err != nil {
		return err
	}
	parts = slices.DeleteFunc(parts, func(name string) bool { return slices.Contains(done.Parts[o.ID], name) })
	if len(parts) == 0 {
		if err := store.Import(ctx, in); err != nil {
			return fmt.Errorf("take in its stock and clinics: %w", err)
		}
	}
	for _, part := range parts {
		began := time.Now()
		if in.Slots, err = f.readPart(o.ID, part, clinics); err != nil {
			return err
		}
		if err := store.Import(ctx, in); err != nil {
			return fmt.Errorf("take in its slots: %w", err)
		}
		done.Parts[o.ID] = append(done.Parts[o.ID], part)
		if err := f.writeTaken(done); err != nil {
			return err
		}
		log.Info("slots taken in", zap.String("opening", o.ID), zap.String("table", part), zap.Int("slots", len(in.Slots)), zap.Duration("took", time.Since(began)))
	}
	if len(store.Catalog().Opening(o.ID).Clinics) == 0 {
		log.Warn("the opening has nothing to give: run daemun clinic import and daemun slot import", zap.String("opening", o.ID))
	}
	return nil
}

// stageDemo takes the demo's clinics in, and its slots for every opening that is not over and has none.
func (f folder) stageDemo(s *cohort.Schedule, now time.Time) error {
	in := &intake{data: f, encoding: "utf-8", strict: true}
	for i := range s.Openings {
		o := &s.Openings[i]
		parts, err := f.parts(o.ID)
		if err != nil {
			return err
		}
		if !now.Before(o.ClosesAt) || len(parts) > 0 {
			continue
		}
		if err := in.clinics(f.path("demo", demo.ClinicsFile)); err != nil {
			return fmt.Errorf("take in the demo's clinics: %w; run daemun seed", err)
		}
		if err := in.slots(f.path("demo", demo.SlotsFile), o.ID); err != nil {
			return fmt.Errorf("take in the demo's slots: %w; run daemun seed", err)
		}
	}
	return nil
}
