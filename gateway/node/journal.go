package node

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/state"
	"github.com/daemun/daemun/gateway/upstream"
)

const (
	journalEvery = 500 * time.Millisecond
	// sealsPerJournal bounds one record-keeping round after the backend was away for long.
	sealsPerJournal = 128
)

// journal brings anchors, new seals and moves of cursors to the ledger, at least once each. What it could not bring waits in
// the shared state, where the next leader finds it.
func (n *Node) journal(ctx context.Context) {
	if !n.leads.Load() || !n.backend.Open() {
		return
	}
	snapshot := n.Snapshot()
	for _, l := range snapshot.Lines {
		if err := n.journalLine(ctx, l, snapshot.plan.chains[l.ID].Anchor()); err != nil {
			n.log.Warn("the ledger has yet to learn of seals and turns", zap.String("opening", l.ID), zap.Error(err))
			return
		}
	}
}

func (n *Node) journalLine(ctx context.Context, l *queue.Line, anchor [32]byte) error {
	var done state.Progress
	var cursor state.Cursor
	next := uint32(0)
	n.shared.Read(func(m *state.Model) {
		done, cursor = m.Recorded[l.ID], m.Cursors[l.ID]
		if seals := m.Seals[l.ID]; seals != nil {
			next = seals.Next(0)
		}
	})
	done.Seals = max(done.Seals, l.FirstEpoch())
	moves := cursor.Unrecorded(done.Moves)
	if done.Anchor && len(moves) == 0 && done.Seals >= next {
		return nil
	}
	j := ledger.Journal{Opening: l.ID}
	if !done.Anchor {
		j.Anchor = announced(l, anchor)
		done.Anchor = true
	}
	for ; done.Seals < next && len(j.Seals) < sealsPerJournal; done.Seals++ {
		seal, at, err := n.shared.SealedAt(ctx, l.ID, done.Seals)
		if err != nil {
			return err
		}
		j.Seals = append(j.Seals, ledger.Seal{Epoch: seal.Epoch, Count: seal.Count, Tally: seal.Tally, Seed: seal.Seed, At: at.UTC()})
	}
	if len(moves) > 0 {
		j.Moves = &ledger.Moves{From: cursor.Moved - uint64(len(moves)) + 1}
		for _, m := range moves {
			j.Moves.Moves = append(j.Moves.Moves, ledger.Move{At: m.At.UTC(), Epoch: m.Epoch, Rank: ledger.Rank(m.Rank)})
		}
		done.Moves = cursor.Moved
	}
	if err := n.bring(ctx, &j); err != nil {
		return err
	}
	return n.shared.Progressed(ctx, l.ID, done)
}

// announced is what is published of a line before its first seal.
func announced(l *queue.Line, anchor [32]byte) *ledger.Anchor {
	return &ledger.Anchor{
		Anchor: anchor, Order: string(l.Order),
		LobbyAt: l.LobbyAt.UTC(), OpensAt: l.OpensAt.UTC(), ClosesAt: l.ClosesAt.UTC(),
	}
}

func (n *Node) bring(ctx context.Context, j *ledger.Journal) error {
	body, err := json.Marshal(j)
	if err != nil {
		return err
	}
	a, err := n.backend.Do(ctx, shed.At(shed.P0), upstream.Request{
		Method: http.MethodPost, Path: "/internal/journal", ContentType: "application/json", Body: body,
	})
	switch {
	case err != nil:
		return err
	case a.Status >= http.StatusBadRequest:
		return fmt.Errorf("the backend answered %d: %w", a.Status, ReadProblem(a))
	}
	return nil
}

// Sketches returns what a seal's count and tally were made from, as a JSON object gateway → base64; state.ErrNotKept where
// the epoch is not sealed or its sketches are gone.
func (n *Node) Sketches(ctx context.Context, l *queue.Line, epoch uint32) ([]byte, error) {
	wire := l.Seals.From(epoch, 1)
	if len(wire) == 0 || wire[0].Epoch != epoch {
		return nil, state.ErrNotKept
	}
	seal, err := queue.SealFromWire(wire[0])
	if err != nil {
		return nil, err
	}
	return n.shared.Kept(ctx, l.ID, &seal)
}
