package main

import (
	"bufio"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Files of an evidence bundle. Each but the manifest is named in it with its SHA-256.
const (
	manifestFile    = "manifest.json"
	ledgerFile      = "ledger.ndjson"      // api.LedgerRecord
	checkpointsFile = "checkpoints.ndjson" // api.LedgerCheckpoint
	openingsFile    = "openings.json"      // []api.Opening
	passesFile      = "passes.ndjson"      // api.SpentPass
	unrecordedFile  = "unrecorded.ndjson"  // ledger.Moves
	keysFolder      = "keys"
)

func sealsFile(opening string) string    { return "seals-" + opening + ".ndjson" }
func sketchesFile(opening string) string { return "sketches-" + opening + ".ndjson" }

// sketchLine is a line of a file of sketches.
type sketchLine struct {
	Epoch    uint32            `json:"epoch"`
	Sketches map[string][]byte `json:"sketches"` // by gateway
}

// manifest says what a bundle is and what its files were when it was made.
type manifest struct {
	MadeAt time.Time         `json:"made_at"`
	Source string            `json:"source"`
	Until  uint64            `json:"until,omitempty"` // last record to be judged: the servers were running; 0: all are
	Lacks  []string          `json:"lacks,omitempty"` // what could not be had, and why
	Files  map[string]string `json:"files"`           // SHA-256 in hex
}

// bundle is a folder of evidence.
type bundle string

func (b bundle) path(name string) string { return filepath.Join(string(b), name) }

// write makes one file of the bundle.
func (b bundle) write(name string, fill func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(b.path(name)), 0o755); err != nil {
		return fmt.Errorf("write the evidence: %w", err)
	}
	file, err := os.Create(b.path(name))
	if err != nil {
		return fmt.Errorf("write the evidence: %w", err)
	}
	out := bufio.NewWriterSize(file, 1<<20)
	err = fill(out)
	if err = errors.Join(err, out.Flush(), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("write %s of the evidence: %w", name, err)
	}
	return nil
}

// lines writes one line of JSON for each of a sequence.
func lines[T any](all iter.Seq2[T, error]) func(io.Writer) error {
	return func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetEscapeHTML(false)
		for v, err := range all {
			if err == nil {
				err = e.Encode(v)
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// seal writes the manifest over what is there.
func (b bundle) seal(m manifest, now time.Time) error {
	m.MadeAt, m.Files = now.UTC(), map[string]string{}
	names, err := b.files()
	if err != nil {
		return err
	}
	for _, name := range names {
		if m.Files[name], err = digest(b.path(name)); err != nil {
			return err
		}
	}
	return b.write(manifestFile, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(m)
	})
}

func (b bundle) files() (names []string, err error) {
	err = filepath.WalkDir(string(b), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(string(b), path)
		if name != manifestFile {
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	return names, err
}

func digest(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read the evidence: %w", err)
	}
	defer file.Close()
	h := sha256.New()
	if _, err := io.Copy(h, file); err != nil {
		return "", fmt.Errorf("read the evidence: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// altered returns the files that are not what the manifest says, those that are missing, and those that it does not know.
func (b bundle) altered() (m manifest, names []string, err error) {
	text, err := os.ReadFile(b.path(manifestFile))
	if err != nil {
		return m, nil, fmt.Errorf("read the evidence: %w; a bundle is made by daemun audit export --out DIR", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, nil, fmt.Errorf("read %s: %w", b.path(manifestFile), err)
	}
	present, err := b.files()
	if err != nil {
		return m, nil, err
	}
	for name, want := range m.Files {
		got, err := digest(b.path(name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return m, nil, err
		}
		if got != want {
			names = append(names, name)
		}
	}
	for _, name := range present {
		if _, known := m.Files[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return m, names, nil
}

// writeKeys puts public keys into the bundle.
func (b bundle) writeKeys(family string, keys map[byte]ed25519.PublicKey) error {
	for id, key := range keys {
		err := b.write(fmt.Sprintf("%s/%s-%03d.pub", keysFolder, family, id), func(w io.Writer) error {
			_, err := fmt.Fprintln(w, hex.EncodeToString(key))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
