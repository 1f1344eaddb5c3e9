// Package breach knows the ways in that must stay shut: twelve attacks, each in variants, as the very bytes that a stranger
// sends. The same tries are made against the gateway and against the backend, by tests and by the load lab. Nothing here
// opens a connection.
package breach

import (
	"cmp"
	"encoding/base64"
	"math/rand/v2"
	"strconv"
	"strings"
)

// Attack is one of the twelve ways in. All are known from real waiting rooms.
type Attack int

// The attacks. Their numbers are those of docs/doors.md.
const (
	ClientFlag      Attack = iota + 1 // something in the browser says that one may pass
	Airplane                          // whoever cannot reach the queue goes on without it
	ClientClock                       // a clock that is not ours
	DeepLink                          // a guarded address in another spelling, or before the opening
	Shared                            // a ticket, a pass or a booking of somebody else
	CookieDropping                    // joining again and again without what was given the first time
	Exemption                         // a User-Agent, a referrer, an address that is let through
	LimitOverflow                     // what is too much is let through
	AdminPath                         // an operator's or a developer's door, a default password
	AbandonedPlaces                   // places and admissions held by those who never come
	Redelivery                        // the same request once more, for something better
	Replay                            // a pass that is used, foreign, forged, cut or written otherwise
)

// Attacks lists them in order.
var Attacks = [...]Attack{ClientFlag, Airplane, ClientClock, DeepLink, Shared, CookieDropping, Exemption, LimitOverflow, AdminPath, AbandonedPlaces, Redelivery, Replay}

var names = [...]string{"", "client_flag", "airplane", "client_clock", "deep_link", "shared", "cookie_dropping", "exemption",
	"limit_overflow", "admin_path", "abandoned_places", "redelivery", "replay"}

// String is the attack's name as verdicts and metrics write it.
func (a Attack) String() string {
	if a < 1 || int(a) >= len(names) {
		return "attack " + strconv.Itoa(int(a))
	}
	return names[a]
}

// Person is somebody of whom the attacker knows things: their own, bought, found or stolen. What they do not have is
// empty.
type Person struct {
	RRN, Name, Phone string
	Ticket           string
	Pass             string
	No, Proof, Key   string // of a booking: its number, a proof, the idempotency key
	Slot             string
}

// Loot is what an attacker has to work with.
type Loot struct {
	Host    string
	Token   string // the gateway's, in hex; empty where it was not stolen
	Opening string
	Slot    string   // one that there is
	Me      Person   // has a ticket whose turn is far away
	Inside  Person   // somebody else who was let in and has not booked
	Booked  Person   // somebody else who has booked
	Foreign []string // passes with a good signature that must open nothing: expired, of another opening, of a rehearsal …
	Rand    *rand.Rand
}

// Variant is one way to carry out an attack.
type Variant struct {
	Attack Attack
	Name   string
	// Lawful says that a 2xx may be right: it is if the answer gives what the person has anyway, which append returns.
	// Where the answer gives a place, it must not say that the turn has come.
	Place bool
	// Leads is where a page would send somebody who got in: "/done" unless something else is said.
	Leads  string
	append func(out []byte, l *Loot) (request []byte, has string)
}

// Append appends the bytes of a try. An answer of 2xx is right only if has is not empty and stands in it.
func (v *Variant) Append(out []byte, l *Loot) (request []byte, has string) { return v.append(out, l) }

// Of returns the variants of an attack.
func Of(a Attack) []Variant {
	var out []Variant
	for _, v := range all() {
		if v.Attack == a {
			out = append(out, v)
		}
	}
	return out
}

func all() []Variant {
	var out []Variant
	for _, list := range [][]Variant{forms(), flags(), offline(), clocks(), links(), shared(), dropping(), exempt(), limits(), admin(), abandoned(), again(), replays()} {
		out = append(out, list...)
	}
	return out
}

// request writes a request line, the headers that every try has and those given ("Name: value"), and the body.
func (l *Loot) request(out []byte, line, body string, headers ...string) []byte {
	out = append(append(out, line...), " HTTP/1.1\r\nHost: "...)
	out = append(append(out, l.Host...), "\r\n"...)
	if l.Token != "" {
		out = append(append(append(out, "X-Daemun-Gateway: "...), l.Token...), "\r\n"...)
	}
	for _, h := range headers {
		out = append(append(out, h...), "\r\n"...)
	}
	if body != "" || !strings.HasPrefix(line, "GET ") {
		out = append(out, "Content-Type: application/json\r\nContent-Length: "...)
		out = append(strconv.AppendInt(out, int64(len(body)), 10), "\r\n"...)
	}
	return append(append(out, "\r\n"...), body...)
}

// booking is the body of a booking for a person.
func (l *Loot) booking(p *Person) string {
	return `{"slot":"` + l.Slot + `","name":"` + p.Name + `","rrn":"` + p.RRN + `","phone":"` + p.Phone + `"}`
}

func (l *Loot) key() string { return "Idempotency-Key: breach-" + l.random(9) }

// random is n bytes of chance as base64url.
func (l *Loot) random(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(l.Rand.Uint32())
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

func pick[T any](l *Loot, of []T) T { return of[l.Rand.IntN(len(of))] }

func ticket(text string) string { return "Authorization: Ticket " + text }
func pass(text string) string   { return "Authorization: Pass " + text }

// refused is a variant to which no 2xx is right.
func refused(a Attack, name string, f func(out []byte, l *Loot) []byte) Variant {
	return Variant{Attack: a, Name: name, append: func(out []byte, l *Loot) ([]byte, string) { return f(out, l), "" }}
}

// Admitted judges an answer: whether the try got somebody in; location is where it sends them, empty where nowhere. A
// polite 503 has decided nothing; see Shed.
func (v *Variant) Admitted(status int, location string, body []byte, has string) bool {
	if leads := cmp.Or(v.Leads, "/done"); status >= 300 && status < 400 {
		return strings.HasPrefix(location, leads)
	}
	if status < 200 || status >= 300 {
		return false
	}
	if v.Place {
		return strings.Contains(string(body), `"state":"turn"`) || !strings.Contains(string(body), `"ticket":"`)
	}
	return has == "" || !strings.Contains(string(body), has)
}

// Shed tells whether an answer has decided nothing, so that the try counts only when it is made again.
func Shed(status int) bool { return status == 503 || status == 429 }
