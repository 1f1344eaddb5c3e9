// Package upstream is the way to the backend: any number of instances behind one Pool. A request takes a permit, which
// names an instance (gateway/shed gives it for the least loaded one), passes that instance's breaker, is sent, and gives both
// back exactly once.
//
// Each instance has a state: ready, slow_start, draining, down or standby. It follows from what requests meet there (the
// breaker, connections that fail) and from what the instance says when it is asked how it is, ten times a second. The state
// sets the part of its permits that an instance may use; an instance whose part is nothing is sent nothing. Only these
// questions try an instance whose breaker has opened, never a person's request.
package upstream

import (
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/shed"
)

// Why a request has no answer from the backend.
var (
	// ErrBusy says that there was no permit: the backend has enough to do.
	ErrBusy = errors.New("upstream: busy")
	// ErrResting says that no instance can be reached or all are left alone; nothing was sent.
	ErrResting = errors.New("upstream: backend rests")
	// ErrUnknown says that the request was sent and its answer lost: it may or may not have happened.
	ErrUnknown = errors.New("upstream: answer lost")
)

// Options sets a Pool. URLs are the instances' base addresses, http://HOST:PORT or https://HOST:PORT; CA, PEM, is whom
// instances with https are believed by, nil for whom the host believes. Token is what this gateway shows them. A Config that
// is zero is the default one.
type Options struct {
	URLs   []string
	CA     []byte
	Token  []byte
	Gate   shed.Config
	Config Config
	Clock  func() time.Time
	Log    *zap.Logger
}

// Pool is the backend, however many instances it has. It is safe for concurrent use.
type Pool struct {
	token  string
	tls    *tls.Config
	clock  func() time.Time
	log    *zap.Logger
	gate   *shed.Gate
	aside  chan struct{}
	config atomic.Pointer[Config]
	tries  tries
	kept   memory
	screen atomic.Pointer[func(shed.Class) bool] // nil: everybody may ask
	over   fasthttp.RoundTripper                 // nil: the network

	mu      sync.Mutex // over changes of who is in the pool and of their states
	members atomic.Pointer[members]
}

// members are the instances of a moment. They are never changed, only replaced.
type members struct {
	list   []*instance // in the order in which they were named
	bySite map[*shed.Site]*instance
}

// New returns a Pool; no instance is asked anything yet. The only one is sent work at once, several when they have said that
// they are well.
func New(o Options) (*Pool, error) {
	if o.Config == (Config{}) {
		o.Config = Default()
	}
	if err := o.Config.Check(); err != nil {
		return nil, err
	}
	trust, err := trusting(o.CA, o.Clock)
	if err != nil {
		return nil, err
	}
	p := &Pool{
		token: hex.EncodeToString(o.Token), tls: trust, clock: o.Clock, log: o.Log, gate: shed.NewGate(o.Gate, o.Clock),
		aside: make(chan struct{}, asideMax), kept: newMemory(),
	}
	p.config.Store(&o.Config)
	p.tries.fill()
	p.members.Store(&members{})
	for _, url := range o.URLs {
		if err := p.add(url, len(o.URLs) == 1); err != nil { // else there is another one while it is asked
			return nil, err
		}
	}
	return p, nil
}

// Config returns the values in force.
func (p *Pool) Config() Config { return *p.config.Load() }

// Configure puts other values in force at once, or says what is wrong with them and changes nothing.
func (p *Pool) Configure(c Config) error {
	if err := c.Check(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.config.Store(&c)
	for _, i := range p.members.Load().list {
		i.breaker.configure(c.Breaker)
	}
	p.kept.bound(c.Fallback)
	p.settle(p.clock())
	return nil
}

// Screen has requests of the classes that let does not admit refused before they wait for a permit.
func (p *Pool) Screen(let func(shed.Class) bool) { p.screen.Store(&let) }

// Gate is where the permits of all instances are given out.
func (p *Pool) Gate() *shed.Gate { return p.gate }

// Close lets go of all connections that nobody uses. What is under way ends by itself.
func (p *Pool) Close() {
	for _, i := range p.members.Load().list {
		i.letGo()
	}
}

// of returns the instance of a permit's site.
func (p *Pool) of(s *shed.Site) (*instance, error) {
	if i := p.members.Load().bySite[s]; i != nil {
		return i, nil
	}
	return nil, fmt.Errorf("%w: the instance has just left", ErrResting)
}
