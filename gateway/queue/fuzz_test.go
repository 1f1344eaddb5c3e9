package queue

import (
	"encoding/json"
	"testing"

	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
)

// FuzzSketch reads anything as a sketch that another gateway handed in. What is taken can be counted, handed on and
// read again; nothing makes the leader fall over.
func FuzzSketch(f *testing.F) {
	var few, many Sketch
	for i := range 3 {
		few.Add(subject.ID{byte(i)})
	}
	for i := range 20_000 {
		many.Add(subject.ID{byte(i), byte(i >> 8), 7})
	}
	for _, s := range []*Sketch{&few, &many} {
		b, err := s.Bytes()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, _, err := Tally(map[string][]byte{"a": b}); err != nil {
			return
		}
		var s Sketch
		if err := s.Restore(b); err != nil {
			t.Fatalf("counted but not restored: %v", err)
		}
		s.Add(subject.ID{1})
		again, err := s.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := Tally(map[string][]byte{"a": b, "b": again}); err != nil {
			t.Fatalf("restored, but not counted again: %v", err)
		}
	})
}

// FuzzSeal reads anything as a published seal: what is taken is written the same way again.
func FuzzSeal(f *testing.F) {
	wire := (&Seal{Epoch: 3, Count: 9, Tally: [32]byte{1}, Seed: [32]byte{2}}).Wire()
	text, err := json.Marshal(wire)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"epoch":1,"count":-1,"tally":"","seed":"00"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var wire api.Seal
		if json.Unmarshal(b, &wire) != nil {
			return
		}
		seal, err := SealFromWire(wire)
		if err != nil {
			return
		}
		if again, err := SealFromWire(seal.Wire()); err != nil || again != seal {
			t.Fatalf("%+v came back as %+v, %v", seal, again, err)
		}
	})
}
