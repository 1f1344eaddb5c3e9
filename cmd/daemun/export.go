package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/store/postgres"
	"github.com/daemun/daemun/backend/store/sqlite"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/state"
)

// exportFolder makes a bundle of a data folder on which nobody works. The folder stays as it is: the store is only read, the
// shared state is looked at in a copy. Passes that are still good come along only with whole.
func exportFolder(ctx context.Context, data folder, bookings storeName, out bundle, now time.Time, whole bool) error {
	unlock, err := data.lock("gateway")
	if err != nil {
		return running(err)
	}
	defer unlock()
	store, err := bookings.read(ctx, data)
	if errors.Is(err, sqlite.ErrInUse) || errors.Is(err, postgres.ErrInUse) {
		return running(err)
	}
	if err != nil {
		return err
	}
	defer store.Close()
	expired := now.Add(-time.Minute)
	if whole {
		expired = now.Add(endOfPasses)
	}
	if err := out.writeStore(ctx, store, expired); err != nil {
		return err
	}
	for _, family := range []string{"ledger", "pass"} {
		keys, err := keyring.PublicKeys(data.path("keys"), family)
		if err != nil {
			return err
		}
		if err := out.writeKeys(family, keys); err != nil {
			return err
		}
	}
	lacks, err := out.writeShared(ctx, data)
	if err != nil {
		return err
	}
	return out.seal(manifest{Source: "data folder", Lacks: lacks}, now)
}

// running says what to do about servers that are at work.
func running(err error) error {
	return fmt.Errorf("the servers of this folder are running (%w): stop them first, or audit them with --control https://… --cert PEM --ca PEM --public http://…", err)
}

// endOfPasses is longer than any pass is good for.
const endOfPasses = 365 * 24 * time.Hour

func (b bundle) writeStore(ctx context.Context, store evidence, expired time.Time) error {
	err := b.write(ledgerFile, func(w io.Writer) error {
		return raw(w, store.Ledger(ctx), func(line []byte, r ledger.Record) []byte { return r.AppendLine(line) })
	})
	if err != nil {
		return err
	}
	err = b.write(checkpointsFile, func(w io.Writer) error {
		return raw(w, store.Checkpoints(ctx), func(line []byte, c ledger.Checkpoint) []byte { return c.AppendLine(line) })
	})
	if err != nil {
		return err
	}
	return b.write(passesFile, lines(func(yield func(api.SpentPass, error) bool) {
		for p, err := range store.SpentPasses(ctx, expired) {
			if !yield(api.SpentPass{Number: p.Number, Pass: p.Text}, err) {
				return
			}
		}
	}))
}

func raw[T any](w io.Writer, all iter.Seq2[T, error], appendLine func([]byte, T) []byte) error {
	var line []byte
	for v, err := range all {
		if err != nil {
			return err
		}
		line = appendLine(line[:0], v)
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// writeShared writes what the shared state holds of each draw. lacks says what could not be had.
func (b bundle) writeShared(ctx context.Context, data folder) (lacks []string, err error) {
	original := data.path("gateway", "nats")
	if _, err := os.Stat(original); errors.Is(err, fs.ErrNotExist) {
		return []string{"seals and sketches: this folder has no shared state of its own (gateway/nats); export with --public"}, nil
	}
	dir, err := os.MkdirTemp("", "daemun-audit-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.CopyFS(filepath.Join(dir, "nats"), os.DirFS(original)); err != nil {
		return nil, fmt.Errorf("copy the shared state: %w", err)
	}
	shared, err := state.Open(ctx, state.Options{Dir: filepath.Join(dir, "nats"), Node: "audit", Log: zap.NewNop()})
	if err != nil {
		return nil, err
	}
	defer shared.Close()
	seals, moves := sharedDraws(shared)
	var openings []api.Opening
	for id := range seals {
		openings = append(openings, api.Opening{ID: id})
	}
	slices.SortFunc(openings, func(a, b api.Opening) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	if err := b.writeJSON(openingsFile, openings); err != nil {
		return nil, err
	}
	for id, list := range seals {
		if err := b.writeDraw(id, list, func(epoch uint32) ([]byte, error) { return kept(ctx, shared, id, list, epoch) }); err != nil {
			return nil, err
		}
	}
	return nil, b.write(unrecordedFile, lines(func(yield func(ledger.Moves, error) bool) {
		for _, m := range moves {
			if !yield(m, nil) {
				return
			}
		}
	}))
}

// sharedDraws reads seals by opening, and the moves that were on their way to the ledger.
func sharedDraws(shared *state.Store) (seals map[string][]api.Seal, moves []ledger.Moves) {
	seals = map[string][]api.Seal{}
	shared.Read(func(m *state.Model) {
		for id, list := range m.Seals {
			seals[id] = list.From(0, list.Len())
		}
		for id, c := range m.Cursors {
			pending := c.Unrecorded(m.Recorded[id].Moves)
			batch := ledger.Moves{Opening: id, From: c.Moved - uint64(len(pending)) + 1}
			for _, p := range pending {
				batch.Moves = append(batch.Moves, ledger.Move{At: p.At.UTC(), Epoch: p.Epoch, Rank: ledger.Rank(p.Rank)})
			}
			if len(pending) > 0 {
				moves = append(moves, batch)
			}
		}
	})
	return seals, moves
}

// errNoSketches says that an epoch's sketches are not kept.
var errNoSketches = errors.New("no sketches are kept")

func kept(ctx context.Context, shared *state.Store, id string, list []api.Seal, epoch uint32) ([]byte, error) {
	i := slices.IndexFunc(list, func(s api.Seal) bool { return s.Epoch == epoch })
	seal, err := queue.SealFromWire(list[i])
	if err != nil {
		return nil, err
	}
	body, err := shared.Kept(ctx, id, &seal)
	if errors.Is(err, state.ErrNotKept) {
		return nil, errNoSketches
	}
	return body, err
}

// writeDraw writes an opening's seals, and the sketches of each epoch as get gives them.
func (b bundle) writeDraw(id string, seals []api.Seal, get func(epoch uint32) ([]byte, error)) error {
	err := b.write(sealsFile(id), lines(func(yield func(api.Seal, error) bool) {
		for _, s := range seals {
			if !yield(s, nil) {
				return
			}
		}
	}))
	if err != nil {
		return err
	}
	return b.write(sketchesFile(id), lines(func(yield func(sketchLine, error) bool) {
		for _, s := range seals {
			line := sketchLine{Epoch: s.Epoch}
			body, err := get(s.Epoch)
			if errors.Is(err, errNoSketches) {
				continue
			}
			if err == nil {
				err = json.Unmarshal(body, &line.Sketches)
			}
			if !yield(line, err) || err != nil {
				return
			}
		}
	}))
}

func (b bundle) writeJSON(name string, v any) error {
	return b.write(name, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(v)
	})
}
