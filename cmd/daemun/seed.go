package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/gateway/keyring"
)

func seedCommand() *cobra.Command {
	var data folder
	var s seed
	cmd := &cobra.Command{
		Use: "seed", Short: "fill a data folder with synthetic people, clinics and an opening", Args: cobra.NoArgs,
		Long: `seed writes demo/citizens.csv, clinics.csv and slots.csv, the roster's filter, keys, operators' certificates, and
schedule.yaml with one opening whose lobby is open at once. What is there already and still of use stays.`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o := s.options
			if o.Citizens < 1 || o.OnRoster < 0 || o.OnRoster > o.Citizens || o.Clinics < 1 || o.Days < 1 || s.stock < 0 || s.opensIn < 0 {
				return fmt.Errorf("--citizens, --clinics and --days must be at least 1, --on-roster at most --citizens, --stock and --opens-in not below 0")
			}
			if err := data.open(); err != nil {
				return err
			}
			unlock, err := data.lock("gateway")
			if err != nil {
				return err
			}
			defer unlock()
			ring, err := keyring.Open(string(data))
			if err != nil {
				return err
			}
			s.tell = func(format string, args ...any) { cmd.Printf(format+"\n", args...) }
			s.progress = func(rows int) { cmd.PrintErrf("daemun: %d rows written\n", rows) }
			if err := data.prepare(ring, s, time.Now()); err != nil {
				return err
			}
			cmd.Printf("daemun: %s is ready for daemun up, or daemun backend --demo and daemun gateway\n", data)
			return nil
		},
	}
	cmd.SetOut(stdout)
	dataFlag(cmd, &data)
	f := cmd.Flags()
	f.IntVar(&s.options.Citizens, "citizens", 200_000, "`people` to make")
	f.IntVar(&s.options.OnRoster, "on-roster", 0, "how many of the `people` are eligible (0: three quarters of them)")
	f.IntVar(&s.options.Clinics, "clinics", 1000, "`clinics` to make, over all provinces")
	f.IntVar(&s.options.Days, "days", 10, "`days` with slots")
	f.Uint64Var(&s.options.Seed, "seed", 1, "`number` that everything follows from")
	f.BoolVar(&s.options.Marked, "marked", false, "give people names that stand nowhere by chance, so that a leak of one can be found (daemun loadlab leaks)")
	f.Int64Var(&s.stock, "stock", 0, "`doses` of the opening (0: fourteen for each fifteen people on the roster)")
	f.DurationVar(&s.opensIn, "opens-in", 30*time.Second, "when the opening opens")
	return cmd
}
