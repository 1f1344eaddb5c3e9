package wire

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

func TestScanFindsValues(t *testing.T) {
	body := []byte(`{"ahead": 1200,"state":"waiting","wait_low_s":null,"x":-7,"last":3}`)
	if s := string(Text(body, `"state":"`)); s != "waiting" {
		t.Errorf("state is %q", s)
	}
	for key, want := range map[string]int64{`"ahead":`: 1200, `"x":`: -7, `"last":`: 3} {
		if n, ok := Int(body, key); !ok || n != want {
			t.Errorf("%s is %d, %v", key, n, ok)
		}
	}
	for _, key := range []string{`"wait_low_s":`, `"none":`} {
		if n, ok := Int(body, key); ok {
			t.Errorf("%s is %d", key, n)
		}
	}
	if Text(body, `"none":"`) != nil || Text([]byte(`{"state":"cut`), `"state":"`) != nil {
		t.Error("found a text that is not there")
	}
}

func TestScanAgreesWithJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type slot struct {
			ID   string `json:"id"`
			Left int64  `json:"left"`
		}
		want := rapid.SliceOf(rapid.Custom(func(t *rapid.T) slot {
			return slot{rapid.StringMatching(`[a-z0-9-]{1,16}`).Draw(t, "id"), rapid.Int64Range(-5, 1<<40).Draw(t, "left")}
		})).Draw(t, "slots")
		body, err := json.Marshal(map[string]any{"as_of": "x", "slots": want, "z": []string{"}"}})
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		Objects(body, `"slots":`, func(o []byte) bool {
			n, ok := Int(o, `"left":`)
			if !ok || n != want[i].Left || string(Text(o, `"id":"`)) != want[i].ID {
				t.Fatalf("object %d is %s, want %+v", i, o, want[i])
			}
			i++
			return true
		})
		if i != len(want) {
			t.Fatalf("%d objects, want %d", i, len(want))
		}
	})
}
