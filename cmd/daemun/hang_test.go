package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/demo/idp"
	"github.com/daemun/daemun/gateway/api"
)

const hangingProviders = `
site: http://127.0.0.1:1
providers:
  - {id: demo-id, kind: oidc, name: 시연용 인증, issuer: %q, client_id: daemun, client_secret_file: secret, claims: {number: rrn}}
  - {id: roster, kind: roster, name: 명단 확인}
`

// hanging is a provider that tells of itself and then never answers anybody who brings a code.
func hanging(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = "http://" + l.Addr().String()
	provider, err := idp.New(idp.Options{
		Issuer: address, Clock: time.Now, Client: idp.Client{ID: "daemun", Secret: "a secret", Redirect: address},
		Person: func(string) (map[string]any, bool) { return nil, false },
	})
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
			return
		}
		provider.ServeHTTP(w, r)
	})}}
	server.Start()
	t.Cleanup(server.Close)
	return address
}

// TestAProviderThatHangs is July 2021: four hundred people are at a provider that does not answer. Meanwhile others look at
// clinics: none of them is turned away, no permit is held by those who wait, the backend's breaker stays closed and its limit
// is not cut; and who takes another way books.
func TestAProviderThatHangs(t *testing.T) {
	s := newSite(t)
	s.asking()
	dir := t.TempDir()
	file := filepath.Join(dir, "providers.yaml")
	for name, text := range map[string]string{file: fmt.Sprintf(hangingProviders, hanging(t)), filepath.Join(dir, "secret"): "a secret"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.parts = []*process{
		start(t, "backend", "--data", s.data, "--demo", "--identity", file, "--listen", s.backend),
		start(t, "gateway", "--data", s.data, "--listen", s.public, "--control", s.control, "--lanes", s.lanes, "--backend", "http://"+s.backend),
	}
	s.bothReady()
	eligible, _ := s.citizens()
	passes := make([]string, 20)
	for i := range passes {
		passes[i] = "Pass " + s.enter(s.join(eligible[i]))
	}
	before := s.capacity()
	stop, waiting := s.crowd(passes[1:], 20)
	answered, took := s.looksAround(passes[0], 300)
	during := s.capacity()
	turned := stop()
	t.Logf("%d people came back to the provider that hangs, %d at once; meanwhile 300 reads: %d answered, p50 %v, p99 %v", turned, waiting.Load(), answered, took[len(took)/2], took[len(took)*99/100])
	if answered != 300 {
		t.Errorf("%d of 300 reads were answered", answered)
	}
	if during.limit < before.limit || during.backend != "closed" {
		t.Errorf("permits %d, before %d; the backend's breaker is %s", during.limit, before.limit, during.backend)
	}
	s.eventually("the provider is left alone", func() bool { return s.capacity().provider == "open" })
	s.do(200, "POST", "/v1/identity/"+demoRosterID, passes[0], api.IdentityClaim{Name: eligible[0].Name, RRN: eligible[0].Number.Digits()}, nil)
	var slots api.SlotList
	var clinics api.ClinicList
	s.do(200, "GET", "/v1/clinics", passes[0], nil, &clinics)
	s.do(200, "GET", "/v1/clinics/"+clinics.Clinics[0].ID+"/slots", passes[0], nil, &slots)
	s.do(201, "POST", "/v1/bookings", passes[0], api.BookingRequest{Slot: slots.Slots[0].ID, Name: eligible[0].Name, RRN: eligible[0].Number.Digits(), Phone: eligible[0].Phone}, nil)
}

// capacity is what the control room sees of the ways to the backend.
type capacity struct {
	limit             int
	backend, provider string
}

func (s *site) capacity() (c capacity) {
	s.t.Helper()
	var seen api.Snapshot
	if code, text := s.command("viewer", "GET", "/control/v1/snapshot", nil, &seen); code != 200 {
		s.t.Fatalf("snapshot: %d %s", code, text)
	}
	c.limit = seen.Capacity.PermitLimit
	for _, b := range seen.Breakers {
		if strings.HasPrefix(b.Name, "identity/") {
			c.provider = b.State
		} else {
			c.backend = b.State
		}
	}
	return c
}

// crowd lets people come back to the provider again and again, so many at once for each pass, until stop is called; it
// returns how many were answered.
func (s *site) crowd(passes []string, each int) (stop func() int64, most *atomic.Int64) {
	s.t.Helper()
	most = &atomic.Int64{}
	var turned, inside atomic.Int64
	ended := make(chan struct{})
	var all sync.WaitGroup
	for _, pass := range passes {
		var start api.IdentityStart
		s.eventually("the provider is reached", func() bool {
			code, _ := s.try("POST", "/v1/identity/"+demoProviderID, pass, nil)
			return code == 200
		})
		s.do(200, "POST", "/v1/identity/"+demoProviderID, pass, nil, &start)
		u, err := url.Parse(start.Redirect)
		if err != nil {
			s.t.Fatal(err)
		}
		back := api.IdentityReturn{State: u.Query().Get("state"), Code: "c0de"}
		for range each {
			all.Go(func() {
				for {
					most.Store(max(most.Load(), inside.Add(1)))
					code, answer := s.try("POST", "/v1/identity/"+demoProviderID+"/return", pass, back)
					inside.Add(-1)
					if turned.Add(1); code < 400 || code >= 500 {
						s.t.Errorf("came back to a provider that hangs: %d %s", code, answer)
					}
					select {
					case <-ended:
						return
					case <-time.After(100 * time.Millisecond):
					}
				}
			})
		}
	}
	return func() int64 { close(ended); all.Wait(); return turned.Load() }, most
}

// looksAround reads the list of clinics so many times and returns how often that was answered, and how long it took, sorted.
func (s *site) looksAround(pass string, times int) (answered int, took []time.Duration) {
	for range times {
		begun := time.Now()
		if code, _ := s.try("GET", "/v1/clinics", pass, nil); code == 200 {
			answered++
		}
		took = append(took, time.Since(begun))
		time.Sleep(10 * time.Millisecond)
	}
	slices.Sort(took)
	return answered, took
}
