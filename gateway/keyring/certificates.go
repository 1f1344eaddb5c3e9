package keyring

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Issued is a line of keys/issued.ndjson: a certificate that the authority gave to somebody.
type Issued struct {
	Serial  string    `json:"serial"` // hexadecimal
	Name    string    `json:"name"`
	Role    string    `json:"role"`
	At      time.Time `json:"at"`
	Expires time.Time `json:"expires"`
}

// Revocation is a line of keys/revoked.ndjson: a certificate that is good no more.
type Revocation struct {
	Serial string    `json:"serial"` // hexadecimal
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

const (
	issuedFile  = "issued.ndjson"
	revokedFile = "revoked.ndjson"
)

// SerialText writes a serial number as it stands in the lists.
func SerialText(n *big.Int) string { return n.Text(16) }

// Issued reads which certificates were given out.
func (r *Ring) Issued() ([]Issued, error) {
	return readLines[Issued](filepath.Join(r.dir, issuedFile))
}

// Revoked reads which certificates were taken back.
func (r *Ring) Revoked() ([]Revocation, error) {
	return readLines[Revocation](filepath.Join(r.dir, revokedFile))
}

// Revoke takes a certificate back. Listeners that heed the list refuse it from the next request on.
func (r *Ring) Revoke(v Revocation) error {
	if _, ok := new(big.Int).SetString(v.Serial, 16); !ok {
		return fmt.Errorf("serial %q: want hexadecimal digits, as the list of certificates shows them", v.Serial)
	}
	return appendLine(filepath.Join(r.dir, revokedFile), v)
}

func readLines[T any](path string) ([]T, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []T
	for i, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var v T
		if err := json.Unmarshal(line, &v); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, i+1, err)
		}
		all = append(all, v)
	}
	return all, nil
}

// appendLine adds a line and waits for the disk.
func appendLine(path string, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Sync(), f.Close())
}

// Revocations is the list as listeners heed it: read again whenever the file changed.
type Revocations struct {
	ring *Ring

	mu      sync.Mutex
	known   fs.FileInfo // nil: there was none
	serials map[string]bool
	failed  bool
}

// Revocations returns the list; it is read when it is first asked.
func (r *Ring) Revocations() *Revocations { return &Revocations{ring: r} }

// Has tells whether a certificate was taken back. A list that cannot be read takes back all of them.
func (l *Revocations) Has(serial *big.Int) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	info, err := os.Stat(filepath.Join(l.ring.dir, revokedFile))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.known, l.serials, l.failed = nil, nil, false
	case err != nil:
		return true
	case l.failed || l.known == nil || !os.SameFile(l.known, info) || l.known.Size() != info.Size() || !l.known.ModTime().Equal(info.ModTime()):
		l.read(info)
	}
	return l.failed || l.serials[SerialText(serial)]
}

func (l *Revocations) read(info fs.FileInfo) {
	all, err := l.ring.Revoked()
	l.known, l.failed = info, err != nil
	l.serials = make(map[string]bool, len(all))
	for _, v := range all {
		l.serials[v.Serial] = true
	}
}
