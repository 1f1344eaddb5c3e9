package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
)

const (
	filterFile = "roster.filter"
	listSuffix = ".subjects"
)

func (f folder) listPath(name string) string {
	path := f.path("lists", name+listSuffix)
	if made := f.path("demo", name+listSuffix); name == cohort.RosterList && !f.exists("lists", name+listSuffix) && f.exists("demo", name+listSuffix) {
		return made // a roster that was imported counts before the demo's
	}
	return path
}

// known reads a list as it was imported; an empty one where none was.
func (f folder) known(name string) (*roster.Set, error) {
	if !f.exists("lists", name+listSuffix) {
		return &roster.Set{}, nil
	}
	return f.set(name)
}

// set reads a list as it was imported, exact. The error is fs.ErrNotExist where it never was.
func (f folder) set(name string) (*roster.Set, error) {
	file, err := os.Open(f.listPath(name))
	if err != nil {
		return nil, fmt.Errorf("read the list %q: %w", name, err)
	}
	defer file.Close()
	set, err := roster.ReadSet(file)
	if err != nil {
		return nil, fmt.Errorf("read the list %s: %w", f.listPath(name), err)
	}
	return set, nil
}

// lists reads every list that the schedule names. Where nobody is left out because of the roster its filter will do: a
// false positive there is found out when the person books. Whom a list leaves out is told so at the gateway, so that
// list has to be exact.
func (f folder) lists(s *cohort.Schedule) (roster.Lists, error) {
	lists := roster.Lists{}
	for _, use := range s.Lists() {
		list, err := f.list(use)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, missingList(use.Name, f)
		}
		if err != nil {
			return nil, err
		}
		lists[use.Name] = list
	}
	return lists, nil
}

func (f folder) list(use cohort.ListUse) (roster.List, error) {
	if use.Name == cohort.RosterList && !use.Excluded && f.exists(filterFile) {
		return f.filter()
	}
	return f.set(use.Name)
}

func missingList(name string, f folder) error {
	hint := ""
	if name == cohort.RosterList {
		hint = ", or start with --demo (or run daemun seed) to make one"
	}
	return fmt.Errorf("the schedule names the list %q, but it was not imported; run daemun roster import FILE.csv --list %s --data %s%s", name, name, f, hint)
}

func (f folder) filter() (*roster.Filter, error) {
	text, err := os.ReadFile(f.path(filterFile))
	if err != nil {
		return nil, fmt.Errorf("read the roster filter: %w", err)
	}
	filter := &roster.Filter{}
	if err := filter.UnmarshalBinary(text); err != nil {
		return nil, fmt.Errorf("read the roster filter %s: %w", f.path(filterFile), err)
	}
	return filter, nil
}

// writeSet keeps a list, in the place of what had its name.
func (f folder) writeSet(name string, set *roster.Set) error {
	if err := os.MkdirAll(f.path("lists"), 0o700); err != nil {
		return fmt.Errorf("make the folder of lists: %w", err)
	}
	return writeSetFile(f.path("lists", name+listSuffix), set)
}

func writeSetFile(path string, set *roster.Set) error {
	return writeFile(path, 0o600, func(w io.Writer) error {
		_, err := set.WriteTo(w)
		return err
	})
}

func (f folder) writeFilter(ids []subject.ID) error {
	filter, err := roster.Build(ids)
	if err != nil {
		return err
	}
	text, err := filter.MarshalBinary()
	if err != nil {
		return fmt.Errorf("write the roster filter: %w", err)
	}
	return writeWhole(f.path(filterFile), text, 0o600)
}

// importLists brings the schedule's lists into the store, which holds them exactly. A list that the store knows from an
// earlier start need not be in the folder any more.
func importLists(ctx context.Context, store booking.Store, f folder, s *cohort.Schedule, now time.Time) error {
	in := booking.Import{Lists: map[string]*roster.Set{}, At: now}
	for _, use := range s.Lists() {
		set, err := f.set(use.Name)
		switch {
		case err == nil:
			in.Lists[use.Name] = set
		case !errors.Is(err, fs.ErrNotExist):
			return err
		case store.Catalog().List(use.Name) == nil:
			return missingList(use.Name, f)
		}
	}
	if len(in.Lists) == 0 {
		return nil
	}
	if err := store.Import(ctx, in); err != nil {
		return fmt.Errorf("import the lists: %w", err)
	}
	return nil
}
