package loadlab

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/loadlab/sim"
	"github.com/daemun/daemun/loadlab/verdict"
)

func simulateCommand() *cobra.Command {
	s := sim.Default()
	var asJSON bool
	var out string
	c := &cobra.Command{
		Use:   "simulate",
		Short: "live through a day of 3,000,000 people in virtual time and judge every wait that was shown",
		Long: `Runs the code that calls people in and tells them how long they wait against a simulated backend and simulated
people, in virtual time and on one processor: a lobby, spikes, an evening, people who never come or come late, capacity
that changes, a cap, a pause, a postponement, a failure. Every range that somebody was shown is held against when their
turn came. The same seed gives the same day.

Leaves day.json and day.html in the folder given with --out.
Exit codes: 0 everything that is promised held, 1 it did not, 4 the day could not be simulated.`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := sim.Run(s)
			if err == nil {
				err = r.WriteTo(out)
			}
			if err != nil {
				return &Exit{Verdict: verdict.Inconclusive, Err: err}
			}
			if asJSON {
				err = json.NewEncoder(cmd.OutOrStdout()).Encode(r)
			} else {
				err = r.Text(cmd.OutOrStdout())
			}
			if err != nil {
				return fmt.Errorf("write the result: %w", err)
			}
			if !r.OK {
				return &Exit{Verdict: verdict.Broken, Err: errors.New("the day broke what is promised about waits")}
			}
			return nil
		},
	}
	f := c.Flags()
	f.IntVar(&s.People, "people", s.People, "how many people join")
	f.Uint64Var(&s.Seed, "seed", s.Seed, "seed of everything that is drawn by lot")
	f.Float64Var(&s.Hours, "hours", s.Hours, "how long the opening lasts, `hours`")
	f.Float64Var(&s.Busy, "busy", s.Busy, "`share` of the day that the backend needs for everybody who comes")
	f.Float64Var(&s.NoShow, "no-show", s.NoShow, "`share` of people who never come to their turn")
	f.Float64Var(&s.Late, "late", s.Late, "`share` of people who come long after their turn")
	f.Float64Var(&s.Lobby, "lobby", s.Lobby, "`share` of people who wait at the opening")
	f.Float64Var(&s.Doses, "doses", s.Doses, "`doses` for each person; less than about 0.6 run out")
	f.Float64Var(&s.Trouble, "trouble", s.Trouble, "`times` a pause of 20 minutes, a postponement of an hour and so on; 0: as the length of the opening")
	f.BoolVar(&s.PostponedLate, "postponed-late", s.PostponedLate, "postpone the opening some minutes after it has begun, not ten minutes before")
	f.BoolVar(&s.Calm, "calm", s.Calm, "leave out what operators and failures do to the day")
	f.BoolVar(&asJSON, "json", false, "write the result as JSON")
	f.StringVar(&out, "out", "build/day", "folder for day.json and day.html")
	return c
}
