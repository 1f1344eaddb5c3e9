package identity_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/identity"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/pass"
)

// away is a provider whose behaviour can be changed.
type away struct {
	id       string
	behave   atomic.Pointer[func(context.Context) (identity.Person, error)]
	inside   atomic.Int64
	most     atomic.Int64
	asked    atomic.Int64
	notReady atomic.Bool
}

func newAway(id string) *away {
	a := &away{id: id}
	a.set(well)
	return a
}

func (a *away) set(f func(context.Context) (identity.Person, error)) { a.behave.Store(&f) }

func (a *away) Description() identity.Description {
	return identity.Description{ID: a.id, Kind: identity.KindOIDC, Name: a.id}
}

func (a *away) Address(at identity.Attempt) (string, error) {
	if a.notReady.Load() {
		return "", identity.ErrNotReady
	}
	return "https://" + a.id + ".example/?state=" + at.State, nil
}

func (a *away) Exchange(ctx context.Context, _ identity.Attempt, _ string) (identity.Person, error) {
	a.asked.Add(1)
	n := a.inside.Add(1)
	defer a.inside.Add(-1)
	for most := a.most.Load(); n > most && !a.most.CompareAndSwap(most, n); most = a.most.Load() {
	}
	return (*a.behave.Load())(ctx)
}

func (a *away) Probe(ctx context.Context) error {
	_, err := (*a.behave.Load())(ctx)
	return err
}

func well(context.Context) (identity.Person, error) { return identity.Person{Subject: who(1)}, nil }

func broken(context.Context) (identity.Person, error) {
	return identity.Person{}, &identity.Fault{Reason: "it is broken"}
}

func slow(context.Context) (identity.Person, error) {
	time.Sleep(identity.DefaultPatience / 2)
	return identity.Person{Subject: who(1)}, nil
}

func hangs(ctx context.Context) (identity.Person, error) {
	<-ctx.Done()
	return identity.Person{}, &identity.Fault{Reason: "cut off", Err: ctx.Err()}
}

// deaf does not even heed that nobody waits any more.
func deaf(context.Context) (identity.Person, error) {
	time.Sleep(5 * identity.DefaultPatience)
	return identity.Person{}, errors.New("much later")
}

func panics(context.Context) (identity.Person, error) { panic("a bug") }

func who(n byte) subject.ID { return subject.ID{n} }

// register is the bookings' side.
type register struct {
	mu    sync.Mutex
	found map[subject.ID]string
}

func (b *register) OpeningOf(*pass.Pass, time.Time) (*cohort.Opening, error) {
	return &cohort.Opening{ID: "o0719", Identity: []string{"one", "two", "roster", "unknown"}}, nil
}

func (b *register) Identified(_ string, who subject.ID) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	provider, ok := b.found[who]
	return provider, ok
}

func (b *register) Identify(_ context.Context, p *pass.Pass, provider string, _ time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.found == nil {
		b.found = map[subject.ID]string{}
	}
	b.found[p.Subject] = provider
	return nil
}

var subjects = &subject.Key{7}

