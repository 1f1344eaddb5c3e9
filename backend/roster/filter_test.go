package roster

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/subject"
)

// ids makes n distinct subjects, spread as the keyed hash spreads them.
func ids(n int) []subject.ID {
	out := make([]subject.ID, n)
	for i := range out {
		sum := sha256.Sum256(binary.LittleEndian.AppendUint64(nil, uint64(i)))
		out[i] = subject.ID(sum[:16])
	}
	return out
}

func anyID(t *rapid.T, label string) subject.ID {
	var id subject.ID
	copy(id[:], rapid.SliceOfN(rapid.Byte(), len(id), len(id)).Draw(t, label))
	return id
}

func TestFilterFindsEverybodyOnTheRoster(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var list []subject.ID
		for range rapid.IntRange(0, 300).Draw(t, "subjects") {
			list = append(list, anyID(t, "id"))
		}
		list = append(list, list...) // repeated, as two agencies' lists put together are
		f, err := Build(list)
		if err != nil {
			t.Fatal(err)
		}
		data, err := f.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var read Filter
		if err := read.UnmarshalBinary(data); err != nil {
			t.Fatal(err)
		}
		for _, id := range list {
			if !f.Contains(id) || !read.Contains(id) {
				t.Fatalf("subject %v is on the roster and was not found", id)
			}
		}
		if read.Len() != f.Len() {
			t.Fatalf("%d subjects written, %d read", f.Len(), read.Len())
		}
	})
}

func TestFilterTurnsMostOthersAway(t *testing.T) {
	all := ids(60_000)
	f, err := Build(all[:20_000])
	if err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for _, id := range all[20_000:] {
		if f.Contains(id) {
			wrong++
		}
	}
	// 1 in 256 of 40,000 is 156; twice that is 12 standard deviations away.
	if wrong > 312 {
		t.Errorf("%d of 40,000 people who are not on the roster were found on it", wrong)
	}
}

func TestEmptyFilterContainsNobody(t *testing.T) {
	f, err := Build(nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := f.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var read Filter
	if err := read.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	if f.Contains(subject.ID{}) || read.Contains(subject.ID{}) {
		t.Error("an empty roster contains somebody")
	}
}

func TestDamagedFilterIsRefusedWhole(t *testing.T) {
	f, err := Build(ids(50))
	if err != nil {
		t.Fatal(err)
	}
	good, err := f.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	for i := range good {
		bad := append([]byte(nil), good...)
		bad[i] ^= 0x10
		if err := new(Filter).UnmarshalBinary(bad); err == nil {
			t.Fatalf("a flipped bit in byte %d went unnoticed", i)
		}
		if err := new(Filter).UnmarshalBinary(good[:i]); err == nil {
			t.Fatalf("a file cut after %d bytes went unnoticed", i)
		}
	}
	if err := new(Filter).UnmarshalBinary([]byte("PK\x03\x04")); !errors.Is(err, ErrNotFilter) {
		t.Errorf("another kind of file: %v", err)
	}
	later := append([]byte(nil), good...)
	later[len(magic)]++
	if err := new(Filter).UnmarshalBinary(later); !errors.Is(err, ErrVersion) {
		t.Errorf("a later format: %v", err)
	}
}

// FuzzFilter forges the checksum, so that the checks behind it are reached as well.
func FuzzFilter(f *testing.F) {
	for _, n := range []int{0, 1, 5, 100} {
		built, err := Build(ids(n))
		if err != nil {
			f.Fatal(err)
		}
		data, err := built.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data[:len(data)-sha256.Size])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		sum := sha256.Sum256(body)
		var filter Filter
		if err := filter.UnmarshalBinary(append(body[:len(body):len(body)], sum[:]...)); err != nil {
			return
		}
		for _, id := range ids(64) {
			filter.Contains(id) // must not go out of range
		}
	})
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{150_000, 3_000_000} {
		list := ids(n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Build(list); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkContains(b *testing.B) {
	list := ids(150_000)
	f, err := Build(list)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		f.Contains(list[i%len(list)])
	}
}
