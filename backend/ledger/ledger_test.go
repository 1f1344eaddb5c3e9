package ledger_test

import (
	"encoding/json"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

var at = time.Date(2021, 7, 19, 11, 0, 0, 123456789, time.UTC)

func chain(n int) []ledger.Record {
	var head ledger.Head
	out := make([]ledger.Record, n)
	for i := range out {
		data, _ := json.Marshal(ledger.Stock{Opening: "o0719", Doses: int64(i)})
		out[i] = ledger.Next(head, at.Add(time.Duration(i)), ledger.KindStock, data)
		head = out[i].Head()
	}
	return out
}

func sequence(rs []ledger.Record) iter.Seq2[ledger.Record, error] {
	return func(yield func(ledger.Record, error) bool) {
		for _, r := range rs {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestWholeChainHolds(t *testing.T) {
	rs := chain(20)
	head, err := ledger.Verify(ledger.Head{}, sequence(rs))
	if err != nil || head != rs[19].Head() {
		t.Fatalf("%+v, %v", head, err)
	}
	if head, err := ledger.Verify(rs[4].Head(), sequence(rs[5:])); err != nil || head.Seq != 20 {
		t.Fatalf("from the middle: %+v, %v", head, err)
	}
}

// TestHashIsWhatIsWritten holds the format: auditors compute it with other programs.
func TestHashIsWhatIsWritten(t *testing.T) {
	r := ledger.Next(ledger.Head{}, at, ledger.KindGenesis, []byte(`{"format":1}`))
	// printf '%064d0000000000000001%016x%s00%s' 0 1626692400123456789 67656e65736973 7b22666f726d6174223a317d | xxd -r -p | sha256sum
	const want = "dc0e9e00a4a3d1b4f3c40d0b593b50ac012ce070268129c10c308031001fa4ac"
	got, err := r.Hash.MarshalText()
	if err != nil || string(got) != want {
		t.Fatalf("hash %s, want %s", got, want)
	}
}

// TestTampering changes one thing anywhere and expects the chain to break at the right record.
func TestTampering(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rs := chain(rapid.IntRange(2, 12).Draw(t, "length"))
		i := rapid.IntRange(0, len(rs)-2).Draw(t, "where") // of what is cut off the end only a kept head can tell
		broken := rs[i].Seq
		switch rapid.SampledFrom([]string{"data", "kind", "time", "hash", "drop", "double", "swap", "rewrite"}).Draw(t, "how") {
		case "data":
			rs[i].Data = slices.Clone(rs[i].Data)
			rs[i].Data[rapid.IntRange(0, len(rs[i].Data)-1).Draw(t, "byte")] ^= 1
		case "kind":
			rs[i].Kind = ledger.KindCancel
		case "time":
			rs[i].At = rs[i].At.Add(1)
		case "hash":
			rs[i].Hash[rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1
		case "drop":
			rs = slices.Delete(rs, i, i+1)
		case "double":
			rs = slices.Insert(rs, i+1, rs[i])
			broken = rs[i].Seq + 1
		case "swap":
			rs[i], rs[i+1] = rs[i+1], rs[i]
		case "rewrite": // somebody who knows the formula, but cannot rewrite all that follows
			head := ledger.Head{Seq: rs[i].Seq - 1}
			if i > 0 {
				head = rs[i-1].Head()
			}
			rs[i] = ledger.Next(head, rs[i].At, rs[i].Kind, []byte(`{"opening":"o0719","doses":999}`))
			broken = rs[i].Seq + 1
		}
		_, err := ledger.Verify(ledger.Head{}, sequence(rs))
		var e *ledger.BrokenError
		if !errors.As(err, &e) || !errors.Is(err, ledger.ErrBroken) || e.Seq != broken {
			t.Fatalf("%v, want a break at %d", err, broken)
		}
	})
}

func TestReadingFails(t *testing.T) {
	rs := chain(3)
	fault := errors.New("disk")
	head, err := ledger.Verify(ledger.Head{}, func(yield func(ledger.Record, error) bool) {
		_ = yield(rs[0], nil) && yield(ledger.Record{}, fault)
	})
	if !errors.Is(err, fault) || errors.Is(err, ledger.ErrBroken) || head != rs[0].Head() {
		t.Fatalf("%+v, %v", head, err)
	}
}

func hash(t *rapid.T, name string) ledger.Hash {
	return ledger.Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, name))
}

// TestAppendJSONIsMarshal holds the hand-written encoders to what encoding/json makes of the same structs.
func TestAppendJSONIsMarshal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := subject.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "subject"))
		same := func(got []byte, v any) {
			want, err := json.Marshal(v)
			if err != nil || string(got) != string(want) {
				t.Fatalf("%s\n%s, %v", got, want, err)
			}
		}
		a := ledger.Admission{
			Opening: rapid.String().Draw(t, "opening"), Subject: id, Epoch: rapid.Uint32().Draw(t, "epoch"),
			Rank: ledger.Rank(rapid.Uint64().Draw(t, "rank")), ScheduleVersion: rapid.Uint32().Draw(t, "version"),
			IssuedAt:  at.Add(time.Duration(rapid.Int64().Draw(t, "issued")) % (24 * time.Hour)),
			ExpiresAt: at.Add(time.Duration(rapid.Int32().Draw(t, "expires"))), PassSHA256: hash(t, "pass"),
		}
		same(a.AppendJSON(nil), a)
		b := ledger.Booking{
			No: rapid.String().Draw(t, "no"), Opening: a.Opening, Subject: id, Dose: rapid.Int().Draw(t, "dose"),
			Slot: rapid.String().Draw(t, "slot"), Epoch: a.Epoch, Rank: a.Rank, PassSHA256: a.PassSHA256, KeySHA256: hash(t, "key"),
			Via: rapid.SampledFrom([]string{"", ledger.LaneCallCentre}).Draw(t, "via"), Agent: rapid.String().Draw(t, "agent"),
		}
		same(b.AppendJSON(nil), b)
		var back ledger.Admission
		if err := json.Unmarshal(a.AppendJSON(nil), &back); err != nil || back.Rank != a.Rank || back.PassSHA256 != a.PassSHA256 {
			t.Fatalf("%+v, %v", back, err)
		}
	})
}
