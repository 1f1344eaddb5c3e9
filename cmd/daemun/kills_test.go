package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/store/pgtest"
	"github.com/daemun/daemun/gateway/audit"
)

const (
	killCitizens = 1200
	killClinics  = 4
	residents    = 160 // people inside from the beginning, who book, change and cancel all the time
	killWorkers  = 32
	fewAcks      = 60 // acknowledged writes between two kills at least: each one hits a site at work
)

// striker kills the processes of a site at random instants and starts them again.
type striker struct {
	*crowd
	rng       *rand.Rand
	pg        *pgtest.Server // nil: bookings are in SQLite
	backend   []string       // its arguments
	carrier   *carrier       // of text messages
	hits      map[string]int
	killed    time.Time       // the last time
	ackedThen int64           // how many writes were acknowledged by then
	recovered []time.Duration // from each kill to the first write that was acknowledged again
}

// TestKills kills backend and PostgreSQL by SIGKILL under load, again and again. Whatever was acknowledged must be there as it
// was acknowledged, no slot given twice, no key booked twice, the ledger whole, and each message sent once.
// make kills KILLS=100 kills as often; DAEMUN_KILLS_SEED says which seed draws the instants.
func TestKills(t *testing.T) {
	kills, seed := sizeOf(t, "DAEMUN_KILLS", 6), uint64(sizeOf(t, "DAEMUN_KILLS_SEED", 20210719))
	for _, store := range []string{"postgres", "sqlite"} {
		t.Run(store, func(t *testing.T) {
			s := &striker{crowd: newCrowd(t, seed), rng: rand.New(rand.NewPCG(seed, 1)), hits: map[string]int{}, carrier: newCarrier(t)}
			address := store
			if store == "postgres" {
				s.pg = postgresServer(t)
				address = s.pg.URL("postgres")
			}
			s.open(address)
			s.begin()
			began := time.Now()
			for n := range kills {
				s.strike(n)
			}
			s.await("the site is back")
			s.end()
			s.tell(kills, time.Since(began))
			s.agreesWithAPI()
			db := s.database(address)
			defer db.Close()
			s.drained(db)
			for _, p := range slices.Backward(s.parts) {
				if code := p.stop(t); code != 0 {
					t.Errorf("exit code %d:\n%.4000s", code, p.output)
				}
			}
			s.agreesWithStore(db)
			s.wasTold(db, s.carrier)
			args := []string{"--data", s.data}
			if s.pg != nil {
				args = append(args, "--store", address)
			}
			wantAudits(t, audit.Holds, args...)
		})
	}
}

// open starts the site.
func (s *striker) open(store string) {
	s.t.Helper()
	s.backend = []string{"backend", "--data", s.data, "--demo", "--listen", s.site.backend, "--store", store,
		"--notify-sms", s.carrier.URL, "--site", "http://" + s.public}
	s.parts = []*process{
		start(s.t, s.backend...),
		start(s.t, "gateway", "--data", s.data, "--listen", s.public, "--control", s.control, "--backend", "http://"+s.site.backend,
			"--admission-start", "200", "--admission-max", "400"),
	}
	s.bothReady()
}

