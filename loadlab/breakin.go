package loadlab

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/daemun/daemun/gateway/breach"
	"github.com/daemun/daemun/loadlab/attack"
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
	opensSoon   = 12 * time.Second
	callsPerS   = 200
	leastTries  = 100
	tooLong     = 13 * time.Minute // by then passes run out, and an answer would mean something else
	mostRounds  = 60
	leastWaiter = 50
	heldBack    = .001 // people called in a second while the attacks last
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
	file, err := os.ReadFile(filepath.Join(r.o.data, "demo", "citizens.csv"))
	if err != nil {
		return nil, fmt.Errorf("citizens: %w", err)
	}
	if r.leaks, err = r.newLeaks(file); err != nil {
		return nil, err
	}
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
	return d, r.publish(d)
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
		a := &attack.Attack{Schedule: burglar.AtOnce(left), Actor: b, Recorder: b, Pool: pool, Witness: h.leaks, Limit: tooLong - time.Since(began), Inline: true}
		result, err := a.Run(ctx)
		h.requests += result.Hits
		if err != nil {
			return err
		}
	}
	return nil
}
