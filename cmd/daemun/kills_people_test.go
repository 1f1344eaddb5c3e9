package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/gateway/api"
)

// person is somebody who uses the site while it is killed, and remembers what they were told for sure. One goroutine at a
// time plays them.
type person struct {
	*crowd
	who    demo.Citizen
	rng    *rand.Rand
	ticket string
	pass   string
	now    *api.Booking           // what they have booked
	told   map[string]api.Booking // by number: how they were told last that a booking of theirs stands
	booked int                    // bookings that they were told of
	keys   int                    // different keys under which they were told of a booking
}

var killClient = &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 2 * killWorkers}}

// answers tells whether the backend can be reached.
func (c *crowd) answers() bool {
	resp, err := killClient.Get("http://" + c.backend + "/healthz")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// once sends a request; status 0 is no answer.
func (p *person) once(method, path, authorization, key string, body any) (status int, answer []byte) {
	encoded, _ := json.Marshal(body)
	req, err := http.NewRequest(method, "http://"+p.public+path, bytes.NewReader(encoded))
	if err != nil {
		p.t.Error(err)
		return 0, nil
	}
	req.Header.Set("Authorization", authorization)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	resp, err := killClient.Do(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	if answer, err = io.ReadAll(resp.Body); err != nil {
		return 0, nil
	}
	return resp.StatusCode, answer
}

// patience is how long a person asks again before they give the site up for lost.
const killPatience = 2 * time.Minute

// ask sends a request until the answer says for sure how it went.
func (p *person) ask(method, path, authorization, key string, body any) (status int, answer []byte) {
	for began := time.Now(); ; {
		status, answer = p.once(method, path, authorization, key, body)
		switch {
		case status == 401 && bytes.Contains(answer, []byte("pass_expired")):
			p.renew()
			authorization, began = "Pass "+p.pass, time.Now()
		case status != 0 && status < 500 && status != 429:
			return status, answer
		default:
			p.unsure.Add(1)
		}
		if time.Since(began) > killPatience {
			p.t.Errorf("%s %s was never answered: %d %s", method, path, status, answer)
			return status, answer
		}
		time.Sleep(time.Duration(20+p.rng.IntN(60)) * time.Millisecond)
	}
}

// enter takes somebody from the street inside.
func (p *person) enter() {
	p.told = map[string]api.Booking{}
	status, body := p.ask("POST", "/v1/queue/join", "", "", api.JoinRequest{RRN: p.who.Number.Digits()})
	var place api.Place
	if status != 200 || json.Unmarshal(body, &place) != nil {
		p.t.Errorf("join: %d %s", status, body)
		return
	}
	p.ticket = place.Ticket
	p.renew()
}

// turnPatience is how long somebody waits for their turn: while a site is up for a moment only between two kills, nobody is
// called in.
const turnPatience = 15 * time.Minute

// renew waits for the turn and takes a pass.
func (p *person) renew() {
	for began := time.Now(); time.Since(began) < turnPatience; {
		if p.t.Failed() {
			return
		}
		status, body := p.ask("POST", "/v1/queue/enter", "Ticket "+p.ticket, "", nil)
		if status == 409 && bytes.Contains(body, []byte("not_your_turn")) || bytes.Contains(body, []byte("not_open_yet")) {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		var entry api.Entry
		if status != 200 || json.Unmarshal(body, &entry) != nil {
			p.t.Errorf("enter: %d %s", status, body)
			return
		}
		p.pass = entry.Pass
		return
	}
	p.t.Error("the turn never comes")
}

// act does one thing, whichever.
func (p *person) act() {
	switch n := p.rng.IntN(10); {
	case p.now == nil:
		p.book(n < 5)
	case n < 4:
		p.change()
	case n < 8:
		p.cancel()
	default:
		p.look()
	}
}

func (p *person) slot() string { return p.slots[p.rng.IntN(len(p.slots))] }

// refusal counts a refusal that is lawful here; any other one is an error.
func (p *person) refusal(doing string, status int, body []byte, lawful ...string) {
	for _, code := range lawful {
		if bytes.Contains(body, []byte(`"code":"`+code+`"`)) {
			p.refused.Add(1)
			return
		}
	}
	p.t.Errorf("%s: %d %s", doing, status, body)
}

// book books, with or without holding the dose first, and now and then sends the same again.
func (p *person) book(hold bool) {
	slot := p.slot()
	if hold {
		status, body := p.ask("POST", "/v1/holds", "Pass "+p.pass, "", api.HoldRequest{Slot: slot})
		if status != 201 {
			p.refusal("hold", status, body, "slot_full", "second_dose_full")
			return
		}
		p.acked.Add(1)
	}
	key := fmt.Sprintf("kills-%d-%s", p.key.Add(1), p.who.Phone)
	request := api.BookingRequest{Slot: slot, Name: p.who.Name, RRN: p.who.Number.Digits(), Phone: p.who.Phone}
	status, body := p.ask("POST", "/v1/bookings", "Pass "+p.pass, key, request)
	if status != 201 {
		p.refusal("book", status, body, "slot_full", "second_dose_full")
		return
	}
	b := p.remember("book", body)
	p.keys++
	if b.State != "booked" || b.Slot != slot {
		p.t.Errorf("asked for %s and was given %+v", slot, b)
	}
	if p.rng.IntN(3) > 0 {
		return
	}
	status, body = p.ask("POST", "/v1/bookings", "Pass "+p.pass, key, request)
	var again api.Booking
	if err := json.Unmarshal(body, &again); status != 201 || err != nil || again.No != b.No {
		p.t.Errorf("the same key: %d %s, first %s", status, body, b.No)
	}
}

// remember takes note of what was said for sure.
func (p *person) remember(doing string, body []byte) (b api.Booking) {
	if err := json.Unmarshal(body, &b); err != nil || b.No == "" {
		p.t.Errorf("%s: %s", doing, body)
		return b
	}
	p.acked.Add(1)
	if _, known := p.told[b.No]; !known {
		p.booked++
	}
	p.told[b.No] = b
	if p.now = &b; b.State != "booked" {
		p.now = nil
	}
	return b
}

func (p *person) change() {
	was, slot := *p.now, p.slot()
	status, body := p.ask("PATCH", "/v1/bookings/"+was.No, "Pass "+p.pass, "", api.ChangeRequest{Slot: slot})
	if status != 200 {
		p.refusal("change", status, body, "slot_full", "second_dose_full")
		return
	}
	if b := p.remember("change", body); b.No != was.No || b.Slot != slot || b.State != "booked" {
		p.t.Errorf("moved %s to %s and was told %+v", was.No, slot, b)
	}
}

func (p *person) cancel() {
	was := *p.now
	status, body := p.ask("DELETE", "/v1/bookings/"+was.No, "Pass "+p.pass, "", nil)
	if status != 200 {
		p.t.Errorf("cancel: %d %s", status, body)
		return
	}
	if b := p.remember("cancel", body); b.No != was.No || b.State != "cancelled" {
		p.t.Errorf("cancelled %s and was told %+v", was.No, b)
	}
}

// look reads a booking back: it must stand as it was acknowledged.
func (p *person) look() {
	for no, told := range p.told {
		status, body := p.ask("GET", "/v1/bookings/"+no, "Pass "+p.pass, "", nil)
		var b api.Booking
		if err := json.Unmarshal(body, &b); status != 200 || err != nil || b.Slot != told.Slot || b.State != told.State {
			p.t.Errorf("%s was told to be %s in %s and reads %d %s", no, told.State, told.Slot, status, body)
		}
		return
	}
}
