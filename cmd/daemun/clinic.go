package main

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io/fs"
	"maps"

	"github.com/spf13/cobra"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/sheet"
)

func clinicCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "clinic", Short: "take in the clinics (위탁의료기관) that vaccinate"}
	var in intake
	take := &cobra.Command{
		Use: "import FILE.csv", Short: "take in a table of clinics, new ones and changed ones", Args: cobra.ExactArgs(1),
		Long: `import reads a CSV file whose header names the columns id, name, region, address and vaccine, in any order (기관번호, 기관명,
시도, 주소, 백신). Clinics that were taken in before stay, changed where the table has them. Rows that cannot be read are reported by
line and reason and left out.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			end, err := in.begin(cmd)
			if err != nil {
				return err
			}
			return errors.Join(in.clinics(args[0]), end())
		},
	}
	in.flags(take)
	cmd.AddCommand(take)
	return cmd
}

func (in *intake) clinics(path string) error {
	unlock, err := in.data.lock("supply")
	if err != nil {
		return err
	}
	defer unlock()
	before, err := in.data.clinics()
	if err != nil {
		return err
	}
	read, repeated, err := in.readClinics(path)
	if err != nil {
		return err
	}
	if err := in.verdict(path, len(read)); err != nil {
		return err
	}
	after := maps.Clone(before)
	added, changed := 0, 0
	for id, c := range read {
		switch old, there := before[id]; {
		case !there:
			added++
		case old != c:
			changed++
		}
		after[id] = c
	}
	if added+changed > 0 && !in.dryRun {
		if err := in.data.writeClinics(after); err != nil {
			return err
		}
	}
	in.tell("의료기관 %d곳을 읽음: 새 %d, 변경 %d, 중복 %d행, 제외 %d행. 모두 %d곳.", len(read), added, changed, repeated, in.rejected, len(after))
	in.tell("%d clinics read: %d new, %d changed, %d rows repeated, %d rejected; %d in all", len(read), added, changed, repeated, in.rejected, len(after))
	return in.done(added+changed > 0)
}

// tell says something where somebody listens.
func (in *intake) tell(format string, args ...any) {
	if in.cmd != nil {
		in.cmd.Printf(format+"\n", args...)
	}
}

// done says what comes next.
func (in *intake) done(changed bool) error {
	switch {
	case in.cmd == nil:
		return nil
	case in.dryRun:
		in.tell("시험이므로 바꾸지 않았습니다. / dry run: nothing was changed")
		return nil
	case !changed && !in.live.wanted():
		in.tell("바뀐 것이 없습니다. / nothing has changed")
		return nil
	}
	return in.live.after(in.cmd)
}

func (in *intake) readClinics(path string) (read map[string]clinic.Clinic, repeated int, err error) {
	file, err := in.open(path)
	if err != nil {
		return nil, 0, err
	}
	defer file.Close()
	read = map[string]clinic.Clinic{}
	err = clinic.ReadClinics(file, sheet.Encoding(in.encoding), func(c clinic.Clinic) error {
		old, there := read[c.ID]
		if there && old != c {
			return conflict
		}
		if there {
			repeated++
		}
		read[c.ID] = c
		return nil
	}, in.reject)
	if err != nil {
		return nil, 0, fmt.Errorf("clinics %s: %w", path, err)
	}
	return read, repeated, nil
}

var conflict = &sheet.Rejected{Field: "id", Code: "conflict", Ko: "같은 번호로 다른 내용이 앞에 있습니다. 앞의 것을 씁니다.", En: "the same id stands before with other content; the first one is taken"}

func slotCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "slot", Short: "take in the half hours (접종일시) in which clinics vaccinate"}
	var in intake
	var to slotsOf
	take := &cobra.Command{
		Use: "import FILE.csv", Short: "take in a table of slots for one opening, new ones and changed ones", Args: cobra.ExactArgs(1),
		Long: `import reads a CSV file whose header names the columns clinic, at and capacity, in any order (기관번호, 접종일시, 수량), and takes
what it says into one opening; the clinics have to be taken in before. at is 2021-07-26 09:30, in Korea time. Further columns: vaccine
(otherwise the clinic's), id (otherwise made from clinic and time). Slots that were taken in before stay, changed where the table has
them: capacity 0 closes one. Rows that cannot be read are reported by line and reason and left out.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			end, err := in.begin(cmd)
			if err != nil {
				return err
			}
			opening, err := to.find(in.data)
			if err == nil {
				err = in.slots(args[0], opening)
			}
			return errors.Join(err, end())
		},
	}
	in.flags(take)
	take.Flags().StringVar(&to.opening, "opening", "", "`id` of the opening in the schedule (default: the only one there is)")
	take.Flags().StringVar(&to.schedule, "schedule", "", "schedule `file` (default: schedule.yaml in the data folder)")
	cmd.AddCommand(take)
	return cmd
}

