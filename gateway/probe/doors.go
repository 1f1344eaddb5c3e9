// Package probe tries, from outside and over real connections, the doors that must be shut: paths that are not listed,
// other spellings of guarded ones, forged passes and tickets, the control room without a certificate, the backend without
// the gateway's token and with it but without a lawful pass, the shared state's ports. Nothing it sends could be taken, so
// nothing real comes of it. A door that could not be tried is not a door that is shut.
package probe

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/daemun/daemun/gateway/breach"
	"github.com/daemun/daemun/gateway/route"
)

// State of a door after a try.
type State int

// States.
const (
	Untried State = iota // nobody there, or no verdict
	Shut
	Open
)

// Result is what came of a try. Ko and En say what was tried and what answered.
type Result struct {
	Name   string
	State  State
	Ko, En string
	Nobody bool // untried because no connection could be made
}

// Target says where to try. What is empty is left out.
type Target struct {
	Public  string   // URL of the citizens' listener
	Control string   // URL of the control listener
	Lanes   string   // URL of the lanes' listener
	Backend []string // URLs of the backend's instances
	Token   string   // the gateway's, in hex; with it the backend is also tried as a gateway would
	State   []string // host:port at which the shared state must not listen
}

// StatePorts are where an embedded NATS server would listen if it did: clients, monitoring, cluster.
func StatePorts(host string) []string {
	return []string{host + ":4222", host + ":8222", host + ":6222"}
}

// attempt is one door with the bytes that are sent to it.
type attempt struct {
	name    string
	request string
	ko, en  string // what is tried
}

// forged is a text of a token's length that nobody signed.
func forged(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(b)
}

const (
	passBytes   = 119
	ticketBytes = 54
)

// noBooking is the body of a booking that no backend could take: its slot is none, its number is none.
const noBooking = `{"slot":"none","name":"문지기","rrn":"000000-0000000","phone":"010-0000-0000"}`

func ask(line, host, body string, headers ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s HTTP/1.1\r\nHost: %s\r\n", line, host)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	fmt.Fprintf(&b, "Idempotency-Key: probe-0000\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	return b.String()
}

// citizens are the doors of the citizens' listener.
func citizens(host string) []attempt {
	var out []attempt
	for _, path := range breach.Doors {
		out = append(out, attempt{"public GET " + path, ask("GET "+path, host, ""), "시민 주소에서 내부 경로", "an inner path at the citizens' address"})
	}
	for _, line := range breach.Spellings {
		out = append(out, attempt{"public " + line, ask(line, host, noBooking), "경로 변형", "another spelling of a guarded path"})
	}
	pass, ticket := "Authorization: Pass "+forged(passBytes), "Authorization: Ticket "+forged(ticketBytes)
	return append(out,
		attempt{"public clinics without a pass", ask("GET /v1/clinics", host, ""), "입장권 없는 목록", "lists without a pass"},
		attempt{"public clinics with a forged pass", ask("GET /v1/clinics", host, "", pass), "위조 입장권으로 목록", "lists with a forged pass"},
		attempt{"public booking without a pass", ask("POST /v1/bookings", host, noBooking), "입장권 없는 예약", "a booking without a pass"},
		attempt{"public booking with a forged pass", ask("POST /v1/bookings", host, noBooking, pass), "위조 입장권으로 예약", "a booking with a forged pass"},
		attempt{"public enter with a forged ticket", ask("POST /v1/queue/enter", host, "", ticket), "위조 순번표로 입장", "entering with a forged ticket"},
		attempt{"public place with a forged ticket", ask("GET /v1/queue/place", host, "", ticket), "위조 순번표", "a forged ticket"},
		attempt{"public two passes", ask("GET /v1/clinics", host, "", pass, pass), "입장권 두 개", "two passes at once"},
		attempt{"public false exemption", ask("GET /v1/clinics", host, "", "User-Agent: daemun-probe", "X-Forwarded-For: 127.0.0.1"), "예외 사칭", "a claimed exemption"},
	)
}

// backend are the doors of the backend: for strangers, and for whoever has stolen the gateway's token.
func backend(host, token string) []attempt {
	pass := "Authorization: Pass " + forged(passBytes)
	stranger := func(name, line, body string, headers ...string) attempt {
		return attempt{"backend " + name + " without a token", ask(line, host, body, headers...), "토큰 없이 예약 서버에 직접", "the backend reached directly without a token"}
	}
	out := []attempt{
		stranger("status", "GET /internal/status", ""), stranger("ledger", "GET /internal/ledger", ""), stranger("clinics", "GET /v1/clinics", "", pass),
		stranger("booking", "POST /v1/bookings", noBooking, pass), stranger("admission", "POST /internal/admissions", forged(passBytes)), stranger("event", "POST /internal/events", "{}"),
		stranger("debug", "GET /debug/pprof/", ""), stranger("metrics", "GET /metrics", ""),
	}
	wrong := route.TokenHeader + ": " + strings.Repeat("0", 64)
	out = append(out, attempt{"backend status with a wrong token", ask("GET /internal/status", host, "", wrong), "틀린 토큰으로 예약 서버에", "the backend with a wrong token"})
	if token == "" {
		return out
	}
	thief := func(name, line, body string, headers ...string) attempt {
		return attempt{"backend " + name + " with the token and no lawful pass", ask(line, host, body, append(headers, route.TokenHeader+": "+token)...),
			"토큰은 있으나 입장권이 위조된 요청", "the gateway's token with a forged pass"}
	}
	return append(out, thief("clinics", "GET /v1/clinics", "", pass), thief("booking", "POST /v1/bookings", noBooking, pass),
		thief("admission", "POST /internal/admissions", forged(passBytes)), thief("other spelling", "GET //internal/status", ""), thief("control", "GET /control/v1/snapshot", ""))
}
