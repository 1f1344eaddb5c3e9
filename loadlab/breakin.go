package loadlab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/breach"
	"github.com/daemun/daemun/loadlab/attack"
	"github.com/daemun/daemun/loadlab/audit"
	"github.com/daemun/daemun/loadlab/burglar"
	"github.com/daemun/daemun/loadlab/report"
	"github.com/daemun/daemun/loadlab/scenario"
	"github.com/daemun/daemun/loadlab/wire"
)

// How many honest people there are for a burglar to rob, and what they need before the opening.
const (
	willBook    = 60
	willEnter   = 40
	willWait    = 300
	opensSoon   = 8 * time.Second
	callsPerS   = 200
	leastTries  = 100
	tooLong     = 13 * time.Minute // by then passes run out, and an answer would mean something else
	mostRounds  = 60
	leastWaiter = 50
)

func (o *options) planAttacks(s scenario.Scenario) (scenario.Plan, error) {
	if o.tries < leastTries {
		return scenario.Plan{}, fmt.Errorf("--tries %d: at least %d are needed, so that every variant gets its turn", o.tries, leastTries)
	}
	return scenario.Plan{Scenario: s, Eligible: s.Eligible, NotEligible: s.NotEligible, Stock: s.Stock, Clinics: 40}, nil
}

// breakIn is the scenario attacks: servers as for the surge, honest people with something to steal, and every attack at
// every door.
func (r *run) breakIn(ctx context.Context) (*report.Data, error) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	if err := os.MkdirAll(r.o.out, 0o755); err != nil {
		return nil, fmt.Errorf("output folder: %w", err)
	}
	if err := freshFolder(r.o.data); err != nil {
		return nil, err
	}
	r.say("loadlab: %s, %d tries of each at each door; seeding", r.plan.TitleEn, r.o.tries)
	if err := seed(ctx, r.o, r.plan, opensSoon); err != nil {
		return nil, err
	}
	var err error
	if r.servers, err = startServers(ctx, r.o, callsPerS, callsPerS); err != nil {
		return nil, err
	}
	defer r.servers.stop()
	h := &house{run: r, honest: &burglar.Honest{Base: r.servers.url(), Client: &http.Client{Timeout: 20 * time.Second}}}
	if err := h.fill(ctx); err != nil {
		return nil, fmt.Errorf("the honest people: %w", err)
	}
	if err := h.tryDoors(ctx); err != nil {
		return nil, err
	}
	if err := h.goOn(ctx); err != nil {
		return nil, fmt.Errorf("after the attacks: %w", err)
	}
	d, err := h.judge(ctx)
	if err != nil {
		return nil, err
	}
	if err := report.Save(r.o.out, d); err != nil {
		return nil, err
	}
	return d, report.Text(r.out, d)
}

// house is what is broken into.
type house struct {
	*run
	honest   *burglar.Honest
	people   []breach.Person
	victims  burglar.Victims
	doors    []burglar.Summary
	called   int64
	late     []breach.Person // who waited, and booked in the end
	took     time.Duration   // of the attacks
	requests uint64
}

// fill lets people in and some of them book, then holds the line, so that whoever comes now waits.
func (h *house) fill(ctx context.Context) error {
	if err := h.readPeople(); err != nil {
		return err
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
	h.victims = burglar.Victims{Opening: h.servers.opening.ID, Slots: slots, Booked: inside[:willBook], Inside: inside[willBook:]}
	if err := burglar.Each(h.victims.Booked, func(i int, p *breach.Person) error {
		return h.honest.Book(ctx, p, slots[i%len(slots)], fmt.Sprintf("honest-%08d", i))
	}); err != nil {
		return err
	}
	if err := h.cap(ctx, "operator", .001); err != nil {
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

// cap sets how fast people are called in, with the certificate of a role.
func (h *house) cap(ctx context.Context, role string, perS float64) error {
	client, err := audit.ControlClientAs(h.o.data, role)
	if err != nil {
		return err
	}
	body, err := json.Marshal(api.RateCommand{Reason: "attacks", PerS: perS})
	if err != nil {
		return err
	}
	url := "https://" + h.servers.control + "/control/v1/openings/" + h.servers.opening.ID + "/rate"
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode >= 300 {
		return fmt.Errorf("capping the rate answered %d", resp.StatusCode)
	}
	return nil
}

// tryDoors attacks the gateway, then the backend: as nobody, and with the gateway's own token.
func (h *house) tryDoors(ctx context.Context) error {
	token, err := os.ReadFile(filepath.Join(h.o.data, "keys", "gateway.token"))
	if err != nil {
		return fmt.Errorf("the token to steal: %w", err)
	}
	began := time.Now()
	for i, door := range []burglar.Door{
		{Name: "gateway", Host: h.servers.public},
		{Name: "backend", Host: h.servers.backendAt},
		{Name: "backend_with_token", Host: h.servers.backendAt, Token: string(bytes.TrimSpace(token))},
	} {
		started := time.Now()
		b := burglar.New(door, h.victims, h.o.tries, h.o.seed+uint64(i))
		if err := h.try(ctx, door, b, began); err != nil {
			return err
		}
		s := b.Summary()
		h.doors = append(h.doors, s)
		h.say("loadlab: %-18s %9d answers in %5.1f s, %.0f/s; shed and tried again %d, lost %d, broken %d", door.Name, s.Answers,
			time.Since(started).Seconds(), float64(s.Answers)/time.Since(started).Seconds(), s.Sheds, s.Lost, s.Broken)
	}
	h.took = time.Since(began)
	return nil
}

// try sends rounds of tries until each has its verdict.
func (h *house) try(ctx context.Context, door burglar.Door, b *burglar.Burglar, began time.Time) error {
	pool := wire.NewPool(door.Host)
	defer pool.Forget()
	for range mostRounds {
		left := b.Round()
		if left == 0 || time.Since(began) > tooLong {
			return nil
		}
		a := &attack.Attack{Schedule: burglar.AtOnce(left), Actor: b, Recorder: b, Pool: pool, Limit: tooLong - time.Since(began), Inline: true}
		result, err := a.Run(ctx)
		h.requests += result.Hits
		if err != nil {
			return err
		}
	}
	return nil
}

// goOn lets the line move again: whoever waited is called, however many places were taken meanwhile by those who never
// come, and some of them book.
func (h *house) goOn(ctx context.Context) error {
	for _, role := range []string{"operator", "supervisor"} { // lifting a cap takes two
		if err := h.cap(ctx, role, 0); err != nil {
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
