package burglar

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/breach"
)

// Victims are honest citizens whose tickets, passes and bookings the burglar has got hold of.
type Victims struct {
	Opening string
	Slots   []string
	Booked  []breach.Person
	Inside  []breach.Person // let in, not booked
	Waiting []breach.Person // their turn is far
	Foreign []string        // passes that were good for something once: a rehearsal's
}

func (v *Victims) loot(rng *rand.Rand) *breach.Loot {
	return &breach.Loot{Opening: v.Opening, Foreign: v.Foreign, Slot: v.Slots[rng.IntN(len(v.Slots))], Rand: rng,
		Me: v.Waiting[rng.IntN(len(v.Waiting))], Inside: v.Inside[rng.IntN(len(v.Inside))], Booked: v.Booked[rng.IntN(len(v.Booked))]}
}

// Honest is a client for people who do as they should.
type Honest struct {
	Base   string // http://host:port
	Client *http.Client
}

// patience is how long an honest citizen waits for one thing.
const patience = 90 * time.Second

// ask sends one request and reads the answer; a polite refusal for lack of room is asked again.
func (h *Honest) ask(ctx context.Context, method, path, authorization, key string, body, into any) error {
	var encoded []byte
	if body != nil {
		var err error
		if encoded, err = json.Marshal(body); err != nil {
			return err
		}
	}
	for end := time.Now().Add(patience); ; {
		status, answer, err := h.once(ctx, method, path, authorization, key, encoded)
		switch {
		case err != nil:
			return err
		case status < 300:
			return json.Unmarshal(answer, into)
		case !breach.Shed(status) || time.Now().After(end):
			return fmt.Errorf("%s %s answered %d: %.200s", method, path, status, answer)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

func (h *Honest) once(ctx context.Context, method, path, authorization, key string, body []byte) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, h.Base+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	for name, value := range map[string]string{"Authorization": authorization, "Idempotency-Key": key} {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	resp, err := h.Client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	return resp.StatusCode, answer, err
}

// Join gives a person a place.
func (h *Honest) Join(ctx context.Context, p *breach.Person) error {
	var place api.Place
	if err := h.ask(ctx, http.MethodPost, "/v1/queue/join", "", "", api.JoinRequest{RRN: p.RRN}, &place); err != nil {
		return err
	}
	p.Ticket = place.Ticket
	return nil
}

// Place tells how a person's place stands.
func (h *Honest) Place(ctx context.Context, p *breach.Person) (state string, err error) {
	var place api.Place
	err = h.ask(ctx, http.MethodGet, "/v1/queue/place", "Ticket "+p.Ticket, "", nil, &place)
	return place.State, err
}

// Called waits until a person's turn has come.
func (h *Honest) Called(ctx context.Context, p *breach.Person, within time.Duration) error {
	for end := time.Now().Add(within); time.Now().Before(end); time.Sleep(250 * time.Millisecond) {
		state, err := h.Place(ctx, p)
		if err != nil || state == api.PlaceTurn {
			return err
		}
	}
	return errors.New("the turn does not come")
}

// Enter lets a person in whose turn has come.
func (h *Honest) Enter(ctx context.Context, p *breach.Person) error {
	var entry api.Entry
	if err := h.ask(ctx, http.MethodPost, "/v1/queue/enter", "Ticket "+p.Ticket, "", nil, &entry); err != nil {
		return err
	}
	p.Pass = entry.Pass
	return nil
}

// Slots lists some slots with room, one of each of the first clinics.
func (h *Honest) Slots(ctx context.Context, p *breach.Person, most int) ([]string, error) {
	var clinics api.ClinicList
	if err := h.ask(ctx, http.MethodGet, "/v1/clinics", "Pass "+p.Pass, "", nil, &clinics); err != nil {
		return nil, err
	}
	var out []string
	for _, c := range clinics.Clinics {
		var list api.SlotList
		if err := h.ask(ctx, http.MethodGet, "/v1/clinics/"+c.ID+"/slots", "Pass "+p.Pass, "", nil, &list); err != nil {
			return nil, err
		}
		for _, s := range list.Slots {
			if s.Left > 0 {
				out = append(out, s.ID)
			}
		}
		if len(out) >= most {
			break
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no slot has room")
	}
	return out, nil
}

// Book books a slot.
func (h *Honest) Book(ctx context.Context, p *breach.Person, slot, key string) error {
	var b api.Booking
	err := h.ask(ctx, http.MethodPost, "/v1/bookings", "Pass "+p.Pass, key, api.BookingRequest{Slot: slot, Name: p.Name, RRN: p.RRN, Phone: p.Phone}, &b)
	if err != nil {
		return err
	}
	p.No, p.Proof, p.Key, p.Slot = b.No, b.Proof, key, b.Slot
	return nil
}

// Each does something for many people, a few at a time; the first error ends it.
func Each(people []breach.Person, do func(i int, p *breach.Person) error) error {
	var wg sync.WaitGroup
	var once sync.Once
	var failed error
	next := make(chan int)
	for range 8 {
		wg.Go(func() {
			for i := range next {
				if err := do(i, &people[i]); err != nil {
					once.Do(func() { failed = err })
				}
			}
		})
	}
	for i := range people {
		next <- i
	}
	close(next)
	wg.Wait()
	return failed
}
