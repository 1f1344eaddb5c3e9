package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/sheet"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/keyring"
)

func rosterCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "roster", Short: "take in lists of people that a schedule names"}
	cmd.AddCommand(rosterImportCommand())
	return cmd
}

// rosterIntake are the flags of roster import.
type rosterIntake struct {
	intake
	list      string
	add       bool
	allowLoss bool
}

func rosterImportCommand() *cobra.Command {
	var in rosterIntake
	cmd := &cobra.Command{
		Use: "import FILE.csv", Short: "take in a list of people: those eligible, or those covered elsewhere", Args: cobra.ExactArgs(1),
		Long: `import reads a CSV file whose header names at least the column rrn (registration numbers; 주민등록번호) and keeps the people
as pseudonyms in DIR/lists/NAME.subjects; the numbers themselves are kept nowhere. The list takes the place of the one
that had its name, or with --add comes on top of it. Each row that cannot be read is reported by its line and what is wrong, and left
out; the command fails only if no row could be read, and then it changes nothing. Of a file with a column on_roster those rows count
that say true.

A schedule asks for people on a list with "list: NAME" ("roster: true" for the roster) and leaves people out with
"except: [NAME]". Gateway and backend read the lists when they start and when a schedule comes into force: with --control the one in
force does once more, at once.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cohort.ValidListName(in.list) {
				return fmt.Errorf("--list %s: write lower-case letters, digits and single hyphens, at most 64, such as covered-elsewhere", in.list)
			}
			end, err := in.begin(cmd)
			if err != nil {
				return err
			}
			return errors.Join(in.people(args[0]), end())
		},
	}
	in.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&in.list, "list", cohort.RosterList, "`name` of the list in the schedule")
	f.BoolVar(&in.add, "add", false, "add these people to the list, instead of putting them in its place")
	f.BoolVar(&in.allowLoss, "allow-loss", false, "take the list in although more than a tenth of those who were on it are not on it any more")
	return cmd
}

func (in *rosterIntake) people(path string) error {
	unlock, err := in.data.lock("lists")
	if err != nil {
		return err
	}
	defer unlock()
	ring, err := keyring.Open(string(in.data))
	if err != nil {
		return err
	}
	ids, unlisted, err := in.readPeople(path, ring.SubjectKey())
	if err != nil {
		return err
	}
	if err := in.verdict(path, len(ids)); err != nil {
		return err
	}
	rows := len(ids)
	set := roster.NewSet(ids)
	repeated := rows - set.Len()
	before, err := in.data.known(in.list)
	if err != nil {
		return err
	}
	if in.add {
		set = before.Union(set)
	}
	kept := set.Common(before)
	in.tell("명단 %s: %d명 (중복 %d행, 제외 %d행). 새로 %d명, 빠진 사람 %d명, 대상이 아니라고 적힌 행 %d.",
		in.list, set.Len(), repeated, in.rejected, set.Len()-kept, before.Len()-kept, unlisted)
	in.tell("list %s: %d people (%d rows repeated, %d rejected); %d new, %d no longer on it, %d rows that say not on the roster",
		in.list, set.Len(), repeated, in.rejected, set.Len()-kept, before.Len()-kept, unlisted)
	if lost := before.Len() - kept; lost*10 > before.Len() && !in.allowLoss {
		return fmt.Errorf("%d of %d people would no longer be on the list %s; nothing was changed: give --add where this file holds only some of the people, or --allow-loss where this is meant", lost, before.Len(), in.list)
	}
	changed := kept != set.Len() || kept != before.Len() || !in.data.exists("lists", in.list+listSuffix)
	if changed && !in.dryRun {
		if err := in.data.keepList(in.list, set); err != nil {
			return err
		}
	}
	return in.done(changed)
}

// keepList keeps a list, the roster with its filter.
func (f folder) keepList(name string, set *roster.Set) error {
	if err := f.writeSet(name, set); err != nil {
		return err
	}
	if name != cohort.RosterList {
		return nil
	}
	return f.writeFilter(set.IDs())
}

// readPeople reads a list row by row: each number becomes a pseudonym at once.
func (in *intake) readPeople(path string, key *subject.Key) (people []subject.ID, unlisted int, err error) {
	file, err := in.open(path)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	err = roster.ReadCSV(file, sheet.Encoding(in.encoding), func(n subject.Number, listed bool) error {
		if !listed {
			unlisted++
			return nil
		}
		people = append(people, key.Subject(n))
		return nil
	}, in.reject)
	if err != nil {
		return nil, 0, fmt.Errorf("list %s: %w", path, err)
	}
	return people, unlisted, nil
}
