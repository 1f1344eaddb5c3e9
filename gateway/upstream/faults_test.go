package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/shed"
)

// patient are times that a busy machine keeps too: what is well is never taken for slow.
func patient() Config {
	c := Default()
	c.CallTimeout = 3 * time.Second
	c.Breaker.SlowCall, c.Breaker.Rest, c.Breaker.MinCalls = 30*time.Second, time.Second, 10
	c.Health.SlowStart, c.Health.ProbeTimeout = 500*time.Millisecond, 500*time.Millisecond
	return c
}

// three sites behind one pool that is watched.
type country struct {
	*Pool
	t       *testing.T
	sites   []*site
	ahead   atomic.Int64 // of the pool's clock, ns
	issuer  *issuer
	current []atomic.Pointer[tls.Certificate]
}

func newCountry(t *testing.T, n int, secured bool) *country {
	leakless(t)
	c := &country{t: t, current: make([]atomic.Pointer[tls.Certificate], n)}
	var ca []byte
	if secured {
		c.issuer = newIssuer(t)
		ca = c.issuer.pem
	}
	var urls []string
	for i := range n {
		var conf *tls.Config
		if secured {
			c.current[i].Store(c.issuer.until(t, time.Now().Add(100*time.Hour)))
			conf = &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.current[i].Load(), nil }}
		}
		s := newSite(t, conf)
		c.sites, urls = append(c.sites, s), append(urls, s.url())
	}
	var err error
	c.Pool, err = New(Options{
		URLs: urls, CA: ca, Gate: shed.Default(), Config: patient(), Log: zap.NewNop(),
		Clock: func() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	watching := make(chan struct{})
	go func() { defer close(watching); c.Watch(ctx) }()
	t.Cleanup(func() {
		for _, s := range c.sites {
			s.close()
		}
		stop()
		<-watching
		c.Close()
	})
	c.until("all are ready", func() bool { return c.ready() == n })
	return c
}

func (c *country) ready() (n int) {
	for _, s := range c.Instances() {
		if s.State == api.InstanceReady && s.LatencyMS >= 0 && c.heardOf(s.URL) {
			n++
		}
	}
	return n
}

func (c *country) heardOf(url string) bool { return c.find(url).report.Load() != nil }

// until waits for as long as a busy machine may need.
func (c *country) until(what string, is func() bool) {
	c.t.Helper()
	for range 1200 {
		if is() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	c.t.Fatalf("never: %s: %+v", what, c.Instances())
}

// crowd sends requests, some at a time, and counts those that were answered.
func (c *country) crowd(requests int) (answered int64) {
	var left, good atomic.Int64
	left.Store(int64(requests))
	var all sync.WaitGroup
	for range 12 {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				if a, err := c.Do(context.Background(), shed.At(shed.P1), Request{Method: http.MethodGet, Path: "/v1/clinics"}); err == nil && a.Status == 200 {
					good.Add(1)
				}
			}
		})
	}
	all.Wait()
	return good.Load()
}

var faults = map[string]struct {
	begin, end func(*site)
}{
	"refuses":                {(*site).refuse, (*site).listen},
	"hangs":                  {become(hang), become(well)},
	"resets in mid-body":     {become(reset), become(well)},
	"drips":                  {become(drip), become(well)},
	"sends garbage":          {become(garbage), become(well)},
	"answers with errors":    {become(broken), become(well)},
	"fails at its work only": {become(sick), become(well)},
}

func become(mode int32) func(*site) {
	return func(s *site) { s.mode.Store(mode) }
}

// TestOneOfThreeInstancesBad: whatever befalls one instance, the rest goes on: of all requests, from the first moment of the
// fault on, at least 99 in a hundred are answered. The instance is taken out, says why, and comes back when it is well.
// Nothing is left behind.
func TestOneOfThreeInstancesBad(t *testing.T) {
	const requests = 6000
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			c := newCountry(t, 3, false)
			c.crowd(300)
			bad := c.sites[1]
			fault.begin(bad)
			answered := c.crowd(requests)
			if answered < requests*99/100 {
				t.Errorf("%d of %d answered", answered, requests)
			}
			t.Logf("%d of %d answered; %d attempts for %d requests", answered, requests, c.Status().Attempts, c.Status().Originals)
			if bad.mode.Load() != sick { // that one says it is well and is tried again and again
				c.until("it is taken out and says why", func() bool {
					s := c.Instances()[1]
					return s.State == api.InstanceDown && s.Share == 0 && s.Ko != "" && s.En != ""
				})
				if answered = c.crowd(1000); answered != 1000 {
					t.Errorf("taken out, and yet %d of 1000 are answered", answered)
				}
			}
			fault.end(bad)
			bad.cutAll()
			c.until("it is back", func() bool { return c.ready() == 3 && c.Instances()[1].Breaker.State == "closed" })
			before := bad.served.Load()
			c.until("it is sent requests again", func() bool { c.crowd(100); return bad.served.Load() > before })
		})
	}
}

