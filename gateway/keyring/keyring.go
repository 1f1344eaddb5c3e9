// Package keyring keeps Daemun's secrets as files: made on first start, readable by their owner only, and rotated by
// adding a file with the next number. Taking a numbered file away, once nothing that it signed is out any more, ends
// what it signed for good.
//
//	keys/subject.key      registration number → subject (never rotated while an opening runs)
//	keys/ticket-NNN.key   MAC of tickets; the highest number signs, all of them verify
//	keys/pass-NNN.key     Ed25519 seed of passes; pass-NNN.pub is all that a backend elsewhere needs
//	keys/ledger-NNN.key   Ed25519 seed of the ledger's checkpoints; ledger-NNN.pub is what an auditor needs
//	keys/personal-NNN.key AES-256 key of personal data at rest
//	keys/seeds.key        root of the openings' hash chains
//	keys/proof.key        MAC of the proofs that open a booking again
//	keys/identity.key     MAC of what travels through identity providers and back
//	keys/gateway.token    what a gateway shows to the backend
//	keys/ca.key, ca.pem   authority of the control room: certificate and key, and the certificate alone
//	keys/issued.ndjson    certificates that it gave out; revoked.ndjson those that it took back
//	keys/retired/         keys that are used no more
//
// Several processes may open a new folder at once: each file is linked into place whole, and the first one wins.
package keyring

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/pass"
)

const keyLen = 32

// Ring is the opened key folder. Its methods are safe for concurrent use; the files are read once.
type Ring struct {
	dir string

	subject subject.Key
	token   []byte
	proof   []byte
	checks  []byte
	seeds   []byte

	tickets  numbered
	passes   numbered
	ledger   numbered
	personal numbered
}

// numbered is a family of keys by number; current is the highest.
type numbered struct {
	keys    map[byte][]byte
	current byte
}

// Open opens the key folder under the data folder and makes what is missing.
func Open(dataDir string) (*Ring, error) {
	dir := filepath.Join(dataDir, "keys")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the key folder: %w", err)
	}
	r := &Ring{dir: dir}
	for name, into := range map[string]*[]byte{"gateway.token": &r.token, "proof.key": &r.proof, "identity.key": &r.checks, "seeds.key": &r.seeds} {
		key, err := r.key(name)
		if err != nil {
			return nil, err
		}
		*into = key
	}
	key, err := r.key("subject.key")
	if err != nil {
		return nil, err
	}
	copy(r.subject[:], key)
	for family, into := range map[string]*numbered{"ticket": &r.tickets, "pass": &r.passes, "ledger": &r.ledger, "personal": &r.personal} {
		if *into, err = r.family(family); err != nil {
			return nil, err
		}
	}
	if err := r.forgetPasses(); err != nil {
		return nil, err
	}
	if err := r.publish("pass", r.passes); err != nil {
		return nil, err
	}
	if err := r.publish("ledger", r.ledger); err != nil {
		return nil, err
	}
	return r, nil
}

// SubjectKey turns registration numbers into subjects.
func (r *Ring) SubjectKey() *subject.Key { return &r.subject }

// GatewayToken is shown by gateways to the backend.
func (r *Ring) GatewayToken() []byte { return r.token }

// ProofKey signs the proofs with which a person opens their booking again.
func (r *Ring) ProofKey() []byte { return r.proof }

// IdentityKey signs what travels through identity providers and back.
func (r *Ring) IdentityKey() []byte { return r.checks }

// TicketKeys returns the MAC keys of tickets by key id, and the id that signs.
func (r *Ring) TicketKeys() (keys map[byte][]byte, current byte) {
	return r.tickets.keys, r.tickets.current
}

// PassSigner returns the private key that signs passes, and its id.
func (r *Ring) PassSigner() (ed25519.PrivateKey, byte) {
	return ed25519.NewKeyFromSeed(r.passes.keys[r.passes.current]), r.passes.current
}

