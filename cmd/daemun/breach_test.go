package main

import (
	"bufio"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/breach"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/pass"
)

// stranger sends raw requests to one address.
type stranger struct {
	t    *testing.T
	addr string
	conn net.Conn
	in   *bufio.Reader
}

func (s *stranger) send(request []byte) (status int, location string, body []byte) {
	s.t.Helper()
	for {
		if s.conn == nil {
			var err error
			if s.conn, err = net.Dial("tcp", s.addr); err != nil {
				s.t.Fatal(err)
			}
			s.in = bufio.NewReader(s.conn)
		}
		_ = s.conn.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := s.conn.Write(request); err != nil {
			s.t.Fatalf("%.100q: %v", request, err)
		}
		method, _, _ := strings.Cut(string(request), " ")
		resp, err := http.ReadResponse(s.in, &http.Request{Method: method})
		if err != nil {
			s.t.Fatalf("%.100q: %v", request, err)
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			s.t.Fatalf("%.100q: %v", request, err)
		}
		if resp.Close {
			s.conn.Close()
			s.conn = nil
		}
		if !breach.Shed(resp.StatusCode) {
			return resp.StatusCode, resp.Header.Get("Location"), body
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// loot makes some people book and others wait, and hands over what a thief might have of them.
func (s *site) loot() *breach.Loot {
	s.t.Helper()
	eligible, _ := s.citizens()
	l := &breach.Loot{Rand: rand.New(rand.NewPCG(1, 2))}
	person := func(c demo.Citizen) breach.Person {
		return breach.Person{RRN: c.Number.Digits(), Name: c.Name, Phone: c.Phone, Ticket: s.join(c)}
	}
	l.Booked, l.Inside = person(eligible[0]), person(eligible[1])
	l.Booked.Key = "key-breach-0001"
	l.Booked.Pass, l.Inside.Pass = s.enter(l.Booked.Ticket), s.enter(l.Inside.Ticket)
	l.Opening = s.place(l.Inside.Ticket).Opening
	var clinics api.ClinicList
	s.do(200, "GET", "/v1/clinics", "Pass "+l.Inside.Pass, nil, &clinics)
	var slots api.SlotList
	s.do(200, "GET", "/v1/clinics/"+clinics.Clinics[0].ID+"/slots", "Pass "+l.Inside.Pass, nil, &slots)
	l.Slot, l.Booked.Slot = slots.Slots[1].ID, slots.Slots[0].ID
	body, _ := json.Marshal(api.BookingRequest{Slot: l.Booked.Slot, Name: l.Booked.Name, RRN: l.Booked.RRN, Phone: l.Booked.Phone})
	honest := &stranger{t: s.t, addr: s.public}
	status, _, answer := honest.send(fmt.Appendf(nil, "POST /v1/bookings HTTP/1.1\r\nHost: h\r\nAuthorization: Pass %s\r\nIdempotency-Key: %s\r\nContent-Length: %d\r\n\r\n%s",
		l.Booked.Pass, l.Booked.Key, len(body), body))
	var b api.Booking
	if err := json.Unmarshal(answer, &b); err != nil || status != 201 {
		s.t.Fatalf("booking: %d %s", status, answer)
	}
	l.Booked.No, l.Booked.Proof = b.No, b.Proof
	// From here on nobody else is called in, so that whoever comes now waits.
	if code, text := s.command("operator", "PUT", "/control/v1/openings/"+l.Opening+"/rate", api.RateCommand{Reason: "시험", PerS: .001}, nil); code != 200 {
		s.t.Fatalf("cap: %d %s", code, text)
	}
	for i := 2; l.Me.Ticket == ""; i++ {
		if i == 60 {
			s.t.Fatal("everybody's turn has come")
		}
		me := person(eligible[i])
		time.Sleep(1500 * time.Millisecond)
		if s.place(me.Ticket).State == api.PlaceWaiting {
			l.Me = me
		}
	}
	return l
}

// foreign are passes that are signed, and open nothing.
func (s *site) foreign(l *breach.Loot) []string {
	s.t.Helper()
	ring, err := keyring.Open(s.data)
	if err != nil {
		s.t.Fatal(err)
	}
	key, id := ring.PassSigner()
	good, err := ring.PassVerifier().Verify(l.Inside.Pass, time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	_, other, err := ed25519.GenerateKey(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	signed := func(key ed25519.PrivateKey, change func(*pass.Pass)) string {
		p := good
		change(&p)
		return pass.Sign(p, key)
	}
	return []string{
		signed(key, func(p *pass.Pass) { p.ExpiresAt = time.Now() }),
		signed(key, func(p *pass.Pass) { p.ExpiresAt = p.IssuedAt.Add(-time.Hour) }),
		signed(key, func(p *pass.Pass) { p.Opening++ }),
		signed(key, func(p *pass.Pass) { p.Rehearsal = true }),
		signed(key, func(p *pass.Pass) { p.Opening = 0 }),
		signed(key, func(p *pass.Pass) { p.KeyID = id + 1 }),   // a key that nobody has
		signed(other, func(p *pass.Pass) { p.KeyID = id + 1 }), // a key that was taken away
		signed(other, func(*pass.Pass) {}),                     // somebody's own key under our number
		signed(other, func(p *pass.Pass) { p.Subject = subject.ID{} }),
	}
}

// TestTheTwelveAttacks tries every variant of every attack at the gateway, and at the backend reached directly: with no
// token, with a wrong one, and with the gateway's own.
func TestTheTwelveAttacks(t *testing.T) {
	s := newSite(t)
	s.up()
	l := s.loot()
	l.Foreign = s.foreign(l)
	before := s.kept()
	ring, err := keyring.Open(s.data)
	if err != nil {
		t.Fatal(err)
	}
	for _, side := range []struct{ name, addr, token string }{
		{"gateway", s.public, ""},
		{"gateway with the backend's token", s.public, hex.EncodeToString(ring.GatewayToken())},
		{"backend", s.backend, ""},
		{"backend with a wrong token", s.backend, strings.Repeat("0", 64)},
		{"backend with the stolen token", s.backend, hex.EncodeToString(ring.GatewayToken())},
	} {
		l.Host, l.Token = side.addr, side.token
		for _, a := range breach.Attacks {
			for _, v := range breach.Of(a) {
				t.Run(fmt.Sprintf("%s/%02d %s/%s", side.name, int(a), a, v.Name), func(t *testing.T) {
					who := &stranger{t: t, addr: side.addr}
					for range 25 {
						request, has := v.Append(nil, l)
						status, location, body := who.send(request)
						if v.Admitted(status, location, body, has) {
							t.Fatalf("%.300s\nwas answered %d %.300s", request, status, body)
						}
						if status >= 500 {
							t.Fatalf("%.300s\nbroke it: %d %.300s", request, status, body)
						}
					}
				})
			}
		}
	}
	if after := s.kept(); after != before {
		t.Errorf("the ledger held %+v, and after the attacks %+v", before, after)
	}
	// And whoever may, still can, by the very form that the thieves filled in: it was not the door that was nailed up.
	clinic, _, _ := strings.Cut(l.Slot, "-")
	digits := l.Inside.RRN
	form := url.Values{"slot": {l.Slot}, "clinic": {clinic}, "day": {"2026-07-26"}, "key": {"form-honest-0001"}, "name": {l.Inside.Name}, "phone": {l.Inside.Phone},
		"rrn1": {digits[:6]}, "rrn2": {digits[6:]}}.Encode()
	honest := &stranger{t: t, addr: s.public}
	status, location, body := honest.send(fmt.Appendf(nil, "POST /book HTTP/1.1\r\nHost: h\r\nCookie: daemun_pass=%s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		l.Inside.Pass, len(form), form))
	if status != 303 || !strings.HasPrefix(location, "/done") {
		t.Errorf("an honest booking was answered %d %s %.300s", status, location, body)
	}
}

// kept counts what the ledger holds.
func (s *site) kept() (k struct{ admissions, bookings, changes int }) {
	s.t.Helper()
	_, text := s.command("viewer", "GET", "/control/v1/ledger?after=0&limit=100000", nil, nil)
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var r api.LedgerRecord
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			s.t.Fatalf("%v in %s", err, line)
		}
		switch r.Kind {
		case "admission", "readmission":
			k.admissions++
		case "booking":
			k.bookings++
		case "change", "cancel":
			k.changes++
		}
	}
	return k
}
