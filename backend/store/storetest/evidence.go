package storetest

import (
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/ledger"
)

// notedOnce brings the same changes again and again, across a restart: each is recorded once.
func notedOnce(t *testing.T, open Factory) {
	dir := t.TempDir()
	s := open(t, dir)
	note := func(id, action string) {
		t.Helper()
		n := ledger.Opening{ID: id, At: Now, Opening: Opening, Action: action, By: "홍길동"}
		if err := s.Note(t.Context(), n, Now); err != nil {
			t.Fatal(err)
		}
	}
	note("event.1", "pause")
	note("event.1", "pause")
	note("event.2", "resume")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	t.Cleanup(func() { s.Close() })
	note("event.2", "resume")
	note("event.3", "close")
	note("", "rate") // from before changes had ids
	note("", "rate")
	var actions []string
	for _, r := range records(t, s) {
		var n ledger.Opening
		if r.Kind == ledger.KindOpening && json.Unmarshal(r.Data, &n) == nil {
			actions = append(actions, n.Action)
		}
	}
	if got := fmt.Sprint(actions); got != "[pause resume close rate rate]" {
		t.Fatalf("the ledger has %s", got)
	}
}

// appended brings what the draw can be recomputed from: all of it in the order given, and nothing for nothing.
func appended(t *testing.T, open Factory) {
	s := fresh(t, open, Slots(1, 1, 1))
	before := len(records(t, s))
	if err := s.Append(t.Context(), nil, Now); err != nil {
		t.Fatal(err)
	}
	j := ledger.Journal{
		Opening: Opening, Anchor: &ledger.Anchor{Order: "draw"}, Seals: []ledger.Seal{{Epoch: 0}, {Epoch: 1, Count: 1 << 60}},
		Moves: &ledger.Moves{From: 1, Moves: []ledger.Move{{At: Now, Epoch: 1, Rank: 1 << 63}}},
	}
	entries, err := j.Entries()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Append(t.Context(), entries, Now); err != nil {
		t.Fatal(err)
	}
	admit(t, s, 1)
	rs := records(t, s)[before:]
	kinds := ""
	for i := range rs {
		kinds += rs[i].Kind + " "
		if i < len(entries) && string(rs[i].Data) != string(entries[i].Data) {
			t.Errorf("record %d reads %s, was %s", rs[i].Seq, rs[i].Data, entries[i].Data)
		}
	}
	if kinds != "anchor seal seal cursor admission " {
		t.Fatalf("the ledger has %s", kinds)
	}
}

// checkpoints are of what is on the disk, kept in order, and not made anew while nothing is new.
func checkpoints(t *testing.T, open Factory) {
	public, secret, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := open(t, dir)
	made := 0
	sign := func() {
		t.Helper()
		err := s.Checkpoint(t.Context(), func(h ledger.Head) ledger.Checkpoint {
			made++
			return ledger.SignCheckpoint(h, Now.Add(time.Duration(made)), 7, secret)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	mustImport(t, s, Slots(1, 5, 5))
	sign()
	sign()
	admit(t, s, 2)
	sign()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	t.Cleanup(func() { s.Close() })
	sign()
	if made != 2 {
		t.Fatalf("%d checkpoints of two states", made)
	}
	rs := records(t, s)
	var seqs []uint64
	for c, err := range s.Checkpoints(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Check(map[byte]ed25519.PublicKey{7: public}); err != nil || c.Hash != rs[c.Seq-1].Hash {
			t.Errorf("checkpoint of %d: %v", c.Seq, err)
		}
		seqs = append(seqs, c.Seq)
	}
	if len(seqs) != 2 || seqs[0] != 3 || seqs[1] != uint64(len(rs)) {
		t.Fatalf("checkpoints of %v in a ledger of %d", seqs, len(rs))
	}
	for c := range s.Checkpoints(t.Context(), 3) {
		if c.Seq != seqs[1] {
			t.Fatalf("after 3 comes %d", c.Seq)
		}
	}
}

// spentPasses are those that expired, each once, page by page.
func spentPasses(t *testing.T, open Factory) {
	s := fresh(t, open, Slots(1, 1, 1))
	for n := range 10 {
		if _, err := s.Admit(t.Context(), AdmissionOf(n, 0, Now.Add(time.Duration(n)*time.Minute))); err != nil {
			t.Fatal(err)
		}
	}
	read := func(expired time.Time) (got []string) {
		t.Helper()
		for after, more := uint64(0), true; more; {
			more = false
			for p, err := range s.SpentPasses(t.Context(), after, expired, 3) {
				if err != nil || p.Number <= after {
					t.Fatal(p, err)
				}
				after, more, got = p.Number, true, append(got, p.Text)
			}
		}
		return got
	}
	if got := read(Now.Add(15*time.Minute - time.Millisecond)); len(got) != 0 {
		t.Fatalf("passes that are good were given out: %v", got)
	}
	if got := read(Now.Add(20 * time.Minute)); len(got) != 6 || got[0] != passText(0, 0) {
		t.Fatalf("spent %v", got)
	}
}