// LedgerSigner returns the private key that signs checkpoints of the ledger, and its id.
func (r *Ring) LedgerSigner() (ed25519.PrivateKey, byte) {
	return ed25519.NewKeyFromSeed(r.ledger.keys[r.ledger.current]), r.ledger.current
}

// PassVerifier returns a verifier that knows every pass key of the folder.
func (r *Ring) PassVerifier() *pass.Verifier {
	public := make(map[byte]ed25519.PublicKey, len(r.passes.keys))
	for id, seed := range r.passes.keys {
		public[id] = ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	}
	return pass.NewVerifier(public)
}

// ChainRoot returns the secret last value of an opening's hash chain.
func (r *Ring) ChainRoot(opening string) [32]byte {
	mac := hmac.New(sha256.New, r.seeds)
	mac.Write([]byte("chain " + opening))
	return [32]byte(mac.Sum(nil))
}

// key reads the named key, made at random if the file is missing.
func (r *Ring) key(name string) ([]byte, error) {
	secret := make([]byte, keyLen)
	rand.Read(secret) // never fails: crypto/rand ends the process instead
	text, err := r.file(name, []byte(hex.EncodeToString(secret)+"\n"))
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != keyLen {
		return nil, fmt.Errorf("read key %s: want %d hexadecimal digits; restore the file from a backup (a new key would make every ticket, pass or record under the old one unreadable)",
			filepath.Join(r.dir, name), 2*keyLen)
	}
	return key, nil
}

func (r *Ring) family(name string) (numbered, error) {
	n := numbered{keys: map[byte][]byte{}}
	found, err := filepath.Glob(filepath.Join(r.dir, name+"-*.key"))
	if err != nil {
		return n, err
	}
	if len(found) == 0 { // only then: a key that was taken away must not come back
		found = []string{filepath.Join(r.dir, fileName(name, 1))}
	}
	for _, path := range found {
		digits := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), name+"-"), ".key")
		id, err := strconv.ParseUint(digits, 10, 8)
		if err != nil || id == 0 {
			return n, fmt.Errorf("key file %s: the number must be 001 to 255; rename or remove it", path)
		}
		key, err := r.key(filepath.Base(path))
		if err != nil {
			return n, err
		}
		n.keys[byte(id)] = key
		n.current = max(n.current, byte(id))
	}
	return n, nil
}

func fileName(family string, id byte) string { return fmt.Sprintf("%s-%03d.key", family, id) }

// forgetPasses removes the public part of pass keys that were taken away: it would still open a backend elsewhere. Those of
// the ledger stay: they open nothing, and what was signed with them must be verifiable for ever.
func (r *Ring) forgetPasses() error {
	published, err := filepath.Glob(filepath.Join(r.dir, "pass-*.pub"))
	if err != nil {
		return err
	}
	for _, path := range published {
		if _, err := os.Lstat(strings.TrimSuffix(path, ".pub") + ".key"); errors.Is(err, fs.ErrNotExist) {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("remove the public part of a pass key that is gone: %w", err)
			}
		}
	}
	return nil
}

// publish writes the public keys of a family of Ed25519 seeds beside them.
func (r *Ring) publish(family string, n numbered) error {
	for id, seed := range n.keys {
		public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
		name := strings.TrimSuffix(fileName(family, id), ".key") + ".pub"
		if _, err := r.file(name, []byte(hex.EncodeToString(public)+"\n")); err != nil {
			return err
		}
	}
	return nil
}

// file returns the content of the named file, which it makes with the given content if it is not there.
func (r *Ring) file(name string, content []byte) ([]byte, error) {
	path := filepath.Join(r.dir, name)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := createWhole(path, content); err != nil {
			return nil, fmt.Errorf("make key %s: %w", path, err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read key %s: %w", path, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("key %s can be read by others (mode %04o): run chmod 600 on it, and rotate it if anybody else used this machine", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read key %s: %w", path, err)
	}
	return text, nil
}

// createWhole makes path with content, durable and never seen half written; a file that appears meanwhile stays.
func createWhole(path string, content []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	_, err = tmp.Write(content)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	if err := os.Link(tmp.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
