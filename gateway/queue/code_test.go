package queue

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func codeKeys(current byte) *Keys {
	keys := map[byte][]byte{1: make([]byte, 32), 2: make([]byte, 32)}
	keys[2][0] = 1
	return NewKeys(keys, current)
}

func drawTicket(t *rapid.T) Ticket {
	return Ticket{
		KeyID: byte(rapid.IntRange(1, 2).Draw(t, "key")), Opening: rapid.Uint32().Draw(t, "opening"), Cohort: rapid.Uint32().Draw(t, "cohort"),
		Epoch: rapid.Uint32Range(0, codeEpochs-1).Draw(t, "epoch"), Subject: [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "subject")),
	}
}

// TestACodeSurvivesBeingReadOut: whatever the person says and the agent types, the same place comes back, and it is no other
// person's and no other opening's.
func TestACodeSurvivesBeingReadOut(t *testing.T) {
	keys := codeKeys(2)
	rapid.Check(t, func(t *rapid.T) {
		ticket := drawTicket(t)
		code := keys.Code(&ticket)
		if len(code) != 14 || code[4] != '-' || code[9] != '-' {
			t.Fatalf("code %q", code)
		}
		typed := code
		if rapid.Bool().Draw(t, "lower") {
			typed = strings.ToLower(typed)
		}
		if rapid.Bool().Draw(t, "plain") {
			typed = strings.ReplaceAll(typed, "-", " ")
		}
		if rapid.Bool().Draw(t, "letters for digits") {
			typed = strings.NewReplacer("0", "o", "1", "l").Replace(typed)
		}
		known := Ticket{Opening: ticket.Opening, Cohort: ticket.Cohort, Subject: ticket.Subject}
		if got, ok := keys.Recall(typed, known); !ok || got != ticket {
			t.Fatalf("%q recalls %+v, want %+v", typed, got, ticket)
		}
		other := known
		other.Subject[rapid.IntRange(0, 15).Draw(t, "byte")] ^= 1
		if got, ok := keys.Recall(code, other); ok {
			t.Fatalf("somebody else's: %+v", got)
		}
		other = known
		other.Opening++
		if got, ok := keys.Recall(code, other); ok {
			t.Fatalf("another opening's: %+v", got)
		}
		at := rapid.IntRange(0, 3).Draw(t, "letter") // of the epoch: an earlier one would be a better place
		if got, ok := keys.Recall(code[:at]+string(codeAlphabet[(strings.IndexByte(codeAlphabet, code[at])+1)%32])+code[at+1:], known); ok {
			t.Fatalf("another epoch: %+v", got)
		}
	})
	beyond := Ticket{KeyID: 2, Epoch: codeEpochs}
	if code := keys.Code(&beyond); code != "" {
		t.Errorf("an epoch beyond all: %q", code)
	}
}

func FuzzRecall(f *testing.F) {
	keys := codeKeys(1)
	t := Ticket{KeyID: 1, Opening: 7, Epoch: 12}
	f.Add(keys.Code(&t))
	f.Add("oooo-llll-iiii")
	f.Fuzz(func(tt *testing.T, code string) {
		got, ok := keys.Recall(code, Ticket{Opening: 7})
		if ok && keys.Code(&got) == "" {
			tt.Fatalf("%q recalls %+v", code, got)
		}
	})
}
