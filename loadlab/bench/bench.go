// Package bench is the file of rows that `make bench` leaves: what ours managed and what a peer did, in one run on one
// machine. Several benchmarks write to the same file, each its own rows.
package bench

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"
)

// Row is one comparison.
type Row struct {
	Name   string  `json:"name"` // of this row alone
	Unit   string  `json:"unit"`
	Ours   float64 `json:"ours"`
	Peer   string  `json:"peer"` // what it is held against, and how that was set up
	Theirs float64 `json:"theirs"`
	Ratio  float64 `json:"ratio"` // how many times better ours is

	// The least and the most of the repeats whose medians Ours and Theirs are.
	OursFrom   float64 `json:"ours_from,omitempty"`
	OursTo     float64 `json:"ours_to,omitempty"`
	TheirsFrom float64 `json:"theirs_from,omitempty"`
	TheirsTo   float64 `json:"theirs_to,omitempty"`
}

// Better says which of two figures of a unit is the better one.
type Better bool

// Of rates and of waits.
const (
	More Better = true
	Less Better = false
)

// Compare makes a row of what both sides reached in their repeats. Neither may be empty.
func Compare(name, unit string, better Better, ours []float64, peer string, theirs []float64) Row {
	r := Row{
		Name: name, Unit: unit, Peer: peer, Ours: Median(ours), Theirs: Median(theirs),
		OursFrom: slices.Min(ours), OursTo: slices.Max(ours), TheirsFrom: slices.Min(theirs), TheirsTo: slices.Max(theirs),
	}
	r.Ratio = r.Ours / r.Theirs
	if better == Less {
		r.Ratio = r.Theirs / r.Ours
	}
	if math.IsNaN(r.Ratio) || math.IsInf(r.Ratio, 0) {
		r.Ratio = 0 // a side that did nothing compares with nothing, and JSON knows no infinity
	}
	return r
}

// Median is the middle one, or the mean of the two in the middle; 0 of nothing.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}

// Read returns the rows of a file; none if there is no file.
func Read(path string) ([]Row, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var rows []Row
	if err := json.Unmarshal(text, &rows); err != nil {
		return nil, fmt.Errorf("%s holds no rows of a benchmark; remove it and run again: %w", path, err)
	}
	return rows, nil
}

// Put writes rows to a file, each in the place of the one that had its name, new ones after those that are there.
func Put(path string, rows []Row) error {
	all, err := Read(path)
	if err != nil {
		return err
	}
	for _, r := range rows {
		if i := slices.IndexFunc(all, func(old Row) bool { return old.Name == r.Name }); i >= 0 {
			all[i] = r
		} else {
			all = append(all, r)
		}
	}
	text, err := json.MarshalIndent(all, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	part := path + ".part"
	if err := os.WriteFile(part, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// Print writes rows as a table for people, a part for each peer in a row, the ratios last.
func Print(w io.Writer, rows []Row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	for i, r := range rows {
		if i == 0 || rows[i-1].Peer != r.Peer {
			fmt.Fprintf(t, "\nagainst %s\n", r.Peer)
			fmt.Fprintln(t, "ours\tfrom\tto\ttheirs\tfrom\tto\tunit\tratio\t  of")
		}
		for _, v := range []float64{r.Ours, r.OursFrom, r.OursTo, r.Theirs, r.TheirsFrom, r.TheirsTo} {
			fmt.Fprintf(t, "%s\t", figure(v))
		}
		fmt.Fprintf(t, "%s\t%.2f\t  %s\n", r.Unit, r.Ratio, r.Name)
	}
	return t.Flush()
}

// figure shows three digits or more.
func figure(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
