package loadlab

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/loadlab/invariant"
	"github.com/daemun/daemun/loadlab/leak"
	"github.com/daemun/daemun/loadlab/verdict"
)

type leaksOptions struct {
	data, citizens string
	logs           []string
	json           bool
}

func leaksCommand() *cobra.Command {
	var o leaksOptions
	c := &cobra.Command{
		Use:   "leaks --data DIR [--citizens FILE] [--log FILE]…",
		Short: "look for people in a data folder and in logs, where nobody may be found",
		Long: `Searches every file of a data folder, and the logs given, for the registration numbers, phones and names of the people in
a file: as text with and without hyphens, in UTF-8 and EUC-KR, as hexadecimal and base64, percent-encoded, and escaped as in
JSON. The people's own file and keys are left out. Names are searched where they are marked (daemun seed --marked), because
others stand in clinics' names and sentences too. What is found is told by its place, never by what it is.

A PostgreSQL database is searched in what pg_dump writes, or in its server's folder: give either as --log.
Exit codes: 0 nothing found, 1 a leak.`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			found, err := o.search(cmd)
			switch {
			case err != nil:
				return err
			case found > 0:
				return &Exit{Verdict: verdict.Broken}
			}
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&o.data, "data", "", "data `folder` to search")
	f.StringVar(&o.citizens, "citizens", "", "`file` of the people, with columns rrn, name and phone (default: demo/citizens.csv in the data folder)")
	f.StringArrayVar(&o.logs, "log", nil, "`file` or folder to search besides; may be given more than once")
	f.BoolVar(&o.json, "json", false, "write the outcome as JSON")
	return c
}

func (o *leaksOptions) search(cmd *cobra.Command) (found int64, err error) {
	if o.data == "" && len(o.logs) == 0 {
		return 0, fmt.Errorf("nothing to search: give --data DIR, --log FILE, or both")
	}
	if o.citizens == "" {
		o.citizens = filepath.Join(o.data, "demo", "citizens.csv")
	}
	file, err := os.Open(o.citizens)
	if err != nil {
		return 0, fmt.Errorf("whom to look for: %w; give --citizens FILE", err)
	}
	defer file.Close()
	markers, err := leak.ReadMarkers(file)
	if err != nil {
		return 0, err
	}
	paths := o.logs
	if o.data != "" {
		paths = append([]string{o.data}, paths...)
	}
	s := leak.NewSurvey(markers)
	if err := s.Files(cmd.Context(), paths, o.leaveOut()); err != nil {
		return 0, err
	}
	return o.tell(cmd.OutOrStdout(), markers, s)
}

func (o *leaksOptions) leaveOut() func(string) bool {
	other := notSearched(o.data)
	people, err := filepath.Abs(o.citizens)
	return func(path string) bool {
		if abs, wrong := filepath.Abs(path); err == nil && wrong == nil && abs == people {
			return true
		}
		return other(path)
	}
}

func (o *leaksOptions) tell(out io.Writer, m *leak.Markers, s *leak.Survey) (found int64, err error) {
	checked, places, count, hits := s.Result()
	if o.json {
		r := invariant.Result{Name: "leaks", OK: count == 0, Checked: checked, Broken: count}
		for _, h := range hits {
			r.Notes = append(r.Notes, h.String())
		}
		return count, json.NewEncoder(out).Encode(r)
	}
	for _, h := range hits {
		fmt.Fprintln(out, h)
	}
	if more := count - int64(len(hits)); more > 0 {
		fmt.Fprintf(out, "… and %d more\n", more)
	}
	if m.Unmarked > 0 {
		fmt.Fprintf(out, "%d of %d names were not searched, because they are not marked (daemun seed --marked)\n", m.Unmarked, m.People)
	}
	_, err = fmt.Fprintf(out, "%d leaks; searched %d bytes in %d files for %d people\n", count, checked, places, m.People)
	return count, err
}
