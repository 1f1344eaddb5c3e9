package main

import (
	"bufio"
	"bytes"
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
	"strings"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/audit"
	"github.com/daemun/daemun/gateway/keyring"
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

// evidence reads the bundle. Public keys come from the folder keys where that is given: who keeps them apart need not trust
// those of the bundle.
func (b bundle) evidence(keys string) (*audit.Evidence, error) {
	e := &audit.Evidence{Records: parsed(b.path(ledgerFile), ledger.ParseLine)}
	if _, err := os.Stat(b.path(ledgerFile)); err != nil {
		return nil, fmt.Errorf("read the evidence: %w", err)
	}
	if b.has(checkpointsFile) {
		e.Checkpoints = parsed(b.path(checkpointsFile), ledger.ParseCheckpoint)
	}
	if b.has(passesFile) {
		e.Passes = parsed(b.path(passesFile), func(line []byte) (string, error) {
			var p api.SpentPass
			err := json.Unmarshal(line, &p)
			return p.Pass, err
		})
	}
	if keys == "" {
		keys = b.path(keysFolder)
	}
	var err error
	if e.LedgerKeys, err = keyring.PublicKeys(keys, "ledger"); err != nil {
		return nil, err
	}
	if e.PassKeys, err = keyring.PublicKeys(keys, "pass"); err != nil {
		return nil, err
	}
	if err := b.readUnrecorded(e); err != nil {
		return nil, err
	}
	return e, b.readDraws(e)
}

func (b bundle) has(name string) bool {
	_, err := os.Stat(b.path(name))
	return err == nil
}

func (b bundle) readUnrecorded(e *audit.Evidence) error {
	e.Unrecorded = map[string]ledger.Moves{}
	if !b.has(unrecordedFile) {
		return nil
	}
	for m, err := range parsed(b.path(unrecordedFile), asJSON[ledger.Moves]) {
		if err != nil {
			return fmt.Errorf("read %s: %w", b.path(unrecordedFile), err)
		}
		e.Unrecorded[m.Opening] = m
	}
	return nil
}

func asJSON[T any](line []byte) (v T, err error) {
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	return v, d.Decode(&v)
}

// readDraws reads what was published of each opening.
func (b bundle) readDraws(e *audit.Evidence) error {
	text, err := os.ReadFile(b.path(openingsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var openings []api.Opening
	if err == nil {
		err = json.Unmarshal(text, &openings)
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", b.path(openingsFile), err)
	}
	offsets := map[string]map[uint32]map[string][]byte{}
	for _, o := range openings {
		p := audit.Published{Opening: o.ID, Anchor: o.Anchor}
		if b.has(sealsFile(o.ID)) {
			for s, err := range parsed(b.path(sealsFile(o.ID)), asJSON[api.Seal]) {
				if err != nil { // keeps its place in the order, and is told of as what cannot be read
					s.Seed = err.Error()
				}
				p.Seals = append(p.Seals, s)
			}
		}
		e.Published = append(e.Published, p)
		if !b.has(sketchesFile(o.ID)) {
			continue
		}
		offsets[o.ID] = map[uint32]map[string][]byte{}
		for s, err := range parsed(b.path(sketchesFile(o.ID)), asJSON[sketchLine]) {
			if err == nil { // the epoch of a line that cannot be read shows as one without sketches
				offsets[o.ID][s.Epoch] = s.Sketches
			}
		}
	}
	e.Sketches = func(opening string, epoch uint32) (map[string][]byte, bool, error) {
		s, ok := offsets[opening][epoch]
		return s, ok, nil
	}
	return nil
}

// longestLine bounds a line of evidence: the import of a clinic with all its slots is one record.
const longestLine = 64 << 20

// parsed reads a file line by line. A line that cannot be read is an *audit.Unreadable; reading goes on behind it.
func parsed[T any](path string, parse func([]byte) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		file, err := os.Open(path)
		if err != nil {
			yield(zero, err)
			return
		}
		defer file.Close()
		s := bufio.NewScanner(file)
		s.Buffer(make([]byte, 1<<20), longestLine)
		for n := 1; s.Scan(); n++ {
			v, err := parse(bytes.Clone(s.Bytes()))
			if err != nil {
				err = &audit.Unreadable{Line: n, Reason: strings.TrimPrefix(err.Error(), "json: ")}
			}
			if !yield(v, err) {
				return
			}
		}
		if err := s.Err(); err != nil {
			yield(zero, fmt.Errorf("read %s: %w", path, err))
		}
	}
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
