package audit

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/ledger"
)

// all runs the three audits and returns what they found, missing things included.
func all(t interface{ Fatal(...any) }, e *Evidence) (outcome int, findings []Finding) {
	for _, audit := range []func() (*Report, error){
		func() (*Report, error) { return Verify(e, Options{}) },
		func() (*Report, error) { return Draw(e, Options{}, nil) },
		func() (*Report, error) { return Reconcile(e, Options{}) },
	} {
		r, err := audit()
		if err != nil {
			t.Fatal(err)
		}
		if got := r.Outcome(); got == DoesNotHold || outcome == Holds {
			outcome = got
		}
		findings = append(findings, r.Findings...)
		findings = append(findings, r.Missing...)
	}
	for _, f := range findings {
		if f.Ko == "" || f.En == "" || strings.Contains(f.Ko+f.En, "%!") || f.Check == "" {
			t.Fatal("badly told:", f)
		}
	}
	return outcome, findings
}

func TestAnHonestOpeningHolds(t *testing.T) {
	s := play(600, 6, 1)
	for name, audit := range map[string]func() (*Report, error){
		"verify":    func() (*Report, error) { return Verify(s.evidence(), Options{}) },
		"draw":      func() (*Report, error) { return Draw(s.evidence(), Options{}, nil) },
		"reconcile": func() (*Report, error) { return Reconcile(s.evidence(), Options{}) },
	} {
		r, err := audit()
		if err != nil || r.Outcome() != Holds {
			t.Errorf("%s: outcome %d, %v: %+v %+v", name, r.Outcome(), err, r.Findings, r.Missing)
		}
		for _, c := range r.Checks {
			if c.Checked == 0 {
				t.Errorf("%s: %s looked at nothing", name, c.Name)
			}
		}
	}
}

// names tells whether any finding names a record.
func names(findings []Finding, seq uint64) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Record <= seq && seq <= max(f.Record, f.To) && f.Record > 0 })
}

func namesEpoch(findings []Finding, epoch uint32) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Epoch != nil && *f.Epoch == epoch })
}

// TestOneBitAnywhere flips any one bit of any record, checkpoint, published seal or pass: it is found and named.
func TestOneBitAnywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := play(60, 3, rapid.Uint64Range(1, 20).Draw(t, "history"))
		bit := func(n int) (at int, mask byte) {
			b := rapid.IntRange(0, 8*n-1).Draw(t, "bit")
			return b / 8, 1 << (b % 8)
		}
		flip := func(b []byte) []byte {
			b = slices.Clone(b)
			at, mask := bit(len(b))
			b[at] ^= mask
			return b
		}
		number := func(v uint64, bits int) uint64 { return v ^ 1<<rapid.IntRange(0, bits-1).Draw(t, "bit") }
		var named func([]Finding) bool
		switch rapid.SampledFrom([]string{"record", "checkpoint", "seal", "pass"}).Draw(t, "what") {
		case "record":
			i := rapid.IntRange(0, len(s.records)-1).Draw(t, "record")
			r := s.records[i]
			seq := r.Seq
			switch rapid.SampledFrom([]string{"seq", "at", "kind", "data", "hash"}).Draw(t, "field") {
			case "seq":
				r.Seq = number(r.Seq, 64)
			case "at":
				r.At = time.Unix(0, int64(number(uint64(r.At.UnixNano()), 62)))
			case "kind":
				r.Kind = string(flip([]byte(r.Kind)))
			case "data":
				r.Data = flip(r.Data)
			case "hash":
				at, mask := bit(len(r.Hash))
				r.Hash[at] ^= mask
			}
			s.records[i] = r
			named = func(f []Finding) bool { return names(f, seq) }
		case "checkpoint":
			i := rapid.IntRange(0, len(s.checkpoints)-1).Draw(t, "checkpoint")
			c := s.checkpoints[i]
			switch rapid.SampledFrom([]string{"seq", "at", "hash", "key", "signature"}).Draw(t, "field") {
			case "seq":
				c.Seq = number(c.Seq, 64)
			case "at":
				c.At = time.Unix(0, int64(number(uint64(c.At.UnixNano()), 62)))
			case "hash":
				at, mask := bit(len(c.Hash))
				c.Hash[at] ^= mask
			case "key":
				c.Key = byte(number(uint64(c.Key), 8))
			case "signature":
				c.Signature = flip(c.Signature)
			}
			s.checkpoints[i] = c
			named = func(f []Finding) bool {
				return slices.ContainsFunc(f, func(f Finding) bool { return f.Check == "checkpoints" && f.Record == c.Seq })
			}
		case "seal":
			i := rapid.IntRange(0, len(s.published.Seals)-1).Draw(t, "seal")
			s.published.Seals = slices.Clone(s.published.Seals)
			seal := &s.published.Seals[i]
			epoch := seal.Epoch
			switch rapid.SampledFrom([]string{"epoch", "count", "tally", "seed"}).Draw(t, "field") {
			case "epoch":
				seal.Epoch = uint32(number(uint64(seal.Epoch), 32))
			case "count":
				seal.Count = number(seal.Count, 64)
			case "tally":
				seal.Tally = string(flip([]byte(seal.Tally)))
			case "seed":
				seal.Seed = string(flip([]byte(seal.Seed)))
			}
			named = func(f []Finding) bool { return namesEpoch(f, epoch) }
			if strings.EqualFold(seal.Tally, s.tallyOf(epoch)) && strings.EqualFold(seal.Seed, s.seedOf(epoch)) && seal.Count == s.countOf(epoch) && seal.Epoch == epoch {
				return // an upper-case digit says the same
			}
		case "pass":
			i := rapid.IntRange(0, len(s.passes)-1).Draw(t, "pass")
			p := s.passes[i]
			seq := uint64(0)
			for _, r := range s.records {
				if r.Kind == ledger.KindAdmission && strings.Contains(string(r.Data), hashHex(p)) {
					seq = r.Seq
				}
			}
			s.passes[i] = string(flip([]byte(p)))
			named = func(f []Finding) bool {
				return slices.ContainsFunc(f, func(f Finding) bool {
					return f.Check == "passes" && f.Record == seq
				})
			}
		}
		outcome, findings := all(t, s.evidence())
		if outcome != DoesNotHold || !named(findings) {
			t.Fatalf("outcome %d, %d findings: %+v", outcome, len(findings), findings[:min(4, len(findings))])
		}
	})
}

