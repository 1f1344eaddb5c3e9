package loadlab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/breach"
	"github.com/daemun/daemun/loadlab/audit"
	"github.com/daemun/daemun/loadlab/burglar"
)

// fill lets people in and some of them book, then holds the line, so that whoever comes now waits.
func (h *house) fill(ctx context.Context) error {
	if err := h.readPeople(); err != nil {
		return err
	}
	rehearsal, err := h.rehearse(ctx, &h.people[len(h.people)-1])
	if err != nil {
		return fmt.Errorf("a rehearsal to steal a pass of: %w", err)
	}
	inside := h.people[:willBook+willEnter]
	if err := burglar.Each(inside, func(_ int, p *breach.Person) error { return h.honest.Join(ctx, p) }); err != nil {
		return err
	}
	if err := burglar.Each(inside, func(_ int, p *breach.Person) error {
		if err := h.honest.Called(ctx, p, time.Minute); err != nil {
			return err
		}
		return h.honest.Enter(ctx, p)
	}); err != nil {
		return err
	}
	slots, err := h.honest.Slots(ctx, &inside[0], 3*willBook)
	if err != nil {
		return err
	}
	h.victims = burglar.Victims{Opening: h.servers.opening.ID, Slots: slots, Booked: inside[:willBook], Inside: inside[willBook:], Foreign: []string{rehearsal}}
	if err := burglar.Each(h.victims.Booked, func(i int, p *breach.Person) error {
		return h.honest.Book(ctx, p, slots[i%len(slots)], fmt.Sprintf("honest-%08d", i))
	}); err != nil {
		return err
	}
	if err := h.command(ctx, "operator", http.MethodPut, h.ratePath(), api.RateCommand{Reason: "attacks", PerS: heldBack}, nil); err != nil {
		return err
	}
	return h.queue(ctx)
}

func (h *house) readPeople() error {
	file, err := os.ReadFile(filepath.Join(h.o.data, "demo", "citizens.csv"))
	if err != nil {
		return fmt.Errorf("citizens: %w", err)
	}
	for _, line := range strings.Split(string(bytes.TrimSpace(file)), "\n")[1:] {
		f := strings.Split(strings.TrimSpace(line), ",") // rrn,name,phone,birth_date,on_roster
		if len(f) != 5 {
			return fmt.Errorf("citizens: %d fields in a line, not 5", len(f))
		}
		if f[4] == "true" {
			h.people = append(h.people, breach.Person{RRN: f[0], Name: f[1], Phone: f[2]})
		}
	}
	if least := willBook + willEnter + willWait; len(h.people) < least {
		return fmt.Errorf("citizens: %d on the roster, %d are needed", len(h.people), least)
	}
	return nil
}

// queue lets people join who wait for as long as the attacks last.
func (h *house) queue(ctx context.Context) error {
	line := h.people[willBook+willEnter:][:willWait]
	if err := burglar.Each(line, func(_ int, p *breach.Person) error { return h.honest.Join(ctx, p) }); err != nil {
		return err
	}
	time.Sleep(3 * time.Second) // until their epochs are sealed
	for i := range line {
		state, err := h.honest.Place(ctx, &line[i])
		if err != nil {
			return err
		}
		if state == api.PlaceWaiting {
			h.victims.Waiting = append(h.victims.Waiting, line[i])
		}
	}
	if len(h.victims.Waiting) < leastWaiter {
		return fmt.Errorf("only %d people wait, though nobody is called in", len(h.victims.Waiting))
	}
	return nil
}

// rehearse gets a pass as staff do before an opening: granted by two, and of no use after it.
func (h *house) rehearse(ctx context.Context, p *breach.Person) (string, error) {
	req := api.RehearsalRequest{Name: "attacks", Opening: h.servers.opening.ID, RRN: p.RRN, Minutes: 60, Reason: "attacks"}
	var r api.Rehearsal
	for _, role := range []string{"operator", "supervisor"} {
		if err := h.command(ctx, role, http.MethodPost, "/control/v1/rehearsals", req, &r); err != nil {
			return "", err
		}
	}
	if r.Pass == "" {
		return "", errors.New("two people asked, and there is no pass")
	}
	return r.Pass, nil
}

func (h *house) ratePath() string { return "/control/v1/openings/" + h.servers.opening.ID + "/rate" }

// command gives an operator's command with the certificate of a role.
func (h *house) command(ctx context.Context, role, method, path string, body, into any) error {
	client, err := audit.ControlClientAs(h.o.data, role)
	if err != nil {
		return err
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, "https://"+h.servers.control+path, bytes.NewReader(encoded))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	switch {
	case err != nil:
		return err
	case resp.StatusCode >= 300:
		return fmt.Errorf("%s %s by the %s answered %d: %.200s", method, path, role, resp.StatusCode, text)
	case into == nil:
		return nil
	}
	return json.Unmarshal(text, into)
}

// goOn lets the line move again: whoever waited is called, however many places were taken meanwhile by those who never
// come, and some of them book.
func (h *house) goOn(ctx context.Context) error {
	for _, role := range []string{"operator", "supervisor"} { // lifting a cap takes two
		if err := h.command(ctx, role, http.MethodPut, h.ratePath(), api.RateCommand{Reason: "attacks", PerS: 0}, nil); err != nil {
			return err
		}
	}
	end := time.Now().Add(time.Minute)
	waiting := slices.Clone(h.victims.Waiting)
	if err := burglar.Each(waiting, func(_ int, p *breach.Person) error {
		if err := h.honest.Called(ctx, p, time.Until(end)); err == nil {
			return nil
		}
		p.Ticket = ""
		return nil
	}); err != nil {
		return err
	}
	waiting = slices.DeleteFunc(waiting, func(p breach.Person) bool { return p.Ticket == "" })
	h.called = int64(len(waiting))
	h.late = waiting[:min(len(waiting), 20)]
	return burglar.Each(h.late, func(i int, p *breach.Person) error {
		if err := h.honest.Enter(ctx, p); err != nil {
			return err
		}
		return h.honest.Book(ctx, p, h.victims.Slots[(willBook+i)%len(h.victims.Slots)], fmt.Sprintf("honest-late-%04d", i))
	})
}
