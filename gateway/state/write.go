package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/queue"
)

// Seal publishes a seal; ErrExists if the epoch has been sealed before.
func (s *Store) Seal(ctx context.Context, id string, seal queue.Seal) error {
	return s.swap(ctx, "seal."+id+"."+epochKey(seal.Epoch), datedSeal{seal.Wire(), s.clock().UTC()}, 0)
}

// MoveCursor publishes a cursor, if nobody else has moved it since it was last heard of; ErrBackwards if it would go
// back, whoever asks. The moves that the ledger does not have yet travel with it, so that the death of a leader loses
// none; ErrUnrecorded if there are too many of them.
func (s *Store) MoveCursor(ctx context.Context, id string, c Cursor) error {
	key := "cursor." + id
	s.mu.RLock()
	last, revision, recorded := s.model.Cursors[id], s.model.revisions[key], s.model.Recorded[id]
	s.mu.RUnlock()
	if c.place().Before(last.place()) {
		return ErrBackwards
	}
	if !c.follow(&last, recorded.Moves) {
		return ErrUnrecorded
	}
	if err := s.swap(ctx, key, c, revision); err != nil {
		return err
	}
	s.mu.Lock() // known at once, not only when the watch tells
	s.model.Cursors[id] = c
	s.mu.Unlock()
	return nil
}

func (c Cursor) place() queue.Cursor { return queue.Cursor{Epoch: c.Epoch, Rank: c.Rank} }

// HandIn publishes this gateway's sketch of an epoch.
func (s *Store) HandIn(ctx context.Context, id string, epoch uint32, sketch []byte) error {
	return s.put(ctx, "sketch."+id+"."+epochKey(epoch)+"."+s.node, sketch)
}

// Forget removes a sketch whose epoch is sealed.
func (s *Store) Forget(ctx context.Context, id string, epoch uint32, node string) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := s.kv.Purge(ctx, "sketch."+id+"."+epochKey(epoch)+"."+node); err != nil {
		return fmt.Errorf("forget a sketch of epoch %d: %w", epoch, err)
	}
	return nil
}

// Notice publishes a line for everybody who waits.
func (s *Store) Notice(ctx context.Context, n api.Notice) error {
	value, err := json.Marshal(n)
	if err != nil {
		return err
	}
	return s.put(ctx, "notice."+strconv.FormatInt(n.At.UnixMilli(), 10), value)
}

// Event keeps a change until the ledger has it.
func (s *Store) Event(ctx context.Context, now time.Time, event []byte) error {
	return s.put(ctx, "event."+strconv.FormatInt(now.UnixNano(), 10), event)
}

// Recorded removes an event that the ledger has.
func (s *Store) Recorded(ctx context.Context, key string) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := s.kv.Purge(ctx, key); err != nil {
		return fmt.Errorf("remove %s: %w", key, err)
	}
	return nil
}

// Present says that this gateway is there.
func (s *Store) Present(ctx context.Context, now time.Time) error {
	value, err := json.Marshal(now)
	if err != nil {
		return err
	}
	return s.put(ctx, "node."+s.node, value)
}

// Lead takes or keeps the lead for a term. It answers false, without an error, while another gateway leads.
func (s *Store) Lead(ctx context.Context, now time.Time, term time.Duration) (bool, error) {
	s.mu.RLock()
	leader, revision := s.model.Leader, s.model.revisions["leader"]
	s.mu.RUnlock()
	if leader.Node != s.node && now.Before(leader.Until) {
		return false, nil
	}
	err := s.swap(ctx, "leader", Leader{Node: s.node, Until: now.Add(term)}, revision)
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrExists) {
		return false, nil
	}
	return err == nil, err
}

// swap writes value if the key is still at the revision; 0 means that it must not exist. On success the model knows
// the new revision at once, so that the next write need not wait for the watch.
func (s *Store) swap(ctx context.Context, key string, value any, revision uint64) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	var now uint64
	if revision == 0 {
		now, err = s.kv.Create(ctx, key, encoded)
	} else {
		now, err = s.kv.Update(ctx, key, encoded, revision)
	}
	switch {
	case err == nil:
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, followed := s.model.revisions[key]; followed || revision == 0 && !strings.HasPrefix(key, "seal.") {
			s.model.revisions[key] = max(s.model.revisions[key], now)
		}
		return nil
	case errors.Is(err, jetstream.ErrKeyExists):
		if revision == 0 {
			return ErrExists
		}
		return ErrConflict
	}
	return fmt.Errorf("write %s: %w", key, err)
}

func (s *Store) put(ctx context.Context, key string, value []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if _, err := s.kv.Put(ctx, key, value); err != nil {
		return fmt.Errorf("write %s: %w", key, err)
	}
	return nil
}

func epochKey(epoch uint32) string { return strconv.FormatUint(uint64(epoch), 10) }
