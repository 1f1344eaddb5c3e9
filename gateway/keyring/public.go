package keyring

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// PublicKeys reads the public keys of a family (pass, ledger) from the files FAMILY-NNN.pub of a folder, by number. No
// file at all is no error: the map is empty then.
func PublicKeys(dir, family string) (map[byte]ed25519.PublicKey, error) {
	found, err := filepath.Glob(filepath.Join(dir, family+"-*.pub"))
	if err != nil {
		return nil, fmt.Errorf("look for public keys in %s: %w", dir, err)
	}
	keys := map[byte]ed25519.PublicKey{}
	for _, path := range found {
		digits := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), family+"-"), ".pub")
		id, err := strconv.ParseUint(digits, 10, 8)
		if err != nil || id == 0 {
			return nil, fmt.Errorf("public key %s: the number must be 001 to 255", path)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read public key: %w", err)
		}
		key, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil || len(key) != ed25519.PublicKeySize {
			return nil, fmt.Errorf("public key %s: want %d hexadecimal digits", path, 2*ed25519.PublicKeySize)
		}
		keys[byte(id)] = key
	}
	return keys, nil
}

// Public returns the public keys of a family (pass, ledger) of this folder in hex, by number.
func (r *Ring) Public(family string) (map[string]string, error) {
	keys, err := PublicKeys(r.dir, family)
	if err != nil {
		return nil, err
	}
	text := make(map[string]string, len(keys))
	for id, key := range keys {
		text[strconv.Itoa(int(id))] = hex.EncodeToString(key)
	}
	return text, nil
}
