package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Rehearsal is what two people have to agree on before somebody may rehearse, under the key rehearsal.<opening>.<name's
// hash>. The person is named by their pseudonym; the pass itself is kept nowhere here.
type Rehearsal struct {
	Name    string    `json:"name"`
	Opening string    `json:"opening"`
	Subject string    `json:"subject"` // hex
	Minutes int       `json:"minutes"`
	Reason  string    `json:"reason"`
	By      string    `json:"by"` // who asked first
	At      time.Time `json:"at"`
	// Issued is set once a second person has confirmed it.
	Issued *Issued `json:"issued,omitempty"`
}

// Issued says who confirmed a rehearsal, and until when its pass is good.
type Issued struct {
	By        string    `json:"by"`
	At        time.Time `json:"at"`
	ExpiresAt time.Time `json:"expires_at"`
}

func rehearsalKey(opening, name string) string {
	sum := sha256.Sum256([]byte(name))
	return "rehearsal." + opening + "." + hex.EncodeToString(sum[:12])
}

// Rehearsal reads a rehearsal by name, from the shared state itself; Name is empty where there is none.
func (s *Store) Rehearsal(ctx context.Context, opening, name string) (r Rehearsal, revision uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	key := rehearsalKey(opening, name)
	entry, err := s.kv.Get(ctx, key)
	switch {
	case errors.Is(err, jetstream.ErrKeyNotFound):
		return r, 0, nil
	case err != nil:
		return r, 0, fmt.Errorf("read %s: %w", key, err)
	}
	return r, entry.Revision(), json.Unmarshal(entry.Value(), &r)
}

// SetRehearsal writes a rehearsal if it is still as it was read; ErrConflict if somebody else was first.
func (s *Store) SetRehearsal(ctx context.Context, r Rehearsal, revision uint64) error {
	err := s.swap(ctx, rehearsalKey(r.Opening, r.Name), r, revision)
	if errors.Is(err, ErrExists) {
		return ErrConflict
	}
	return err
}
