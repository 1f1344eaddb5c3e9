package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"strings"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/audit"
	"github.com/daemun/daemun/gateway/keyring"
)

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