// TestEveryFaultOfTheOnlyInstance ends in a polite error, opens the breaker or shows nobody there, and is over when it is
// over: no breaker is stuck half-open.
func TestEveryFaultOfTheOnlyInstance(t *testing.T) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			c := newCountry(t, 1, false)
			fault.begin(c.sites[0])
			c.until("it is left alone", func() bool {
				_ = c.crowd(12)
				return c.Instances()[0].State == api.InstanceDown
			})
			if s := c.Instances()[0]; s.En == "" || s.Ko == "" {
				t.Errorf("%+v", s)
			}
			c.until("who asks is told that it rests", func() bool {
				_, err := c.Do(context.Background(), shed.At(shed.P1), Request{Method: "GET", Path: "/"})
				return errors.Is(err, ErrResting)
			})
			fault.end(c.sites[0])
			c.sites[0].cutAll()
			c.until("all is well", func() bool { return c.ready() == 1 && c.Open() && c.crowd(10) == 10 })
			if g := c.Gate().Status(); g.InFlight != 0 {
				t.Errorf("%d permits are out", g.InFlight)
			}
		})
	}
}

// TestACertificateThatExpiresTakesItsInstanceOutAndSaysSo while the others go on, and a new certificate brings it back.
func TestACertificateThatExpiresTakesItsInstanceOutAndSaysSo(t *testing.T) {
	c := newCountry(t, 3, true)
	if n := c.crowd(300); n != 300 {
		t.Fatalf("%d of 300 over TLS", n)
	}
	bad := c.sites[1]
	c.current[1].Store(c.issuer.until(t, time.Now().Add(time.Hour)))
	bad.cutAll()
	if n := c.crowd(300); n != 300 {
		t.Fatalf("%d of 300 with another certificate", n)
	}
	c.ahead.Store(int64(2 * time.Hour))
	bad.cutAll() // certificates are looked at when a connection is made
	const requests = 3000
	if n := c.crowd(requests); n < requests*99/100 {
		t.Errorf("%d of %d answered", n, requests)
	}
	c.until("it is taken out and says why", func() bool {
		s := c.Instances()[1]
		return s.State == api.InstanceDown && strings.Contains(s.En, "expired") && strings.Contains(s.Ko, "유효기간")
	})
	c.current[1].Store(c.issuer.until(t, time.Now().Add(50*time.Hour)))
	c.until("it is back", func() bool { return c.ready() == 3 })
	before := bad.served.Load()
	c.until("it is sent requests again", func() bool { c.crowd(100); return bad.served.Load() > before })
}

// TestWhoIsNotVouchedForIsSentNothing: no CA, another CA, another name.
func TestWhoIsNotVouchedForIsSentNothing(t *testing.T) {
	leakless(t)
	ours, others := newIssuer(t), newIssuer(t)
	s := newSite(t, &tls.Config{Certificates: []tls.Certificate{*ours.until(t, time.Now().Add(time.Hour))}})
	t.Cleanup(s.close)
	for name, row := range map[string]struct {
		ca  []byte
		url string
	}{"no CA": {nil, s.url()}, "another CA": {others.pem, s.url()}, "another name": {ours.pem, strings.Replace(s.url(), "127.0.0.1", "localhost", 1)}} {
		p, err := New(Options{URLs: []string{row.url}, CA: row.ca, Gate: shed.Default(), Clock: time.Now, Log: zap.NewNop()})
		if err != nil {
			t.Fatal(err)
		}
		_, err = call(p)
		if i := p.Instances()[0]; !errors.Is(err, ErrResting) || i.State != api.InstanceDown || i.En != saidUntrusted.en || s.served.Load() != 0 {
			t.Errorf("%s: %v, %+v", name, err, i)
		}
		p.Close()
	}
	if _, err := New(Options{URLs: []string{s.url()}, CA: []byte("nothing"), Clock: time.Now}); err == nil {
		t.Error("a CA that is none was taken")
	}
}
