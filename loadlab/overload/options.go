// Package overload measures what a gateway does when more is asked of it than the backend behind it can do: experiments on
// this machine, with ours and other gateways in turns before the same backend of known capacity. What they show is said in
// docs/overload.md.
package overload

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/daemun/daemun/loadlab/overload/site"
)

// Options set the experiments.
type Options struct {
	Binary  string // the daemun program to test
	Out     string // folder for results and logs
	Names   []string
	Systems []string
	Points  []float64     // multiples of C for the curve
	Repeats int           // of each measurement
	Measure time.Duration // of each measurement, after its warm-up
	Short   bool          // fewer points, shorter
	Site    site.Setting
	Limit   int // of requests under way, where somebody has to set it by hand
	Command string
	Say     io.Writer
}

const (
	level  = time.Second             // a later answer is of no use
	giveUp = 1500 * time.Millisecond // when a client of the curves gives up
	warmUp = 3 * time.Second
	people = 400 // who were admitted before the measurements
)

// CurvePoints are the multiples of C of the whole goodput curve, and of a short one.
var (
	CurvePoints = []float64{0.5, 0.8, 1, 1.2, 1.5, 2, 3, 5, 10, 33}
	shortPoints = []float64{0.8, 1, 2, 10, 33}
)

// Settle fills in what was left out and says what is wrong.
func (o *Options) Settle() error {
	if o.Binary == "" {
		var err error
		if o.Binary, err = os.Executable(); err != nil {
			return fmt.Errorf("find this program: %w", err)
		}
	}
	if len(o.Points) == 0 {
		o.Points = CurvePoints
		if o.Short {
			o.Points = shortPoints
		}
	}
	slices.Sort(o.Points)
	if o.Points[0] <= 0 || o.Points[len(o.Points)-1] > 100 {
		return errors.New("--points: multiples of the capacity above 0, at most 100")
	}
	if o.Repeats < 1 || o.Measure < time.Second {
		return errors.New("--repeats and --seconds: at least 1")
	}
	if err := o.Site.Check(); err != nil {
		return err
	}
	for _, name := range o.Names {
		if !slices.ContainsFunc(experiments, func(e experiment) bool { return e.name == name }) {
			return fmt.Errorf("no experiment is called %q; there are %s", name, strings.Join(ExperimentNames(), ", "))
		}
	}
	for _, name := range o.Systems {
		if !slices.Contains(SystemNames(), name) {
			return fmt.Errorf("--systems: nothing is called %q; there are %s", name, strings.Join(SystemNames(), ", "))
		}
	}
	return nil
}

func (o *Options) log(name string) string { return filepath.Join(o.Out, name+".log") }

// ExperimentNames are the names of the experiments, in the order in which they are done.
func ExperimentNames() []string {
	var names []string
	for _, e := range experiments {
		names = append(names, e.name)
	}
	return names
}