func newService(t testing.TB, book identity.Book, providers ...identity.Provider) *identity.Service {
	t.Helper()
	s, err := identity.New(identity.Options{
		Book: book, Key: make([]byte, 32), Subjects: subjects, Providers: providers, Clock: time.Now,
		Limits: map[string]identity.Limits{"one": {Concurrency: 8}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// check goes all the way for somebody at a provider.
func check(t testing.TB, s *identity.Service, n byte, provider string) error {
	t.Helper()
	p := &pass.Pass{Subject: who(n)}
	address, err := s.Start(t.Context(), p, provider, nil, time.Now())
	if err != nil {
		return err
	}
	_, state, _ := cut(address)
	return s.Return(t.Context(), p, provider, identity.Back{State: state, Code: "code"}, time.Now())
}

func cut(address string) (before, after string, ok bool) {
	for i := range address {
		if address[i:min(i+7, len(address))] == "?state=" {
			return address[:i], address[i+7:], true
		}
	}
	return address, "", false
}

func states(t testing.TB, s *identity.Service) map[string]bool {
	t.Helper()
	o, err := s.Overview(&pass.Pass{Subject: who(1)}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	up := map[string]bool{}
	for _, c := range o.Providers {
		up[c.ID] = c.Up
	}
	return up
}

// TestOneProviderDown: however a provider fails, it is left alone within a few tries, the other one never notices, and it is
// found well again by probes alone. All of it in virtual time.
func TestOneProviderDown(t *testing.T) {
	for name, behave := range map[string]func(context.Context) (identity.Person, error){
		"broken": broken, "slow": slow, "hangs": hangs, "deaf": deaf, "panics": panics,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				one, two := newAway("one"), newAway("two")
				s := newService(t, &register{}, one, two)
				one.set(behave)
				for range 6 {
					_ = check(t, s, 2, "one")
				}
				if up := states(t, s); up["one"] || !up["two"] {
					t.Fatalf("after six failures: %v", up)
				}
				if err := check(t, s, 2, "one"); identity.ReasonOf(err) != identity.Down {
					t.Fatalf("sent to a provider that is down: %v", err)
				}
				var down *identity.Error
				if err := check(t, s, 2, "one"); !errors.As(err, &down) || down.After <= 0 || down.After > 10*time.Second {
					t.Fatalf("told to come back: %v", err)
				}
				if err := check(t, s, 1, "two"); err != nil {
					t.Fatalf("the other provider: %v", err)
				}
				if h := s.Health()[0]; h.Provider != "one" || h.State != "open" || h.Reason == "" {
					t.Fatalf("operators see %+v", h)
				}
				ctx, stop := context.WithCancel(t.Context())
				go s.Watch(ctx)
				time.Sleep(time.Minute)
				if states(t, s)["one"] {
					t.Fatal("shown as up while it fails")
				}
				one.set(well)
				time.Sleep(2 * time.Minute) // what hangs has a place until it ends; the breaker needs nobody for it
				if !states(t, s)["one"] {
					t.Fatalf("not found well again: %+v", s.Health()[0])
				}
				if err := check(t, s, 1, "one"); err != nil {
					t.Fatalf("once it is well: %v", err)
				}
				stop()
				time.Sleep(time.Minute) // the deaf ones end
			})
		})
	}
}

// TestFlapping: whatever the provider does and whenever, it is up within a minute after it was well for good.
func TestFlapping(t *testing.T) {
	behaviours := []func(context.Context) (identity.Person, error){well, broken, slow, hangs, panics}
	for seed := range 30 {
		synctest.Test(t, func(t *testing.T) {
			one := newAway("one")
			s := newService(t, &register{}, one)
			ctx, stop := context.WithCancel(t.Context())
			go s.Watch(ctx)
			for i := range 40 {
				one.set(behaviours[(seed*7+i*i*3+i)%len(behaviours)])
				go func() { _ = check(t, s, byte(2+i), "one") }()
				time.Sleep(time.Duration((seed+i)%9) * 700 * time.Millisecond)
			}
			one.set(well)
			time.Sleep(time.Minute)
			if !states(t, s)["one"] {
				t.Fatalf("seed %d: stuck: %+v", seed, s.Health()[0])
			}
			stop()
			time.Sleep(time.Minute)
		})
	}
}

// TestNoMoreThanSoMany: a crowd at one provider waits for its places, is told that it is busy, and takes none of another's.
func TestNoMoreThanSoMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := newAway("one"), newAway("two")
		s := newService(t, &register{}, one, two)
		answer := func(context.Context) (identity.Person, error) {
			time.Sleep(500 * time.Millisecond)
			return identity.Person{}, fmt.Errorf("%w: for once", identity.ErrDenied)
		}
		one.set(answer)
		var busy, denied atomic.Int64
		var crowd sync.WaitGroup
		for n := range 100 {
			crowd.Go(func() {
				switch err := check(t, s, byte(n), "one"); identity.ReasonOf(err) {
				case identity.Busy:
					busy.Add(1)
				case identity.Denied:
					denied.Add(1)
				default:
					t.Errorf("%v", err)
				}
			})
		}
		synctest.Wait()
		if err := check(t, s, 1, "two"); err != nil {
			t.Errorf("the other provider: %v", err)
		}
		crowd.Wait()
		if one.most.Load() != 8 || busy.Load() == 0 || denied.Load() < 16 || busy.Load()+denied.Load() != 100 {
			t.Errorf("%d at once, %d busy, %d answered", one.most.Load(), busy.Load(), denied.Load())
		}
		if !states(t, s)["one"] {
			t.Error("a crowd, and people who were not confirmed, count as a failure of the provider")
		}
	})
}

// TestWhoLeavesDoesNotHide: people who leave before a provider that hangs has answered do not keep it looking well.
func TestWhoLeavesDoesNotHide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := newAway("one")
		s := newService(t, &register{}, one)
		one.set(hangs)
		p := &pass.Pass{Subject: who(2)}
		for range 5 {
			address, err := s.Start(t.Context(), p, "one", nil, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			_, state, _ := cut(address)
			ctx, leave := context.WithTimeout(t.Context(), 100*time.Millisecond)
			_ = s.Return(ctx, p, "one", identity.Back{State: state, Code: "code"}, time.Now())
			leave()
		}
		if states(t, s)["one"] {
			t.Error("shown as up")
		}
	})
}
