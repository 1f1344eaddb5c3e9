// Package result is what the overload experiments leave for machines: every measurement, its medians and spread over the
// repeats, and one line of verdict for each thing that has to be shown. No I/O but reading and writing its file.
package result

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/daemun/daemun/loadlab/overload/load"
	"github.com/daemun/daemun/loadlab/overload/site"
	"github.com/daemun/daemun/loadlab/verdict"
)

// Result is the file result.json.
type Result struct {
	At          time.Time       `json:"at"`
	TookS       float64         `json:"took_s"`
	Machine     string          `json:"machine"`
	Command     string          `json:"command"`
	Site        site.Setting    `json:"site"`
	Nominal     float64         `json:"nominal_capacity"` // places ÷ service time, requests a second
	C           Stat            `json:"c"`                // the best goodput without a gateway, over the repeats
	LevelMS     float64         `json:"level_ms"`         // an answer later than this after the due time is of no use
	Repeats     int             `json:"repeats"`
	Systems     []System        `json:"systems"`
	Experiments []Experiment    `json:"experiments"`
	Verdict     verdict.Outcome `json:"verdict"`
	Lines       []Line          `json:"lines"`
}

// System is what was measured, or why it could not be.
type System struct {
	Name    string `json:"name"`
	Ko      string `json:"ko"`
	En      string `json:"en"`
	Missing string `json:"missing,omitempty"`
}

// Experiment is what one experiment measured.
type Experiment struct {
	Name      string     `json:"name"`
	Ko        string     `json:"ko"`
	En        string     `json:"en"`
	Rows      []Row      `json:"rows"`
	Summaries []Summary  `json:"summaries"`
	Lines     []TimeLine `json:"time_lines,omitempty"`
}

// Key says what was measured: a system at a point, a multiple of C as a rule, in a variant of the experiment.
type Key struct {
	System  string  `json:"system"`
	Variant string  `json:"variant,omitempty"`
	Point   float64 `json:"point"`
}

// Row is one measurement. Values are the figures that are summed up, by name; Figures all that was counted.
type Row struct {
	Key
	Repeat  int                `json:"repeat"`
	Values  map[string]float64 `json:"values"`
	Invalid string             `json:"invalid,omitempty"` // why it says nothing about the system
	Figures *load.Figures      `json:"figures,omitempty"`
}

// Summary is a key's rows over the repeats, invalid ones left out.
type Summary struct {
	Key
	Valid  int             `json:"valid"` // rows that count
	Values map[string]Stat `json:"values"`
}

// TimeLine is how one measurement went on, in steps of Step seconds.
type TimeLine struct {
	Key
	Repeat int                  `json:"repeat"`
	StepS  float64              `json:"step_s"`
	Values map[string][]float64 `json:"values"`
	Marks  []Mark               `json:"marks,omitempty"`
}

// Mark is an instant of a time line at which something was changed.
type Mark struct {
	AtS float64 `json:"at_s"`
	Ko  string  `json:"ko"`
	En  string  `json:"en"`
}

// Line is the verdict on one thing that has to be shown.
type Line struct {
	Clause int     `json:"clause"` // of what has to be shown, 1 to 8
	Name   string  `json:"name"`
	Ko     string  `json:"ko"`
	En     string  `json:"en"`
	OK     bool    `json:"ok"`
	Value  float64 `json:"value"`
	Wanted string  `json:"wanted"` // such as ">= 0.95"
	Unit   string  `json:"unit,omitempty"`
	// Invariant says that the line must hold on any machine, however busy.
	Invariant bool `json:"invariant,omitempty"`
	// Unknown says why there is no verdict: the measurements say nothing.
	Unknown string `json:"unknown,omitempty"`
}

// File is the name of the file in the folder of results.
const File = "result.json"

// Save writes the result into a folder.
func Save(dir string, r *Result) error {
	b, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("%s: %w", File, err)
	}
	if err := os.WriteFile(filepath.Join(dir, File), append(b, '\n'), 0o644); err != nil {
		return fmt.Errorf("save the result: %w", err)
	}
	return nil
}

// Load reads a result from a folder.
func Load(dir string) (*Result, error) {
	b, err := os.ReadFile(filepath.Join(dir, File))
	if err != nil {
		return nil, fmt.Errorf("no finished experiment here: %w", err)
	}
	r := &Result{}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("%s: %w", File, err)
	}
	return r, nil
}

// Experiment finds an experiment by name, nil if it was not done.
func (r *Result) Experiment(name string) *Experiment {
	for i := range r.Experiments {
		if r.Experiments[i].Name == name {
			return &r.Experiments[i]
		}
	}
	return nil
}

// Find returns the summary of a key; nil where there is none with a valid row.
func (e *Experiment) Find(k Key) *Summary {
	for i := range e.Summaries {
		if s := &e.Summaries[i]; s.Key == k && s.Valid > 0 {
			return s
		}
	}
	return nil
}