// slotsOf says which opening slots are for.
type slotsOf struct{ opening, schedule string }

// find takes the opening that was named, or the only one. An opening that is in no schedule yet may get its slots before.
func (s *slotsOf) find(data folder) (string, error) {
	if s.opening != "" {
		if !cohort.ValidListName(s.opening) {
			return "", fmt.Errorf("--opening %s: want the id of an opening in the schedule", s.opening)
		}
		return s.opening, nil
	}
	schedule, err := data.schedule(s.schedule)
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("name the opening that the slots are for: --opening ID as in the schedule, or --schedule FILE where that has only one")
	}
	if err != nil {
		return "", err
	}
	if len(schedule.Openings) != 1 {
		return "", fmt.Errorf("the schedule has %d openings; name the one that the slots are for with --opening ID", len(schedule.Openings))
	}
	return schedule.Openings[0].ID, nil
}

// slotCount is what a table of slots holds.
type slotCount struct {
	slots, repeated int
	doses           int64
}

func (in *intake) slots(path, opening string) error {
	unlock, err := in.data.lock("supply")
	if err != nil {
		return err
	}
	defer unlock()
	clinics, err := in.data.clinics()
	if err != nil {
		return err
	}
	if len(clinics) == 0 {
		return fmt.Errorf("no clinics were taken in: run daemun clinic import FILE.csv --data %s first", in.data)
	}
	parts, err := in.data.parts(opening)
	if err != nil {
		return err
	}
	p, err := in.data.newPart(opening)
	if err != nil {
		return err
	}
	count, err := in.readSlots(path, clinics, p)
	if err == nil {
		err = in.verdict(path, count.slots)
	}
	if err != nil || in.dryRun {
		p.drop()
	}
	if err != nil {
		return err
	}
	isNew := false
	if !in.dryRun {
		if isNew, err = p.keep(parts); err != nil {
			return err
		}
	}
	in.tell("개통 %s: 접종일시 %d개(%d회분)를 읽음, 중복 %d행, 제외 %d행.", opening, count.slots, count.doses, count.repeated, in.rejected)
	in.tell("opening %s: %d slots (%d doses) read, %d rows repeated, %d rejected", opening, count.slots, count.doses, count.repeated, in.rejected)
	return in.done(isNew)
}

// readSlots reads a table row by row into a part. Of rows with the same ID the first one counts.
func (in *intake) readSlots(path string, clinics map[string]clinic.Clinic, into *part) (count slotCount, err error) {
	file, err := in.open(path)
	if err != nil {
		return count, err
	}
	defer file.Close()
	seen, seed := map[uint64]uint64{}, maphash.MakeSeed()
	err = clinic.ReadSlots(file, sheet.Encoding(in.encoding), known(clinics), func(_ int, s clinic.Slot) error {
		id, content := maphash.String(seed, s.ID), maphash.Comparable(seed, [3]any{s.At.Unix(), s.Vaccine, s.Capacity})
		if before, there := seen[id]; there {
			if before != content {
				return conflict
			}
			count.repeated++
			return nil
		}
		seen[id] = content
		into.add(&s)
		count.slots++
		count.doses += int64(s.Capacity)
		return nil
	}, in.reject)
	if err != nil {
		return count, fmt.Errorf("slots %s: %w", path, err)
	}
	return count, nil
}
