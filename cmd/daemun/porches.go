package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/porch"
	"github.com/daemun/daemun/gateway/pressure"
)

// guardOptions are the flags of what protects a process's listeners.
type guardOptions struct {
	memory      memorySize
	drainWait   time.Duration
	connections int
	perSource   int
	dry         []string
}

// flags are those of every process that listens.
func (o *guardOptions) flags(f *pflag.FlagSet) {
	memoryFlag(f, &o.memory)
	f.DurationVar(&o.drainWait, "drain-wait", 250*time.Millisecond, "how long to go on answering after a request to stop, saying at /readyz that this process goes")
}

// citizens are the flags of the citizens' listener.
func (o *guardOptions) citizens(f *pflag.FlagSet) {
	f.IntVar(&o.connections, "connections", 0, "`connections` of citizens at once at most; 0: as many as open files and memory allow")
	f.IntVar(&o.perSource, "connections-per-source", porch.Citizens().PerSource, "`connections` of citizens from one IPv4 address or IPv6 /64 at most; 0: no bound, for a gateway behind a proxy")
	f.StringSliceVar(&o.dry, "dry-run-rules", nil, "`rules` of the citizens' listener that only count what they would cut, such as slow_header,source_full")
}

func (o *guardOptions) check() error {
	if o.drainWait < 0 || o.drainWait > 10*time.Minute {
		return fmt.Errorf("--drain-wait %s: want 0s to 10m", o.drainWait)
	}
	if o.connections < 0 || o.perSource < 0 {
		return fmt.Errorf("--connections %d and --connections-per-source %d: want 0 or more", o.connections, o.perSource)
	}
	for _, name := range o.dry {
		if _, err := porch.ReasonNamed(name); err != nil {
			return fmt.Errorf("--dry-run-rules: %w", err)
		}
	}
	return nil
}

// args are the same flags for a process of its own; with citizens those of their listener too.
func (o *guardOptions) args(citizens bool) []string {
	all := []string{"--memory-max", fmt.Sprint(int64(o.memory)), "--drain-wait", o.drainWait.String()}
	if citizens {
		all = append(all, "--connections", fmt.Sprint(o.connections), "--connections-per-source", fmt.Sprint(o.perSource), "--dry-run-rules", strings.Join(o.dry, ","))
	}
	return all
}

func (o *guardOptions) drain() porch.Drain {
	return porch.Drain{Wait: o.drainWait, Finish: drainTimeout}
}

// connectionCost is about what a connection of a citizen takes, in bytes: a goroutine and its buffers.
const connectionCost = 32 << 10

// porches are what watches a gateway's listeners.
type porches struct{ citizens, control, lanes *porch.Porch }

// newPorches divides the files that the process may open between the gateway's listeners.
func (o *guardOptions) newPorches(log *zap.Logger) (p porches, err error) {
	files, err := porch.Files()
	if err != nil {
		return p, err
	}
	citizens := porch.Citizens()
	citizens.Connections, citizens.PerSource = o.connections, o.perSource
	for _, name := range o.dry {
		rule, err := porch.ReasonNamed(name)
		if err != nil {
			return p, err
		}
		citizens.Dry[rule] = true
	}
	most := min(files*3/4, int(pressure.Bound(int64(o.memory))/4/connectionCost))
	p.citizens = porch.New(porch.Options{Name: "citizens", Most: most, Limits: citizens, Memory: pressure.Memory, Log: log})
	p.control = porch.New(porch.Options{Name: "control", Most: min(files/16, 256), Limits: porch.Inside(), Memory: pressure.Memory, Log: log})
	p.lanes = porch.New(porch.Options{Name: "lanes", Most: min(files/16, 4096), Limits: porch.Inside(), Memory: pressure.Memory, Log: log})
	return p, nil
}

// newInsidePorch watches a listener that only parts of the site reach, so that one source may have all of it.
func newInsidePorch(name string, log *zap.Logger) (*porch.Porch, error) {
	files, err := porch.Files()
	if err != nil {
		return nil, err
	}
	l := porch.Inside()
	l.PerSource = 0
	return porch.New(porch.Options{Name: name, Most: min(files/2, 16384), Limits: l, Memory: pressure.Memory, Log: log}), nil
}
