package ledger_test

import (
	"crypto/ed25519"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/ledger"
)

// TestALineIsReadInOneWay: what was written reads the same, and with any bit flipped it is no line, or another record.
func TestALineIsReadInOneWay(t *testing.T) {
	_, secret, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		rs := chain(rapid.IntRange(1, 4).Draw(t, "length"))
		r := rs[len(rs)-1]
		line := r.AppendLine(nil)
		back, err := ledger.ParseLine(line)
		if err != nil || !reflect.DeepEqual(back, r) {
			t.Fatalf("%s reads %+v, %v", line, back, err)
		}
		c := ledger.SignCheckpoint(r.Head(), at, 3, secret)
		signed := c.AppendLine(nil)
		checked, err := ledger.ParseCheckpoint(signed[:len(signed)-1])
		if err != nil || !reflect.DeepEqual(checked, c) {
			t.Fatalf("%s reads %+v, %v", signed, checked, err)
		}
		bit := rapid.IntRange(0, 8*(len(line)-1)-1).Draw(t, "bit")
		line[bit/8] ^= 1 << (bit % 8)
		if back, err := ledger.ParseLine(line); err == nil && reflect.DeepEqual(back, r) {
			t.Fatalf("%s reads the same", line)
		}
		bit = rapid.IntRange(0, 8*(len(signed)-1)-1).Draw(t, "bit of the checkpoint")
		signed[bit/8] ^= 1 << (bit % 8)
		if back, err := ledger.ParseCheckpoint(signed); err == nil && reflect.DeepEqual(back, c) {
			t.Fatalf("%s reads the same", signed)
		}
	})
}

func TestCheckpointsAreSignedForOneKeyAndTime(t *testing.T) {
	public, secret, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[byte]ed25519.PublicKey{1: public, 2: public}
	good := ledger.SignCheckpoint(chain(3)[2].Head(), at, 1, secret)
	if err := good.Check(keys); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*ledger.Checkpoint){
		"number": func(c *ledger.Checkpoint) { c.Seq++ },
		"hash":   func(c *ledger.Checkpoint) { c.Hash[9] ^= 1 },
		"time":   func(c *ledger.Checkpoint) { c.At = c.At.Add(time.Nanosecond) },
		"key":    func(c *ledger.Checkpoint) { c.Key = 2 },
		"none":   func(c *ledger.Checkpoint) { c.Signature = nil },
	} {
		c := good
		spoil(&c)
		if c.Check(keys) == nil {
			t.Errorf("another %s is believed", name)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	r := chain(1)[0]
	f.Add(string(r.AppendLine(nil)))
	f.Add(`{"seq":1}`)
	f.Add(`{"seq":1,"at":"2021-07-19T11:00:00Z","kind":"x","data":{},"hash":""}`)
	f.Fuzz(func(t *testing.T, line string) {
		r, err := ledger.ParseLine([]byte(line))
		if err != nil {
			return
		}
		again, err := ledger.ParseLine(r.AppendLine(nil))
		if err != nil || again.Hash != r.Hash || string(again.Data) != string(r.Data) {
			t.Fatalf("%q reads %+v, and that %+v, %v", line, r, again, err)
		}
	})
}
