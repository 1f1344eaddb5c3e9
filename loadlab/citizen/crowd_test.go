package citizen

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/daemun/daemun/loadlab/wire"
)

// site is a small, quick and lawful waiting room with a booking desk behind it. A test makes it misbehave by wrapping
// answer.
type site struct {
	opens   time.Duration
	perS    float64
	stock   int
	tickets map[string]int // by ticket: order of joining
	byRRN   map[string]string
	off     map[string]bool
	keys    map[string]string
	booked  map[string]bool
	answer  func(now time.Duration, r request) reply
}

type request struct{ method, path, auth, key, body string }

type reply struct {
	status int
	body   string
	retry  int
	err    error
}

func newSite(off map[string]bool) *site {
	s := &site{opens: 5 * time.Second, perS: 8, stock: 1000, tickets: map[string]int{}, byRRN: map[string]string{}, off: off,
		keys: map[string]string{}, booked: map[string]bool{}}
	s.answer = s.lawful
	return s
}

func parse(raw []byte) request {
	head, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
	lines := strings.Split(string(head), "\r\n")
	first := strings.Split(lines[0], " ")
	r := request{method: first[0], path: first[1], body: string(body)}
	for _, l := range lines[1:] {
		name, value, _ := strings.Cut(l, ": ")
		switch name {
		case "Authorization":
			r.auth = value
		case "Idempotency-Key":
			r.key = value
		}
	}
	return r
}

func problem(status int, code string) reply {
	return reply{status: status, body: `{"code":"` + code + `"}`}
}

func (s *site) place(ticket string, now time.Duration) reply {
	n, ok := s.tickets[ticket]
	if !ok {
		return problem(401, "bad_ticket")
	}
	state, ahead := "lobby", "null"
	if now >= s.opens {
		left := n - int(s.perS*(now-s.opens).Seconds())
		state, ahead = "waiting", fmt.Sprint(left)
		if left <= 0 {
			state, ahead = "turn", "0"
		}
	}
	return reply{status: 200, body: fmt.Sprintf(`{"ticket":"%s","state":"%s","ahead":%s,"wait_high_s":60,"next_poll_s":2}`, ticket, state, ahead)}
}

func (s *site) lawful(now time.Duration, r request) reply {
	kind, token, _ := strings.Cut(r.auth, " ")
	path, _, _ := strings.Cut(r.path, "?")
	switch {
	case path == "/" || path == "/wait":
		return reply{status: 200, body: "<html></html>\n"}
	case path == "/v1/openings/o/cursor":
		return reply{status: 200, body: fmt.Sprintf(`{"epoch":0,"rank":"%016x"}`, int(max(0, now-s.opens)))}
	case path == "/v1/queue/join":
		return s.join(now, r, token)
	case path == "/v1/queue/place":
		return s.place(token, now)
	case path == "/v1/queue/enter":
		got := s.place(token, now)
		if got.status != 200 {
			return got
		}
		if !strings.Contains(got.body, `"turn"`) {
			return problem(409, "not_your_turn")
		}
		return reply{status: 200, body: `{"pass":"pass.` + token + `"}`}
	case kind != "Pass" || s.tickets[strings.TrimPrefix(token, "pass.")] == 0:
		return problem(401, "bad_pass")
	case path == "/v1/clinics":
		return reply{status: 200, body: `{"clinics":[{"id":"c1","left":0},{"id":"c2","left":9}]}`}
	case strings.HasSuffix(path, "/slots"):
		return reply{status: 200, body: `{"days":["2026-07-26"],"slots":[{"id":"c2-0726-0900","left":3},{"id":"c2-0726-0930","left":0}]}`}
	case path == "/v1/bookings" && r.method == "POST":
		return s.book(r, strings.TrimPrefix(token, "pass."))
	case strings.HasPrefix(path, "/v1/bookings/"):
		return reply{status: 200, body: `{"booking_no":"` + strings.TrimPrefix(path, "/v1/bookings/") + `"}`}
	}
	return problem(404, "not_found")
}

func (s *site) join(_ time.Duration, r request, _ string) reply {
	rrn := string(wire.Text([]byte(r.body), `"rrn":"`))
	if s.off[rrn] {
		return problem(403, "not_eligible")
	}
	if s.byRRN[rrn] == "" {
		s.byRRN[rrn] = "ticket." + rrn + "." + strings.Repeat("t", 40)
		s.tickets[s.byRRN[rrn]] = len(s.tickets) + 1
	}
	return s.place(s.byRRN[rrn], s.opens-1)
}

