package keyring

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Families of keys that are rotated by adding the next number.
const (
	Tickets  = "ticket"
	Passes   = "pass"
	Ledger   = "ledger"
	Personal = "personal"
)

// Families are all of them, in the order in which they are shown.
var Families = []string{Tickets, Passes, Ledger, Personal}

// Listed is a key file of a family.
type Listed struct {
	Family  string    `json:"family"`
	Number  byte      `json:"number"`
	Current bool      `json:"current"` // it signs or encrypts; the others only verify or decrypt
	Made    time.Time `json:"made"`
}

// Why a key cannot be retired or made.
var (
	ErrNoFamily = errors.New("there is no such family of keys")
	ErrCurrent  = errors.New("the key is the one in use: rotate first")
	ErrNoKey    = errors.New("there is no such key")
)

// List reads which keys the folder holds now.
func (r *Ring) List() ([]Listed, error) {
	var all []Listed
	for _, family := range Families {
		n, err := r.family(family)
		if err != nil {
			return nil, err
		}
		for id := range n.keys {
			info, err := os.Stat(filepath.Join(r.dir, fileName(family, id)))
			if err != nil {
				return nil, fmt.Errorf("list keys: %w", err)
			}
			all = append(all, Listed{family, id, id == n.current, info.ModTime()})
		}
	}
	slices.SortFunc(all, func(a, b Listed) int {
		if a.Family != b.Family {
			return slices.Index(Families, a.Family) - slices.Index(Families, b.Family)
		}
		return int(a.Number) - int(b.Number)
	})
	return all, nil
}

// Rotate makes the next key of a family. Who has the folder open goes on with the old one until it opens it again; a Sealer
// when it is reloaded.
func (r *Ring) Rotate(family string) (byte, error) {
	if !slices.Contains(Families, family) {
		return 0, fmt.Errorf("%w: %q", ErrNoFamily, family)
	}
	n, err := r.family(family)
	if err != nil {
		return 0, err
	}
	if n.current == 255 {
		return 0, fmt.Errorf("keys of the family %s go up to 255: retire old ones and start anew in another folder", family)
	}
	next := n.current + 1
	secret := make([]byte, keyLen)
	rand.Read(secret) // never fails: crypto/rand ends the process instead
	path := filepath.Join(r.dir, fileName(family, next))
	if err := createWhole(path, []byte(hex.EncodeToString(secret)+"\n")); err != nil {
		return 0, fmt.Errorf("make key %s: %w", path, err)
	}
	if family == Passes || family == Ledger {
		public := ed25519.NewKeyFromSeed(secret).Public().(ed25519.PublicKey)
		name := filepath.Base(publicName(path))
		if _, err := r.file(name, []byte(hex.EncodeToString(public)+"\n")); err != nil {
			return 0, err
		}
	}
	return next, nil
}

func publicName(path string) string { return path[:len(path)-len(".key")] + ".pub" }

// retired is the folder, inside the keys', for keys that are used no more. Backups that were made under them can be read as
// long as they are there.
const retired = "retired"

// Retire takes a key out of use: its file moves to keys/retired. What it signed is good no more, what it encrypted can no
// longer be read, wherever the folder is opened from then on.
func (r *Ring) Retire(family string, number byte) (movedTo string, err error) {
	if !slices.Contains(Families, family) {
		return "", fmt.Errorf("%w: %q", ErrNoFamily, family)
	}
	n, err := r.family(family)
	if err != nil {
		return "", err
	}
	if _, ok := n.keys[number]; !ok {
		return "", fmt.Errorf("%w: %s %d", ErrNoKey, family, number)
	}
	if number == n.current {
		return "", fmt.Errorf("%w: %s %d", ErrCurrent, family, number)
	}
	dir := filepath.Join(r.dir, retired)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("retire a key: %w", err)
	}
	name := fileName(family, number)
	to := filepath.Join(dir, name)
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("retire a key: %s is there already; move it away first", to)
	}
	if err := os.Rename(filepath.Join(r.dir, name), to); err != nil {
		return "", fmt.Errorf("retire a key: %w", err)
	}
	return to, r.forgetPasses()
}
