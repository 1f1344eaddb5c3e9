package state

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/queue"
)

// archiveBucket keeps the sketches that seals were made from, under <id>.<epoch>.<tally>: whoever sealed, the entry that
// belongs to the seal is the one with its tally.
const (
	archiveBucket = "daemun-sketches"
	archiveBytes  = 512 << 20 // a month's opening with its 9,000 epochs and four gateways, all of them busy
)

// ErrNotKept says that the sketches of a seal are not there.
var ErrNotKept = errors.New("state: the sketches of this seal are not kept")

func openArchive(ctx context.Context, js jetstream.JetStream) (jetstream.KeyValue, error) {
	kv, err := js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: archiveBucket, Description: "Daemun: sketches of sealed epochs", History: 1, Storage: jetstream.FileStorage,
		MaxBytes: archiveBytes,
	})
	if err != nil {
		return nil, fmt.Errorf("make the bucket of sealed sketches: %w; it needs %d MiB of room in the data folder", err, archiveBytes>>20)
	}
	return kv, nil
}

func archiveKey(id string, epoch uint32, tally [32]byte) string {
	return id + "." + epochKey(epoch) + "." + hex.EncodeToString(tally[:])
}

// Keep puts the sketches that a seal is about to be made from, by gateway, where anybody can ask for them later.
func (s *Store) Keep(ctx context.Context, id string, epoch uint32, tally [32]byte, handedIn map[string][]byte) error {
	if len(handedIn) == 0 {
		return nil // the tally of nobody needs no proof
	}
	encoded, err := json.Marshal(handedIn)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if _, err := s.sealed.Put(ctx, archiveKey(id, epoch, tally), encoded); err != nil {
		return fmt.Errorf("keep the sketches of epoch %d: %w", epoch, err)
	}
	return nil
}

// Kept returns the sketches that a seal was made from as a JSON object, gateway → base64; ErrNotKept where there are none.
func (s *Store) Kept(ctx context.Context, id string, seal *queue.Seal) ([]byte, error) {
	if _, nobody, err := queue.Tally(nil); err != nil || seal.Tally == nobody {
		return []byte("{}"), err
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	entry, err := s.sealed.Get(ctx, archiveKey(id, seal.Epoch, seal.Tally))
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return nil, ErrNotKept
	}
	if err != nil {
		return nil, fmt.Errorf("read the sketches of epoch %d: %w", seal.Epoch, err)
	}
	return entry.Value(), nil
}

// datedSeal is a seal as it is kept. Readers of the seal alone do not look at the date; seals from before there was one have
// none.
type datedSeal struct {
	api.Seal
	At time.Time `json:"at,omitzero"`
}

// SealedAt returns a seal of an opening and when it was published.
func (s *Store) SealedAt(ctx context.Context, id string, epoch uint32) (queue.Seal, time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	entry, err := s.kv.Get(ctx, "seal."+id+"."+epochKey(epoch))
	if err != nil {
		return queue.Seal{}, time.Time{}, fmt.Errorf("read the seal of epoch %d: %w", epoch, err)
	}
	dated := datedSeal{At: entry.Created()}
	if err := json.Unmarshal(entry.Value(), &dated); err != nil {
		return queue.Seal{}, time.Time{}, fmt.Errorf("read the seal of epoch %d: %w", epoch, err)
	}
	seal, err := queue.SealFromWire(dated.Seal)
	return seal, dated.At, err
}

// mostUnrecorded is how many moves may be under way to the ledger: some seconds of a line that moves ten times a second.
const mostUnrecorded = 256

// follow makes c the cursor after last: one move more where it stands elsewhere, with the moves that are not recorded.
// False means that there is no room for one more.
func (c *Cursor) follow(last *Cursor, recorded uint64) bool {
	c.Moved, c.Moves = last.Moved, last.Unrecorded(recorded)
	if c.place() == last.place() {
		return true
	}
	if len(c.Moves) >= mostUnrecorded {
		return false
	}
	c.Moved++
	c.Moves = append(c.Moves[:len(c.Moves):len(c.Moves)], Move{At: c.At, Epoch: c.Epoch, Rank: c.Rank})
	return true
}

// Unrecorded returns the moves after the one with a number, which is the newest that the ledger has.
func (c *Cursor) Unrecorded(recorded uint64) []Move {
	first := c.Moved - uint64(len(c.Moves)) // number of the move before the first of Moves
	if recorded <= first {
		return c.Moves
	}
	return c.Moves[min(recorded-first, uint64(len(c.Moves))):]
}

// Progressed remembers how much of an opening's draw and turns the ledger has.
func (s *Store) Progressed(ctx context.Context, id string, p Progress) error {
	encoded, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := s.put(ctx, "recorded."+id, encoded); err != nil {
		return err
	}
	s.mu.Lock() // known at once, not only when the watch tells
	s.model.Recorded[id] = p
	s.mu.Unlock()
	return nil
}
