package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
	"sync/atomic"
)

// ErrSealed says that a sealed value cannot be opened: changed, moved to another row, or under a key that is gone.
var ErrSealed = errors.New("keyring: sealed value does not open")

// Sealer encrypts personal data at rest: key id 1 | nonce 12 | AES-256-GCM ciphertext and tag. The additional data
// names the place a value belongs to, so that a sealed value copied elsewhere does not open. It is safe for use by many
// goroutines.
type Sealer struct {
	ring *Ring
	keys atomic.Pointer[sealing] // replaced, never changed
}

type sealing struct {
	ciphers map[byte]cipher.AEAD
	current byte
}

// Sealer returns the sealer over the folder's personal-data keys.
func (r *Ring) Sealer() (*Sealer, error) {
	s := &Sealer{ring: r}
	return s, s.use(r.personal)
}

// Reload takes over the personal-data keys that the folder holds now.
func (s *Sealer) Reload() error {
	n, err := s.ring.family(Personal)
	if err != nil {
		return err
	}
	return s.use(n)
}

func (s *Sealer) use(n numbered) error {
	next := &sealing{ciphers: map[byte]cipher.AEAD{}, current: n.current}
	for id, key := range n.keys {
		block, err := aes.NewCipher(key)
		if err != nil {
			return fmt.Errorf("personal-data key %d: %w", id, err)
		}
		if next.ciphers[id], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return fmt.Errorf("personal-data key %d: %w", id, err)
		}
	}
	s.keys.Store(next)
	return nil
}

// Seal encrypts plain under the current key.
func (s *Sealer) Seal(plain, aad []byte) []byte {
	k := s.keys.Load()
	return k.ciphers[k.current].Seal([]byte{k.current}, nil, plain, aad)
}

// Open decrypts what Seal made with the same additional data, or answers ErrSealed.
func (s *Sealer) Open(sealed, aad []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, ErrSealed
	}
	aead, ok := s.keys.Load().ciphers[sealed[0]]
	if !ok {
		return nil, ErrSealed
	}
	plain, err := aead.Open(nil, nil, sealed[1:], aad)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}

// Key is the number of the key that something was sealed with.
func (s *Sealer) Key(sealed []byte) byte {
	if len(sealed) == 0 {
		return 0
	}
	return sealed[0]
}

// Current is the number of the key that Seal uses.
func (s *Sealer) Current() byte { return s.keys.Load().current }