// TestRecordsRemovedDoubledSwapped takes records away, doubles them, or puts them in each other's place.
func TestRecordsRemovedDoubledSwapped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := play(60, 3, rapid.Uint64Range(1, 20).Draw(t, "history"))
		i := rapid.IntRange(0, len(s.records)-1).Draw(t, "record")
		seq := s.records[i].Seq
		s.records = slices.Clone(s.records)
		what := ""
		switch rapid.SampledFrom([]string{"remove", "double", "double elsewhere", "swap", "cut", "rewrite", "rewrite all"}).Draw(t, "how") {
		case "remove":
			if i == len(s.records)-1 {
				what = Truncated
			} else {
				what = Removed
			}
			s.records = slices.Delete(s.records, i, i+1)
		case "double":
			what = Inserted
			s.records = slices.Insert(s.records, i, s.records[i])
		case "double elsewhere":
			what = Inserted
			s.records = slices.Insert(s.records, rapid.IntRange(i+1, len(s.records)).Draw(t, "where"), s.records[i])
		case "swap":
			j := rapid.IntRange(0, len(s.records)-1).Filter(func(j int) bool { return j != i }).Draw(t, "with")
			what = Reordered
			s.records[i], s.records[j] = s.records[j], s.records[i]
			seq = s.records[max(i, j)].Seq
		case "cut":
			what = Truncated
			s.records = s.records[:i]
			if i == 0 {
				return // nothing at all is another test
			}
		case "rewrite": // with its own hash, and nothing behind it
			if i == len(s.records)-1 {
				i, seq = i-1, seq-1
			}
			what = Changed
			head := ledger.Head{}
			if i > 0 {
				head = s.records[i-1].Head()
			}
			s.records[i] = ledger.Next(head, s.records[i].At, s.records[i].Kind, []byte(`{"x":1}`))
			seq++ // the one behind it is where it shows
		case "rewrite all":
			what = Rewritten
			s.records[i].Data = []byte(`{"x":1}`)
			s.relink(i)
		}
		r, err := Verify(s.evidence(), Options{})
		if err != nil || r.Outcome() != DoesNotHold {
			t.Fatalf("outcome %d, %v", r.Outcome(), err)
		}
		ok := slices.ContainsFunc(r.Findings, func(f Finding) bool {
			return f.What == what && f.Record <= seq && seq <= max(f.Record, f.To)
		})
		if !ok {
			t.Fatalf("want %s of record %d, found %+v", what, seq, r.Findings[:min(4, len(r.Findings))])
		}
		if len(r.Findings) > 3 && what != Reordered {
			t.Fatalf("one change makes %d findings: %+v", len(r.Findings), r.Findings[:4])
		}
	})
}

func TestSealsRemovedDoubledSwapped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := play(60, 6, rapid.Uint64Range(1, 20).Draw(t, "history"))
		i := rapid.IntRange(0, len(s.published.Seals)-1).Draw(t, "seal")
		epoch := s.published.Seals[i].Epoch
		seals := slices.Clone(s.published.Seals)
		switch rapid.SampledFrom([]string{"remove", "double", "swap"}).Draw(t, "how") {
		case "remove":
			seals = slices.Delete(seals, i, i+1)
		case "double":
			seals = slices.Insert(seals, i, seals[i])
		case "swap":
			j := rapid.IntRange(0, len(seals)-1).Filter(func(j int) bool { return j != i }).Draw(t, "with")
			epoch = min(seals[i].Epoch, seals[j].Epoch)
			seals[i], seals[j] = seals[j], seals[i]
		}
		s.published.Seals = seals
		r, err := Draw(s.evidence(), Options{}, nil)
		if err != nil || r.Outcome() != DoesNotHold || !namesEpoch(r.Findings, epoch) {
			t.Fatalf("epoch %d: outcome %d, %v, %+v", epoch, r.Outcome(), err, r.Findings)
		}
	})
}
