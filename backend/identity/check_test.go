package identity_test

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/identity"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/pass"
)

var began = time.Date(2021, 7, 19, 11, 0, 0, 0, time.UTC)

// TestSteps: in whatever order things happen, a check goes started → returned → over and never further, is verified only by
// way of a return in time, and says why where it was not.
func TestSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := identity.Check{StartedAt: began}
		inTime := false
		for range rapid.IntRange(1, 8).Draw(t, "steps") {
			before := c
			var err error
			switch rapid.SampledFrom([]string{"return", "deny", "same", "other"}).Draw(t, "event") {
			case "return":
				after := time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "after"))
				c, err = c.Return(began.Add(after))
				inTime = inTime || err == nil && after >= -time.Minute && after < identity.Lifetime
			case "deny":
				c, err = c.Deny()
			case "same":
				c, err = c.Vouch(true)
			case "other":
				c, err = c.Vouch(false)
			}
			if err != nil && c != before {
				t.Fatalf("refused, and changed from %+v to %+v", before, c)
			}
			if err == nil && (c.Step <= before.Step || before.Step.Over()) {
				t.Fatalf("from %d to %d", before.Step, c.Step)
			}
		}
		if c.Step == identity.Verified && !inTime {
			t.Fatal("verified without a return in time")
		}
		if over := c.Step.Over() && c.Step != identity.Verified; over != (c.Reason != "") {
			t.Fatalf("step %d, reason %q", c.Step, c.Reason)
		}
	})
}

// TestStates: a state is read by whom it was made for, as it was made, and by nobody else.
func TestStates(t *testing.T) {
	text := rapid.StringMatching(`[a-z0-9-]{1,20}`)
	person := rapid.Custom(func(t *rapid.T) (id subject.ID) {
		copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		return id
	})
	rapid.Check(t, func(t *rapid.T) {
		s := identity.NewSigner(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key"))
		provider, opening, who := text.Draw(t, "provider"), text.Draw(t, "opening"), person.Draw(t, "who")
		c := s.Begin(provider, opening, who, nil, began)
		a := s.Attempt(&c)
		got, err := s.Read(a.State, provider, opening, who)
		if err != nil || got != c || s.Attempt(&got) != a {
			t.Fatalf("made %+v, read %+v, %v", c, got, err)
		}
		if a.Nonce == a.Verifier || strings.Contains(a.State, a.Nonce) || len(a.Verifier) < 43 {
			t.Fatalf("attempt %+v", a)
		}
		otherP, otherO, otherW := text.Draw(t, "provider"), text.Draw(t, "opening"), person.Draw(t, "who")
		if otherP == provider && otherO == opening && otherW == who {
			return
		}
		if _, err := s.Read(a.State, otherP, otherO, otherW); identity.ReasonOf(err) != identity.Expired {
			t.Fatalf("read by another: %v", err)
		}
	})
}

func number(t testing.TB, s string) subject.Number {
	t.Helper()
	n, err := subject.ParseNumber(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRoster(t *testing.T) {
	member, stranger := number(t, "670301-1000001"), number(t, "670301-1000002")
	on := subjects.Subject(member)
	list := &identity.Roster{About: identity.Description{ID: "roster", Name: "명단"}, List: "eligible", Subjects: subjects,
		On: func(id subject.ID) cohort.Lists {
			return func(name string) bool { return id == on && name == "eligible" }
		}}
	book := &register{}
	s := newService(t, book, list, newAway("one"))
	me := &pass.Pass{Subject: on}
	for name, c := range map[string]struct {
		p      *pass.Pass
		claim  *identity.Claim
		reason identity.Reason
	}{
		"nothing typed":       {me, nil, identity.ClaimGone},
		"another's number":    {me, &identity.Claim{Name: "홍길동", Number: stranger}, identity.Mismatch},
		"number of no member": {&pass.Pass{Subject: subjects.Subject(stranger)}, &identity.Claim{Name: "홍길동", Number: stranger}, identity.Denied},
	} {
		if _, err := s.Start(t.Context(), c.p, "roster", c.claim, began); identity.ReasonOf(err) != c.reason {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(book.found) != 0 {
		t.Fatalf("found %v", book.found)
	}
	if err := s.Return(t.Context(), me, "roster", identity.Back{State: "x", Code: "y"}, began); identity.ReasonOf(err) != identity.NoSuch {
		t.Errorf("nobody comes back from a list: %v", err)
	}
	if address, err := s.Start(t.Context(), me, "roster", &identity.Claim{Name: "홍길동", Number: member}, began); err != nil || address != "" {
		t.Fatalf("%q, %v", address, err)
	}
	if book.found[on] != "roster" {
		t.Fatalf("found %v", book.found)
	}
}

func TestWhatIsNotAccepted(t *testing.T) {
	three := newAway("three") // configured, and not accepted by the opening
	s := newService(t, &register{}, newAway("one"), three)
	for _, id := range []string{"three", "unknown", "nobody", ""} {
		if err := check(t, s, 1, id); identity.ReasonOf(err) != identity.NoSuch {
			t.Errorf("%q: %v", id, err)
		}
	}
	if got := states(t, s); len(got) != 1 || !got["one"] {
		t.Errorf("offered: %v", got)
	}
	if _, err := identity.New(identity.Options{Providers: []identity.Provider{newAway("one"), newAway("one")}, Clock: time.Now}); err == nil {
		t.Error("two providers of one name were taken")
	}
	o, _ := (&register{}).OpeningOf(nil, began)
	if missing := strings.Join(s.Missing(o), " "); missing != "two roster unknown" {
		t.Errorf("missing: %s", missing)
	}
}

// FuzzState: nothing that was not signed for the reader is read, and whatever was read says what was signed.
func FuzzState(f *testing.F) {
	s := identity.NewSigner(make([]byte, 32))
	// The same in every process that fuzzes.
	c := identity.Check{ID: [16]byte{1}, Provider: "demo", Opening: "o0719", Subject: who(1), StartedAt: began}
	good := s.Attempt(&c).State
	f.Add(good)
	f.Add(good[:len(good)-1])
	f.Add(good + "A")
	f.Add("")
	f.Add(strings.Repeat("A", len(good)))
	f.Fuzz(func(t *testing.T, state string) {
		got, err := s.Read(state, "demo", "o0719", who(1))
		if err == nil && (state != good && s.Attempt(&got).State != state) {
			t.Fatalf("%q was read", state)
		}
		if err == nil && state != good {
			t.Fatalf("%q was never made, and was read", state)
		}
		if err != nil && identity.ReasonOf(err) != identity.Expired {
			t.Fatal(err)
		}
	})
}
