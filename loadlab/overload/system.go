package overload

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/daemun/daemun/loadlab/fault"
	"github.com/daemun/daemun/loadlab/overload/load"
)

// system is a way to the backend, started and ready.
type system struct {
	name    string
	address string         // host:port
	process *fault.Process // nil: none but the backend's own
	ours    *ours          // nil but for our gateway
}

// kind is a sort of system: how it is called and how it is started.
type kind struct {
	name, ko, en string
	start        func(ctx context.Context, l *Lab) (*system, error)
}

// kinds are the systems, ours first.
var kinds = []kind{
	{"ours", "대문", "Daemun, the limit found by itself", startOurs},
	{"none", "대문 없음", "no gateway", startNone},
	{"haproxy", "HAProxy", "HAProxy, limit set by hand, priority queue", startHAProxy},
	{"nginx", "nginx", "nginx, limit_conn set by hand", startNginx},
	{"caddy", "Caddy", "Caddy, reverse proxy", startCaddy},
	{"fixed", "고정 한도", "a Go proxy, limit fixed by hand", startLimiter("fixed")},
	{"failsafe", "failsafe-go", "a Go proxy, failsafe-go's adaptive limiter with priorities", startLimiter("failsafe")},
	{"gradient2", "Gradient2", "a Go proxy, go-concurrency-limits' Gradient2", startLimiter("gradient2")},
}

// SystemNames are the names of all systems.
func SystemNames() []string {
	var names []string
	for _, k := range kinds {
		names = append(names, k.name)
	}
	return names
}

// target is what the requests of a class ask for.
type target struct{ method, path, body string }

var targets = [load.Classes]target{
	{"POST", "/v1/bookings", `{"slot":"overload"}`},
	{"POST", "/v1/holds", `{"slot":"overload"}`},
	{"GET", "/v1/clinics?region=11&page=", ""},
	{"GET", "/v1/leftovers?region=", ""},
}

// encoder writes requests for a system. No two requests ask for the same list (page and region are what lists differ by), so that
// nobody can answer from what they have kept, unless all P3 ask for one; a resent request has the key of the first. nonce tells
// measurements apart.
func (s *system) encoder(nonce uint64, oneList bool) func(out []byte, r *load.Request) []byte {
	var heads [load.Classes][]byte
	for c, t := range targets {
		heads[c] = fmt.Appendf(nil, "Host: %s\r\nX-Class: p%d\r\n", s.address, c)
		if t.body != "" {
			heads[c] = fmt.Appendf(heads[c], "Content-Type: application/json\r\nContent-Length: %d\r\n", len(t.body))
		}
	}
	key := nonce << 32
	return func(out []byte, r *load.Request) []byte {
		t := &targets[r.Class]
		out = append(append(append(out, t.method...), ' '), t.path...)
		switch {
		case t.body != "":
		case oneList && r.Class == 3:
			out = append(out, "11"...)
		default:
			out = strconv.AppendUint(out, key+r.Number<<3+uint64(r.Step), 10)
		}
		out = append(append(out, " HTTP/1.1\r\n"...), heads[r.Class]...)
		if s.ours != nil && r.Class < 3 {
			out = append(append(append(out, "Authorization: Pass "...), s.ours.pass(r.Person)...), "\r\n"...)
		}
		if t.body != "" {
			out = strconv.AppendUint(append(out, "Idempotency-Key: overload-"...), key+r.Number<<3+uint64(r.Step), 10)
			out = append(out, "\r\n"...)
		}
		return append(append(out, "\r\n"...), t.body...)
	}
}

// fresh sees to it that the system can be measured for a while.
func (s *system) fresh(ctx context.Context) error {
	if s.ours != nil {
		return s.ours.renew(ctx)
	}
	return nil
}

// conns is how many connections the clients may have. The peers are set up for some four thousand; without a gateway every
// request that waits holds one, and there may be as many as a process may have files.
func (s *system) conns() int {
	if s.name == "none" {
		return 15_000
	}
	return 3500
}

func (s *system) stop() {
	if s.process != nil {
		s.process.Stop(10 * time.Second)
	}
}

func startNone(_ context.Context, l *Lab) (*system, error) {
	return &system{address: l.backend}, nil
}
