package node

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/brownout"
	"github.com/daemun/daemun/gateway/overload"
	"github.com/daemun/daemun/gateway/state"
)

// Part is something that protects the gateway or the backend: gates and breakers, listeners. Each function may be nil.
type Part struct {
	// Configure takes what holds from now on: at the start and after every change, one call at a time.
	Configure func(overload.Config)
	// Follow takes the instances to use from now on, in the same way.
	Follow func([]overload.Instance)
	// Show writes what the part knows into what operators see. Every rule stands there already: see api.Overload.Rule.
	Show func(*api.Overload)
}

// protection is a node's side of how it protects itself: what was applied last, and to what.
type protection struct {
	mu        sync.Mutex // of what follows
	base      overload.Config
	backends  []string // by the flags
	parts     []Part
	applied   bool
	standing  overload.Standing
	config    overload.Config
	instances []overload.Instance
	brownout  brownedOut
}

// startProtection sets what holds before any part is there.
func (n *Node) startProtection(o *Options) {
	p := &n.protection
	p.base = overload.Default()
	p.base.Gate = o.Backend.Gate().Config()
	for _, u := range o.Backends {
		p.backends = append(p.backends, strings.TrimSuffix(u, "/"))
	}
	if len(p.backends) == 0 {
		for _, i := range o.Backend.Instances() {
			p.backends = append(p.backends, i.URL)
		}
	}
	p.parts = []Part{n.backendPart()}
	o.Backend.Screen(n.Admits)
	p.brownout.ladder = brownout.New(p.base.Brownout, n.clock())
	n.protect(n.clock())
}

// Protect makes the node lead parts by what operators say, from now on.
func (n *Node) Protect(parts ...Part) {
	n.protection.mu.Lock()
	n.protection.parts = append(n.protection.parts, parts...)
	n.protection.applied = false
	n.protection.mu.Unlock()
	n.protect(n.clock())
}

// protect brings what operators say to the parts, where that is new.
func (n *Node) protect(now time.Time) {
	var said overload.Standing
	n.shared.Read(func(m *state.Model) { said = m.Overload })
	p := &n.protection
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.applied || !reflect.DeepEqual(said, p.standing) {
		p.standing = said
		cfg, err := said.Config(p.base)
		if err != nil {
			n.log.Error("what operators set does not go together with this gateway's flags, which hold", zap.Error(err))
		}
		p.config = cfg
		n.lateness.bound(&cfg)
		n.takeHold(said.Hold, &cfg, now)
		p.each(func(part *Part) {
			if part.Configure != nil {
				part.Configure(cfg)
			}
		})
	}
	list := said.Instances(p.backends, now)
	if !p.applied || !slices.Equal(list, p.instances) {
		p.instances = list
		p.each(func(part *Part) {
			if part.Follow != nil {
				part.Follow(slices.Clone(list))
			}
		})
	}
	p.applied = true
}

func (p *protection) each(do func(*Part)) {
	for i := range p.parts {
		do(&p.parts[i])
	}
}

// Overload is what operators have said about protection, what holds for this gateway, and what its flags say.
func (n *Node) Overload() (said overload.Standing, holds, flags overload.Config) {
	n.protect(n.clock())
	p := &n.protection
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.standing, p.config, p.base
}

// Backends are the addresses that this gateway's flags name.
func (n *Node) Backends() []string { return n.protection.backends }
