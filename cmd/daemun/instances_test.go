package main

import (
	"testing"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// twoBackends is a site whose gateway knows of two backends: the first one is there, of the second one there is the address.
func twoBackends(t *testing.T) (s *site, first *process, second string) {
	t.Helper()
	s, second = newSite(t), freePort(t)
	first = start(t, "backend", "--data", s.data, "--demo", "--listen", s.backend)
	s.parts = []*process{first, start(t, "gateway", "--data", s.data, "--listen", s.public, "--control", s.control, "--lanes", s.lanes,
		"--backend", "http://"+s.backend, "--backend", "http://"+second)}
	s.bothReady()
	return s, first, second
}

// TestAnotherBackendTakesOver: a gateway knows of two backends, of which one is there. That one is killed, the other one comes
// up on the same bookings, and whoever had a place and a pass goes on with them. The gateway says of each how it is.
func TestAnotherBackendTakesOver(t *testing.T) {
	s, first, second := twoBackends(t)
	eligible, _ := s.citizens()
	pass := "Pass " + s.enter(s.join(eligible[0]))
	waiting := s.join(eligible[1])
	if states := s.instances(); states["http://"+second] != api.InstanceDown {
		t.Errorf("%v", states)
	}
	first.kill()
	s.parts = append(s.parts, start(t, "backend", "--data", s.data, "--demo", "--listen", second))
	s.eventually("the other one has taken over", func() bool {
		states := s.instances()
		return states["http://"+second] == api.InstanceReady && states["http://"+s.backend] == api.InstanceDown
	})
	s.do(200, "GET", "/v1/clinics", pass, nil, nil)
	s.enter(waiting)
}

// TestABackendStandsBy: one that waits is known to stand by, takes over when the other is killed, and nobody loses a place, a
// pass or a booking.
func TestABackendStandsBy(t *testing.T) {
	s, first, second := twoBackends(t)
	s.parts = append(s.parts, start(t, "backend", "--data", s.data, "--demo", "--standby", "--listen", second))
	s.eventually("the other one stands by", func() bool { return s.instances()["http://"+second] == api.InstanceStandby })
	eligible, _ := s.citizens()
	pass := "Pass " + s.enter(s.join(eligible[0]))
	waiting := s.join(eligible[1])
	began := time.Now()
	first.kill()
	s.eventually("it has taken over", func() bool { return s.instances()["http://"+second] == api.InstanceReady })
	t.Logf("ready %s after the kill", time.Since(began).Round(time.Millisecond))
	s.do(200, "GET", "/v1/clinics", pass, nil, nil)
	s.enter(waiting)
}

// instances are the states of the backends by address, as the control room sees them.
func (s *site) instances() map[string]string {
	s.t.Helper()
	var seen api.Snapshot
	if code, text := s.command("viewer", "GET", "/control/v1/snapshot", nil, &seen); code != 200 {
		s.t.Fatalf("snapshot: %d %s", code, text)
	}
	states := map[string]string{}
	for _, i := range seen.Overload.Instances {
		states[i.URL] = i.State
	}
	return states
}
