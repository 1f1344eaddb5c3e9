package roster

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/subject"
)

func file(t interface{ Fatal(...any) }, s *Set) []byte {
	var out bytes.Buffer
	if n, err := s.WriteTo(&out); err != nil || n != int64(out.Len()) {
		t.Fatal(n, err)
	}
	return out.Bytes()
}

func TestSetHoldsExactlyThoseGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		given := map[subject.ID]bool{}
		var list []subject.ID
		for range rapid.IntRange(0, 200).Draw(t, "subjects") {
			id := anyID(t, "id")
			given[id] = true
			list = append(list, id, id)
		}
		set := NewSet(slices.Clone(list))
		text := file(t, set)
		read, err := ReadSet(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if read.Len() != len(given) || !slices.Equal(read.IDs(), set.IDs()) || read.SHA256() != [32]byte(text[len(text)-32:]) {
			t.Fatalf("%d given, %d kept, %d read", len(given), set.Len(), read.Len())
		}
		other := anyID(t, "other")
		for _, id := range append(list, other) {
			if set.Contains(id) != given[id] || read.Contains(id) != given[id] {
				t.Fatalf("subject %v: given %v, in the set %v", id, given[id], set.Contains(id))
			}
		}
	})
}

func TestDamagedSetIsRefusedWhole(t *testing.T) {
	good := file(t, NewSet(ids(40)))
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		if _, err := ReadSet(bytes.NewReader(bad)); err == nil {
			t.Fatalf("a flipped bit in byte %d went unnoticed", i)
		}
		if _, err := ReadSet(bytes.NewReader(good[:i])); err == nil {
			t.Fatalf("a file cut after %d bytes went unnoticed", i)
		}
	}
	if _, err := ReadSet(bytes.NewReader(append(bytes.Clone(good), 0))); !errors.Is(err, ErrSetDamaged) {
		t.Errorf("a byte too many: %v", err)
	}
	if _, err := ReadSet(bytes.NewReader([]byte("rrn,name\n6703011234567,김하나\n"))); !errors.Is(err, ErrNotSet) {
		t.Errorf("another kind of file: %v", err)
	}
	later := bytes.Clone(good)
	later[len(setMagic)]++
	if _, err := ReadSet(bytes.NewReader(later)); !errors.Is(err, ErrSetVersion) {
		t.Errorf("a later format: %v", err)
	}
}

// FuzzSet forges the checksum, so that the checks behind it are reached as well.
func FuzzSet(f *testing.F) {
	for _, n := range []int{0, 1, 5} {
		good := file(f, NewSet(ids(n)))
		f.Add(good[:len(good)-sha256.Size])
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		sum := sha256.Sum256(body)
		set, err := ReadSet(bytes.NewReader(append(body[:len(body):len(body)], sum[:]...)))
		if err != nil {
			return
		}
		if !slices.IsSortedFunc(set.IDs(), compareIDs) || !bytes.HasPrefix(file(t, set), body) {
			t.Fatalf("%d subjects, not as they were written", set.Len())
		}
	})
}

func TestListsAnswerByName(t *testing.T) {
	people := ids(4)
	filter, err := Build(people[:2])
	if err != nil {
		t.Fatal(err)
	}
	lists := Lists{"covered": NewSet(people[2:3])}
	for name, c := range map[string]struct {
		lists        Lists
		onRoster, on []bool
	}{
		"filter for the roster": {lists.WithRoster(filter), []bool{true, true}, []bool{false, true}},
		"no filter":             {lists.WithRoster(nil), []bool{false, false}, []bool{false, true}},
		"exact roster counts":   {Lists{cohort.RosterList: NewSet(people[1:2]), "covered": lists["covered"]}.WithRoster(filter), []bool{false, true}, []bool{false, true}},
	} {
		for i, want := range c.onRoster {
			if got := c.lists.Of(people[i])(cohort.RosterList); got != want {
				t.Errorf("%s: person %d on the roster: %v", name, i, got)
			}
		}
		for i, want := range c.on {
			if got := c.lists.Of(people[i+1])("covered"); got != want {
				t.Errorf("%s: person %d covered: %v", name, i+1, got)
			}
		}
	}
	if lists.Of(people[0])("unknown") {
		t.Error("somebody is on a list that is not there")
	}
}

func BenchmarkSetContains(b *testing.B) {
	set := NewSet(ids(1_500_000))
	list := set.IDs()
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		set.Contains(list[i*7919%len(list)])
	}
}
