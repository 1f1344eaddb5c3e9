package access

import (
	"errors"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

func drawn(t *rapid.T) Access {
	return Access{
		At:  time.Unix(0, rapid.Int64Range(0, 1<<61).Draw(t, "at")),
		Who: rapid.String().Draw(t, "who"), Role: rapid.SampledFrom([]string{RolePerson, "call_centre", ""}).Draw(t, "role"),
		From: rapid.StringN(0, 8, -1).Draw(t, "from"), Whose: subject.ID{rapid.Byte().Draw(t, "whose")},
		Task: rapid.SampledFrom([]string{TaskView, TaskExport, ""}).Draw(t, "task"), Reason: rapid.String().Draw(t, "reason"),
	}
}

func chain(as []Access) []Record {
	var out []Record
	head := Origin
	for _, a := range as {
		r := Next(head, a)
		out = append(out, r)
		head = r.Head()
	}
	return out
}

func each(rs []Record) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		for _, r := range rs {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// TestAnyChangeShows changes, removes, swaps or slips in one record anywhere: the chain breaks, or ends where it did not.
func TestAnyChangeShows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rs := chain(rapid.SliceOfN(rapid.Custom(drawn), 2, 8).Draw(t, "accesses"))
		end, err := Verify(each(rs), nil)
		if err != nil || end != rs[len(rs)-1].Head() {
			t.Fatalf("the log as it was: %v, %v", end, err)
		}
		forged := slices.Clone(rs)
		i := rapid.IntRange(0, len(rs)-1).Draw(t, "place")
		switch what := rapid.SampledFrom([]string{"who", "role", "from", "whose", "task", "reason", "at", "shift", "remove", "swap", "slip in"}).Draw(t, "what"); what {
		case "who":
			forged[i].Who += "x"
		case "role":
			forged[i].Role += "x"
		case "from":
			forged[i].From += "x"
		case "whose":
			forged[i].Whose[15] ^= 1
		case "task":
			forged[i].Task += "x"
		case "reason":
			forged[i].Reason += "x"
		case "at":
			forged[i].At = forged[i].At.Add(1)
		case "shift": // the same bytes in all, cut elsewhere
			forged[i].Who, forged[i].Role = forged[i].Who+"a", "b"+forged[i].Role
			if r := chain([]Access{forged[i].Access}); r[0].Hash == rs[i].Hash {
				t.Fatal("two accesses have one hash")
			}
		case "remove":
			forged = slices.Delete(forged, i, i+1)
		case "swap":
			j := (i + 1) % len(rs)
			forged[i], forged[j] = forged[j], forged[i]
		case "slip in":
			forged = slices.Insert(forged, i, forged[i])
		}
		if got, err := Verify(each(forged), nil); !errors.Is(err, ErrBroken) && got == end {
			t.Fatalf("nobody noticed: %v, %v", got, err)
		}
	})
}

func TestTextsAreKeptByAnyDatabase(t *testing.T) {
	r := Next(Origin, Access{Who: "홍\x00길동\xff", Reason: strings.Repeat("가", 2*longestReason) + "\n", Task: "a\tb"})
	if r.Who != "홍길동?" || r.Task != "a b" || utf8.RuneCountInString(r.Reason) != longestReason {
		t.Errorf("%q %q %d", r.Who, r.Task, utf8.RuneCountInString(r.Reason))
	}
	if r.sum(Origin.Hash) != r.Hash {
		t.Error("the hash is of something else than what is kept")
	}
}

func TestVerifyTellsEveryHead(t *testing.T) {
	rs := chain([]Access{{Who: "a"}, {Who: "b"}})
	var heads []ledger.Head
	if _, err := Verify(each(rs), func(h ledger.Head) error { heads = append(heads, h); return nil }); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(heads, []ledger.Head{Origin, rs[0].Head(), rs[1].Head()}) {
		t.Error(heads)
	}
	stop := errors.New("stop")
	if _, err := Verify(each(rs), func(ledger.Head) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

func TestFilter(t *testing.T) {
	at := time.Unix(100, 0)
	a := Access{At: at, Who: "kim", Whose: subject.ID{1}}
	for _, c := range []struct {
		f    Filter
		want bool
	}{
		{Filter{}, true}, {Filter{Who: "kim"}, true}, {Filter{Who: "lee"}, false}, {Filter{Whose: subject.ID{1}}, true},
		{Filter{Whose: subject.ID{2}}, false}, {Filter{From: at}, true}, {Filter{To: at}, false},
		{Filter{From: at.Add(1)}, false}, {Filter{To: at.Add(1)}, true},
	} {
		if c.f.Matches(&a) != c.want {
			t.Errorf("%+v", c.f)
		}
	}
}