// await waits until writes are acknowledged again.
func (s *striker) await(what string) {
	s.t.Helper()
	began, before := time.Now(), s.acked.Load()
	for s.acked.Load() < before+fewAcks {
		if !s.killed.IsZero() && s.acked.Load() > s.ackedThen {
			s.recovered = append(s.recovered, time.Since(s.killed))
			s.killed = time.Time{}
		}
		if time.Since(began) > 90*time.Second || s.t.Failed() {
			s.t.Fatalf("never: %s\n%s", what, s.logs())
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func (s *striker) logs() (all string) {
	for _, p := range s.parts {
		text := p.output.String()
		all += text[max(0, len(text)-3000):] + "\n"
	}
	return all
}

// strike waits for a random instant of a site at work, kills, and starts again what was killed.
func (s *striker) strike(n int) {
	s.t.Helper()
	s.await(fmt.Sprintf("work goes on before kill %d", n+1))
	time.Sleep(time.Duration(s.rng.IntN(400_000)) * time.Microsecond)
	target := "backend"
	switch {
	case s.pg != nil && n%5 == 4:
		target = "both"
	case s.pg != nil && n%2 == 1:
		target = "postgres"
	}
	s.hits[target]++
	s.killed = time.Now()
	if target != "backend" {
		if err := s.pg.Kill(); err != nil {
			s.t.Fatal(err)
		}
	}
	if target != "postgres" {
		s.parts[0].kill()
	}
	s.ackedThen = s.acked.Load()
	if target != "backend" {
		if err := s.pg.Resume(s.t.Context()); err != nil {
			s.t.Fatal(err)
		}
	}
	if target != "postgres" {
		s.revive()
	}
}

// revive starts the backend again, as whatever keeps watch over it would: until it stays.
func (s *striker) revive() {
	s.t.Helper()
	for range 20 {
		s.parts[0] = start(s.t, s.backend...)
		for answered := false; !answered; {
			select {
			case <-s.parts[0].ended:
				answered = true
			case <-time.After(10 * time.Millisecond):
				if s.answers() {
					return
				}
			}
		}
	}
	s.t.Fatalf("the backend does not start again:\n%s", s.parts[0].output)
}

// tell says what was seen.
func (s *striker) tell(kills int, took time.Duration) {
	s.t.Helper()
	s.t.Logf("%d kills in %.0f s: %v; %d writes acknowledged and %d refused meanwhile, %d answers lost or put off and asked for again",
		kills, took.Seconds(), s.hits, s.acked.Load(), s.refused.Load(), s.unsure.Load())
	if len(s.recovered) > 0 {
		slices.Sort(s.recovered)
		s.t.Logf("from kill to the next acknowledged write: median %v, longest %v",
			s.recovered[len(s.recovered)/2].Round(time.Millisecond), s.recovered[len(s.recovered)-1].Round(time.Millisecond))
	}
	if s.unsure.Load() == 0 {
		s.t.Error("no write was hit")
	}
}

// crowd are people who use the site while it is killed.
type crowd struct {
	*site
	seed     uint64
	inside   []*person
	newcomer chan *person
	slots    []string // that all of them want

	acked, refused, unsure atomic.Int64
	key                    atomic.Int64
	over                   chan struct{}
	working                sync.WaitGroup
	leaving                sync.Once

	mu   sync.Mutex
	late []*person // newcomers who came in
}

func newCrowd(t *testing.T, seed uint64) *crowd {
	c := &crowd{site: &site{t: t, data: t.TempDir(), public: freePort(t), control: freePort(t), backend: freePort(t)}, seed: seed, over: make(chan struct{})}
	run(t, "seed", "--data", c.data, "--citizens", strconv.Itoa(killCitizens), "--on-roster", strconv.Itoa(killCitizens), "--clinics", strconv.Itoa(killClinics), "--opens-in", "2s")
	return c
}

// begin lets the first ones in and sets everybody to work.
func (c *crowd) begin() {
	c.t.Helper()
	everybody, _ := c.citizens()
	c.newcomer = make(chan *person, len(everybody))
	for i, who := range everybody {
		p := &person{crowd: c, who: who, rng: rand.New(rand.NewPCG(c.seed, uint64(i)+2))}
		if i < residents {
			c.inside = append(c.inside, p)
		} else {
			c.newcomer <- p
		}
	}
	var entering sync.WaitGroup
	for worker := range killWorkers {
		entering.Go(func() {
			for i := worker; i < residents; i += killWorkers {
				c.inside[i].enter()
			}
		})
	}
	entering.Wait()
	if c.t.Failed() {
		c.t.FailNow()
	}
	c.slots = c.wanted("Pass " + c.inside[0].pass)
	c.t.Cleanup(c.leave)
	for worker := range killWorkers {
		c.working.Go(func() { c.work(worker) })
	}
	c.working.Go(c.comeLate)
}

// work has each worker's people do one thing after another.
func (c *crowd) work(worker int) {
	for i := worker; ; i += killWorkers {
		select {
		case <-c.over:
			return
		case <-time.After(15 * time.Millisecond):
		}
		if c.t.Failed() {
			return
		}
		c.inside[i%residents].act()
	}
}

// comeLate lets newcomers come from the street to a booking, one after another.
func (c *crowd) comeLate() {
	for {
		select {
		case <-c.over:
			return
		case p := <-c.newcomer:
			if p.enter(); c.t.Failed() {
				return
			}
			p.act()
			c.mu.Lock()
			c.late = append(c.late, p)
			c.mu.Unlock()
		default: // all of them are in
			return
		}
	}
}

// leave lets everybody finish what they are at.
func (c *crowd) leave() {
	c.leaving.Do(func() { close(c.over) })
	c.working.Wait()
}

// end is leave for those who shall know for sure how it went.
func (c *crowd) end() {
	c.leave()
	if c.t.Failed() {
		c.t.FailNow()
	}
}

func run(t *testing.T, args ...string) {
	t.Helper()
	p := start(t, args...)
	<-p.ended
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		t.Fatalf("%v: exit code %d\n%s", args, code, p.output)
	}
}

func (c *crowd) people() []*person { return append(slices.Clone(c.inside), c.late...) }
