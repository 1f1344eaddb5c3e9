package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/keyring"
)

func rosterCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "roster", Short: "take in lists of people that a schedule names"}
	cmd.AddCommand(rosterImportCommand())
	return cmd
}

func rosterImportCommand() *cobra.Command {
	var data folder
	var list string
	cmd := &cobra.Command{
		Use: "import FILE.csv", Short: "take in a list of people: those eligible, or those covered elsewhere", Args: cobra.ExactArgs(1),
		Long: `import reads a CSV file in UTF-8 whose header names at least the column rrn (registration numbers) and keeps the people
as pseudonyms in DIR/lists/NAME.subjects; the numbers themselves are kept nowhere. The list takes the place of the one
that had its name. Each row that cannot be read is reported by its line and what is wrong, and left out; the command
fails only if no row could be read, and then it changes nothing.

A schedule asks for people on a list with "list: NAME" ("roster: true" for the roster) and leaves people out with
"except: [NAME]". Gateway and backend read the lists when they start and when a schedule comes into force.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cohort.ValidListName(list) {
				return fmt.Errorf("--list %s: write lower-case letters, digits and single hyphens, at most 64, such as covered-elsewhere", list)
			}
			if err := data.open(); err != nil {
				return err
			}
			ring, err := keyring.Open(string(data))
			if err != nil {
				return err
			}
			return importRoster(cmd, data, ring.SubjectKey(), list, args[0])
		},
	}
	cmd.SetOut(stdout)
	dataFlag(cmd, &data)
	cmd.Flags().StringVar(&list, "list", cohort.RosterList, "`name` of the list in the schedule")
	return cmd
}

func importRoster(cmd *cobra.Command, data folder, key *subject.Key, list, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the list: %w", err)
	}
	defer file.Close()
	people, rejected, err := readPeople(file, key, cmd.ErrOrStderr())
	if err != nil {
		return fmt.Errorf("list %s: %w", path, err)
	}
	if len(people) == 0 {
		return fmt.Errorf("list %s: no row could be read (%d rejected); nothing was changed", path, rejected)
	}
	rows := len(people)
	set := roster.NewSet(people)
	if err := data.writeSet(list, set); err != nil {
		return err
	}
	if list == cohort.RosterList {
		if err := data.writeFilter(set.IDs()); err != nil {
			return err
		}
	}
	cmd.Printf("명단 %s: %d명 (중복 %d행, 제외 %d행). 다음에 시작하거나 일정을 적용할 때부터 쓰입니다.\n", list, set.Len(), rows-set.Len(), rejected)
	cmd.Printf("list %s: %d people (%d rows repeated, %d rejected), in %s; used from the next start, or the next schedule that comes into force\n",
		list, set.Len(), rows-set.Len(), rejected, data.listPath(list))
	return nil
}

// progressEvery is after how many rows the reader says how far it is: about a second's work.
const progressEvery = 500_000

// readPeople reads a list row by row, and tells progress and every row that it has to leave out.
func readPeople(r io.Reader, key *subject.Key, tell io.Writer) (people []subject.ID, rejected int, err error) {
	err = roster.ReadCSV(r, func(row roster.Row) error {
		if people = append(people, key.Subject(row.Number)); len(people)%progressEvery == 0 {
			fmt.Fprintf(tell, "daemun: %d행까지 읽음 / %d rows read\n", row.Line, row.Line)
		}
		return nil
	}, func(bad roster.Rejection) {
		rejected++
		fmt.Fprintln(tell, bad)
	})
	return people, rejected, err
}
