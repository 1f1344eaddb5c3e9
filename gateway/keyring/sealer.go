package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// ErrSealed says that a sealed value cannot be opened: changed, moved to another row, or under a key that is gone.
var ErrSealed = errors.New("keyring: sealed value does not open")

// Sealer encrypts personal data at rest: key id 1 | nonce 12 | AES-256-GCM ciphertext and tag. The additional data
// names the place a value belongs to, so that a sealed value copied elsewhere does not open.
type Sealer struct {
	ciphers map[byte]cipher.AEAD
	current byte
}

// Sealer returns the sealer over the folder's personal-data keys.
func (r *Ring) Sealer() (*Sealer, error) {
	s := &Sealer{ciphers: map[byte]cipher.AEAD{}, current: r.personal.current}
	for id, key := range r.personal.keys {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("personal-data key %d: %w", id, err)
		}
		if s.ciphers[id], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("personal-data key %d: %w", id, err)
		}
	}
	return s, nil
}

// Seal encrypts plain under the current key.
func (s *Sealer) Seal(plain, aad []byte) []byte {
	return s.ciphers[s.current].Seal([]byte{s.current}, nil, plain, aad)
}

// Open decrypts what Seal made with the same additional data, or answers ErrSealed.
func (s *Sealer) Open(sealed, aad []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return nil, ErrSealed
	}
	aead, ok := s.ciphers[sealed[0]]
	if !ok {
		return nil, ErrSealed
	}
	plain, err := aead.Open(nil, nil, sealed[1:], aad)
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
