// Package report shows a finished run: as a self-contained page with pictures, as text for the terminal, and as files
// for machines.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/fault"
	"github.com/daemun/daemun/loadlab/measure"
	"github.com/daemun/daemun/loadlab/scenario"
	"github.com/daemun/daemun/loadlab/verdict"
)

// Data is everything a report shows; it is kept as run.json.
type Data struct {
	At          time.Time              `json:"at"`
	Took        time.Duration          `json:"took_ns"` // the whole command
	Machine     string                 `json:"machine"`
	Plan        scenario.Plan          `json:"plan"`
	Verdict     *verdict.Verdict       `json:"verdict"`
	Figures     measure.Figures        `json:"figures"`
	Funnel      citizen.Funnel         `json:"funnel"`
	Cheats      []Cheat                `json:"cheats"`
	Usage       map[string]fault.Usage `json:"usage"`
	Connections int64                  `json:"connections"`
}

// Cheat counts one way to cheat.
type Cheat struct {
	Name     string `json:"name"`
	Tried    int64  `json:"tried"`
	Admitted int64  `json:"admitted"`
}

// Load reads a run.json.
func Load(name string) (*Data, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("no finished run here: %w", err)
	}
	d := &Data{}
	if err := json.Unmarshal(b, d); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if d.Verdict == nil {
		return nil, fmt.Errorf("%s holds no verdict", name)
	}
	return d, nil
}

// Save writes verdict.json, run.json and report.html into a folder.
func Save(dir string, d *Data) error {
	var v bytes.Buffer
	if err := verdict.Write(&v, d.Verdict); err != nil {
		return err
	}
	all, err := json.MarshalIndent(d, "", " ")
	if err != nil {
		return fmt.Errorf("run.json: %w", err)
	}
	for name, b := range map[string][]byte{"verdict.json": v.Bytes(), "run.json": all} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			return fmt.Errorf("save the run: %w", err)
		}
	}
	return WriteFile(filepath.Join(dir, "report.html"), d)
}

// WriteFile writes the page.
func WriteFile(name string, d *Data) error {
	var b bytes.Buffer
	if err := HTML(&b, d); err != nil {
		return err
	}
	if err := os.WriteFile(name, b.Bytes(), 0o644); err != nil {
		return fmt.Errorf("save the report: %w", err)
	}
	return nil
}
