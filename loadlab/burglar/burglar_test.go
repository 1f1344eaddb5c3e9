package burglar

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/daemun/daemun/gateway/breach"
	"github.com/daemun/daemun/loadlab/attack"
	"github.com/daemun/daemun/loadlab/wire"
)

func victims() Victims {
	person := func(n int) breach.Person {
		return breach.Person{RRN: fmt.Sprintf("670301-1%06d", n), Name: "홍길동", Phone: "010-0000-1234", Ticket: strings.Repeat("T", 70), Pass: strings.Repeat("P", 159),
			No: "ABCDE-23456", Proof: strings.Repeat("R", 54), Key: "honest-0001", Slot: "c0001-0726-0930"}
	}
	return Victims{Opening: "o", Slots: []string{"c0001-0726-0930", "c0002-0726-0930"}, Booked: []breach.Person{person(1)}, Inside: []breach.Person{person(2)}, Waiting: []breach.Person{person(3)}}
}

// burgle tries every attack at a server of one's own.
func burgle(t *testing.T, tries int, h http.HandlerFunc) Summary {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	b := New(Door{Name: "gateway", Host: host}, victims(), tries, 1)
	for range 10 {
		left := b.Round()
		if left == 0 {
			break
		}
		pool := wire.NewPool(host)
		a := &attack.Attack{Schedule: AtOnce(left), Actor: b, Recorder: b, Pool: pool, Inline: true}
		if _, err := a.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		pool.Forget()
	}
	return b.Summary()
}

func deny(w http.ResponseWriter) {
	w.WriteHeader(http.StatusForbidden)
	_, _ = io.WriteString(w, `{"code":"no"}`)
}

func (s *Summary) admitted(a breach.Attack) int64 { return s.Counts[a-1].Admitted }

func TestAShutDoorIsShut(t *testing.T) {
	const tries = 60
	s := burgle(t, tries, func(w http.ResponseWriter, _ *http.Request) { deny(w) })
	for _, c := range s.Counts {
		if c.Tried != tries || c.Admitted != 0 {
			t.Errorf("%s: %+v", c.Attack, c)
		}
	}
	if s.Lost+s.Broken+s.Sheds != 0 || s.Undecided != 0 {
		t.Errorf("%+v", s)
	}
}

// TestEveryKindIsCaught opens a door to everything, and then to one kind after the other.
func TestEveryKindIsCaught(t *testing.T) {
	s := burgle(t, 60, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"booking_no":"ZZZZZ-99999","pass":"x","state":"turn"}`)
	})
	for _, c := range s.Counts {
		if c.Admitted == 0 {
			t.Errorf("%s was let in %d times and nobody noticed", c.Attack, c.Tried)
		}
	}
	for _, row := range []struct {
		attack breach.Attack
		open   func(r *http.Request) bool
	}{
		{breach.ClientFlag, func(r *http.Request) bool { return strings.Contains(r.URL.RawQuery, "TS_BYPASS") }},
		{breach.Airplane, func(r *http.Request) bool {
			return r.Header.Get("Authorization") == "Pass offline" || r.Header.Get("If-None-Match") != ""
		}},
		{breach.ClientClock, func(r *http.Request) bool { return r.Header.Get("X-Client-Time") != "" }},
		{breach.DeepLink, func(r *http.Request) bool {
			return strings.EqualFold(r.URL.Path, "/V1/Bookings") && r.URL.Path != "/v1/bookings"
		}},
		{breach.Shared, func(r *http.Request) bool {
			return r.Method == http.MethodDelete && strings.HasPrefix(r.Header.Get("Authorization"), "Pass")
		}},
		{breach.Exemption, func(r *http.Request) bool { return strings.Contains(r.UserAgent(), "Yeti") }},
		{breach.LimitOverflow, func(r *http.Request) bool { return r.ContentLength > 16<<10 }},
		{breach.AdminPath, func(r *http.Request) bool { return r.URL.Path == "/metrics" }},
		{breach.Replay, func(r *http.Request) bool { return strings.HasSuffix(r.Header.Get("Authorization"), "==") }},
	} {
		t.Run(row.attack.String(), func(t *testing.T) {
			s := burgle(t, 600, func(w http.ResponseWriter, r *http.Request) {
				if row.open(r) {
					w.WriteHeader(http.StatusOK)
					return
				}
				deny(w)
			})
			if s.admitted(row.attack) == 0 {
				t.Error("not caught")
			}
		})
	}
}

// TestLawfulAnswersAreNotTakenForBreakIns answers what a person has anyway, and then something better.
func TestLawfulAnswersAreNotTakenForBreakIns(t *testing.T) {
	v := victims()
	answer := func(state, ticket string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v1/queue/join" {
				deny(w)
				return
			}
			fmt.Fprintf(w, `{"ticket":%q,"state":%q}`, ticket, state)
		}
	}
	if s := burgle(t, 60, answer("waiting", v.Waiting[0].Ticket)); s.admitted(breach.CookieDropping)+s.admitted(breach.Redelivery) != 0 {
		t.Errorf("%+v", s)
	}
	if s := burgle(t, 60, answer("turn", v.Waiting[0].Ticket)); s.admitted(breach.CookieDropping) == 0 {
		t.Error("a turn for joining again is not noticed")
	}
	if s := burgle(t, 60, answer("waiting", "another")); s.admitted(breach.Redelivery) == 0 {
		t.Error("another ticket for the same person is not noticed")
	}
}

// TestAShedIsNoRefusal sheds half of the requests: each try gets its verdict all the same.
func TestAShedIsNoRefusal(t *testing.T) {
	var n atomic.Int64
	const tries = 40
	s := burgle(t, tries, func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1)%2 == 0 {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		deny(w)
	})
	for _, c := range s.Counts {
		if c.Tried != tries {
			t.Errorf("%s: %d verdicts, want %d", c.Attack, c.Tried, tries)
		}
	}
	if s.Sheds == 0 || s.Undecided != 0 || s.Broken != 0 {
		t.Errorf("%+v", s)
	}
}

// TestTroubleIsTold answers with errors of its own, rude 503s and cut connections.
func TestTroubleIsTold(t *testing.T) {
	var n atomic.Int64
	s := burgle(t, 30, func(w http.ResponseWriter, _ *http.Request) {
		switch n.Add(1) % 7 {
		case 0:
			w.WriteHeader(http.StatusInternalServerError)
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable) // says nothing about when to come back
		case 2:
			panic(http.ErrAbortHandler)
		default:
			deny(w)
		}
	})
	if s.Broken == 0 || s.Lost == 0 || len(s.Trouble) == 0 {
		t.Errorf("%+v", s)
	}
}

// TestTheSeedDecides sends the same bytes for the same seed.
func TestTheSeedDecides(t *testing.T) {
	bytes := func(seed uint64) string {
		b := New(Door{Host: "h"}, victims(), 100, seed)
		var out []byte
		for range b.Round() {
			_, out = b.Next(0, out)
		}
		return string(out)
	}
	if first := bytes(1); first != bytes(1) || first == bytes(2) {
		t.Error("the seed does not decide what is sent")
	}
}