func (s *site) book(r request, ticket string) reply {
	rrn, slot := string(wire.Text([]byte(r.body), `"rrn":"`)), string(wire.Text([]byte(r.body), `"slot":"`))
	if s.byRRN[rrn] != ticket {
		return problem(403, "identity_mismatch")
	}
	if b := s.keys[r.key]; b != "" {
		return reply{status: 201, body: b}
	}
	if s.booked[rrn] {
		return problem(409, "already_booked")
	}
	s.booked[rrn] = true
	s.keys[r.key] = fmt.Sprintf(`{"booking_no":"B%s","slot":"%s","state":"booked","proof":"p"}`, rrn, slot)
	return reply{status: 201, body: s.keys[r.key]}
}

const people, unlisted = 200, 40

func crowdOf(t *testing.T) (*Crowd, *site) {
	t.Helper()
	file := header + "\n"
	off := map[string]bool{}
	for i := range people + unlisted {
		rrn := fmt.Sprintf("67%011d", i)
		off[rrn] = i >= people
		file += fmt.Sprintf("%s,김하늘,010-0000-%04d,1967-01-01,%v\n", rrn, i, i < people)
	}
	p, err := ReadPeople([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return NewCrowd(p, Options{Opening: "o", Host: "h", Nonce: "n", Seed: 7, Lobby: 5 * time.Second, Run: time.Minute, Cheats: .02}), newSite(off)
}

// live runs the crowd against the site in virtual time: a thousand requests a second for a minute.
func live(t *testing.T, c *Crowd, s *site) *History {
	t.Helper()
	for now := time.Duration(0); now < time.Minute; now += time.Millisecond {
		a, raw := c.Next(now, nil)
		got := s.answer(now, parse(raw))
		res := wire.Response{Status: got.status, RetryAfter: got.retry, Body: []byte(got.body)}
		c.Apply(a, now, now+500*time.Microsecond, &res, got.err)
	}
	return c.History()
}

func TestACrowdLivesThroughAnOpening(t *testing.T) {
	c, s := crowdOf(t)
	h := live(t, c, s)
	f := h.Funnel
	if f.Joined != people || f.RefusedAtJoin != unlisted || f.Booked < people*3/4 || f.Booked != len(h.Acked) || f.Booked != len(s.booked) {
		t.Errorf("funnel %+v, %d acknowledged, %d on the site", f, len(h.Acked), len(s.booked))
	}
	if h.BadAnswers+h.BlankPages+h.RudeSheds+h.Unstated+h.PlacesLost+h.TicketsChanged+h.TurnsTakenBack+h.CursorBack+h.WrongRefusals+h.SecondAnswers > 0 {
		t.Errorf("a lawful site is blamed: %q", h.Notes)
	}
	for k := range Cheats {
		if h.Tried[k] == 0 || h.Through[k] > 0 {
			t.Errorf("%v: tried %d, through %d", Cheat(k), h.Tried[k], h.Through[k])
		}
	}
	if h.PlacesCompared == 0 || h.TicketsCompared == 0 || h.CursorSteps == 0 || h.Pages == 0 {
		t.Errorf("too little was looked at: %+v", h)
	}
}

func TestTheSameSeedLivesTheSameLife(t *testing.T) {
	life := func() string {
		c, s := crowdOf(t)
		var all strings.Builder
		lawful := s.answer
		s.answer = func(now time.Duration, r request) reply {
			fmt.Fprintf(&all, "%v %v\n", now, r)
			return lawful(now, r)
		}
		live(t, c, s)
		return all.String()
	}
	if first, second := life(), life(); first != second {
		t.Error("two runs with one seed differ")
	}
}

// Each row is a site that does one thing wrong; the crowd must notice.
func TestTheCrowdNotices(t *testing.T) {
	after := func(at time.Duration, path string, wrong func(request, reply) reply) func(*site) {
		return func(s *site) {
			lawful := s.answer
			s.answer = func(now time.Duration, r request) reply {
				got := lawful(now, r)
				if now >= at && strings.HasPrefix(r.path, path) {
					return wrong(r, got)
				}
				return got
			}
		}
	}
	always := func(a reply) func(request, reply) reply { return func(request, reply) reply { return a } }
	swap := func(from, to string) func(request, reply) reply {
		return func(_ request, got reply) reply {
			got.body = strings.ReplaceAll(got.body, from, to)
			return got
		}
	}
	for _, c := range []struct {
		name  string
		wrong func(*site)
		seen  func(*History) bool
	}{
		{"blank page", after(9*time.Second, "/wait", always(reply{status: 200, body: "<html>"})), func(h *History) bool { return h.BlankPages > 0 }},
		{"rude 503", after(9*time.Second, "/v1/queue", always(reply{status: 503, body: "upstream"})), func(h *History) bool { return h.RudeSheds > 0 && h.RudeSheds == h.Sheds }},
		{"polite 503 is no offence", after(9*time.Second, "/v1/queue", always(reply{status: 503, body: `{"code":"busy"}`, retry: 2})),
			func(h *History) bool { return h.Sheds > 0 && h.RudeSheds == 0 }},
		{"500", after(9*time.Second, "/v1/clinics", always(reply{status: 500, body: `{"code":"internal"}`})), func(h *History) bool { return h.BadAnswers > 0 }},
		{"refusal without code", after(9*time.Second, "/v1/queue/enter", always(reply{status: 409})), func(h *History) bool { return h.Unstated > 0 }},
		{"ticket forgotten", after(9*time.Second, "/v1/queue/place", always(problem(401, "bad_ticket"))), func(h *History) bool { return h.PlacesLost > 0 }},
		{"thrown back", func(s *site) {
			lawful := s.answer
			s.answer = func(now time.Duration, r request) reply {
				if now > 12*time.Second && r.path == "/v1/queue/place" && s.tickets[strings.TrimPrefix(r.auth, "Ticket ")] > 0 {
					return reply{status: 200, body: `{"state":"waiting","ahead":91039,"next_poll_s":1}`}
				}
				return lawful(now, r)
			}
		}, func(h *History) bool { return h.PlacesLost > 0 }},
		{"turn taken back", after(6*time.Second, "/v1/queue/enter", always(problem(409, "not_your_turn"))), func(h *History) bool { return h.TurnsTakenBack > 0 }},
		{"ticket changed", func(s *site) {
			lawful, n := s.answer, 0
			s.answer = func(now time.Duration, r request) reply {
				got := lawful(now, r)
				if n++; r.path == "/v1/queue/join" && now > 9*time.Second {
					got.body = strings.ReplaceAll(got.body, `"ticket":"`, fmt.Sprintf(`"ticket":"%d`, n))
				}
				return got
			}
		}, func(h *History) bool { return h.TicketsChanged > 0 }},
		{"cursor back", func(s *site) {
			lawful := s.answer
			s.answer = func(now time.Duration, r request) reply {
				if now > 20*time.Second {
					now -= 9 * time.Second
				}
				return lawful(now, r)
			}
		}, func(h *History) bool { return h.CursorBack > 0 }},
		{"somebody listed is refused", after(2*time.Second, "/v1/queue/join", always(problem(403, "not_eligible"))), func(h *History) bool { return h.WrongRefusals > 0 }},
		{"somebody unlisted books", func(s *site) { s.off = nil }, func(h *History) bool { return h.BookedOffRoster > 0 && h.Funnel.SlippedIn > 0 }},
		{"no time to ask again", after(0, "/v1/queue/place", swap(`"next_poll_s":2`, `"next_poll_s":0`)), func(h *History) bool { return h.BadAnswers > 0 }},
		{"another booking is shown", after(0, "/v1/bookings/", swap(`"booking_no":"B`, `"booking_no":"X`)), func(h *History) bool { return h.BadAnswers > 0 }},
		{"a first booking is refused as second", after(0, "/v1/bookings", always(problem(409, "already_booked"))), func(h *History) bool { return h.SecondAnswers > 0 }},
		{"any ticket is good", func(s *site) {
			lawful := s.answer
			s.answer = func(now time.Duration, r request) reply {
				if got := lawful(now, r); r.path != "/v1/queue/place" || got.status == 200 {
					return got
				}
				return reply{status: 200, body: `{"state":"waiting","ahead":5,"next_poll_s":2}`}
			}
		}, func(h *History) bool {
			return h.Through[ForgedTicket] > 0 && h.Through[BentTicket] > 0 && h.Through[CutTicket] > 0
		}},
		{"enter before the turn", after(0, "/v1/queue/enter", always(reply{status: 200, body: `{"pass":"p"}`})),
			func(h *History) bool {
				return h.Through[EarlyEnter] > 0 && h.Through[ClockEnter] > 0 && h.Through[ForgedEnter] > 0
			}},
		{"any pass is good", after(0, "/v1/bookings", func(r request, got reply) reply {
			if r.method == "POST" && got.status != 201 {
				return reply{status: 201, body: `{"booking_no":"X"}`}
			}
			return got
		}), func(h *History) bool {
			return h.Through[ReplayedPass] > 0 && h.Through[DeepBooking] > 0 && h.Through[ForgedPass] > 0 && h.Through[SecondBooking] > 0
		}},
		{"lists without a pass", after(0, "/v1/clinics", always(reply{status: 200, body: `{"clinics":[]}`})), func(h *History) bool { return h.Through[DeepClinics] > 0 }},
		{"open inner paths", after(0, "/internal", always(reply{status: 200})), func(h *History) bool { return h.Through[PathTrick] > 0 }},
		{"rejoining jumps the queue", func(s *site) {
			lawful := s.answer
			s.answer = func(now time.Duration, r request) reply {
				known := s.byRRN[string(wire.Text([]byte(r.body), `"rrn":"`))] != ""
				if known && r.path == "/v1/queue/join" && r.auth == "" {
					return reply{status: 200, body: `{"ticket":"jump","state":"waiting","ahead":0,"next_poll_s":2}`}
				}
				if r.auth == "Ticket jump" {
					return reply{status: 200, body: `{"state":"waiting","ahead":0,"next_poll_s":2}`}
				}
				return lawful(now, r)
			}
		}, func(h *History) bool { return h.Through[Rejoin] > 0 }},
	} {
		t.Run(c.name, func(t *testing.T) {
			crowd, s := crowdOf(t)
			c.wrong(s)
			if h := live(t, crowd, s); !c.seen(h) {
				t.Errorf("not noticed: %+v", summary(h))
			}
		})
	}
}

func summary(h *History) string {
	return fmt.Sprintf("%+v tried %v through %v notes %q", h.Funnel, h.Tried, h.Through, h.Notes)
}

// A booking whose answer is lost is asked for again with the same key and becomes one booking.
func TestALostAnswerIsAskedForAgain(t *testing.T) {
	c, s := crowdOf(t)
	lawful, lose := s.answer, true
	s.answer = func(now time.Duration, r request) reply {
		got := lawful(now, r)
		if r.path == "/v1/bookings" && got.status == 201 {
			if lose = !lose; !lose {
				return reply{err: fmt.Errorf("receive: %w", syscall.ECONNRESET)}
			}
		}
		return got
	}
	h := live(t, c, s)
	doubted := 0
	for _, a := range h.Acked {
		if a.Unknown {
			doubted++
		}
	}
	if h.Unknown == 0 || doubted == 0 || h.SecondAnswers > 0 || len(h.Acked)+len(c.Pending()) < len(s.booked) {
		t.Errorf("%d lost, %d of them acknowledged later, %d refused as second, %d acknowledged, %d on the site", h.Unknown, doubted, h.SecondAnswers, len(h.Acked), len(s.booked))
	}
	for _, a := range c.Pending() {
		r := parse(c.Resend(a, nil))
		if s.keys[r.key] == "" {
			t.Errorf("a pending booking is asked for with a new key %s", r.key)
		}
	}
}

func TestCausesAreFew(t *testing.T) {
	for want, err := range map[string]error{
		"refused": fmt.Errorf("connect: %w", syscall.ECONNREFUSED), "reset": fmt.Errorf("receive: %w", syscall.ECONNRESET),
		"broken pipe": syscall.EPIPE, "closed": io.EOF, "cut short": io.ErrUnexpectedEOF, "other": errors.New("x"),
		"malformed answer": wire.ErrMalformed} {
		if got := cause(err); got != want {
			t.Errorf("%v is %q, want %q", err, got, want)
		}
	}
}

func TestAPersonIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(person{}); n > 128 {
		t.Errorf("a person takes %d bytes", n)
	}
}

func TestPeopleAreReadStrictly(t *testing.T) {
	for name, file := range map[string]string{
		"empty": "", "no header": "1,2,3,4,true\n", "nobody": header + "\n", "few fields": header + "\n1,2,3\n",
	} {
		if _, err := ReadPeople([]byte(file)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	p, err := ReadPeople([]byte("\ufeff" + header + "\r\n1,a,b,c,true\r\n2,a,b,c,false"))
	if err != nil || p.Len() != 2 || p.OnRoster() != 1 {
		t.Errorf("%v, %+v", err, p)
	}
}
