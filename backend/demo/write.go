package demo

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/daemun/daemun/backend/clinic"
)

// The files of a demo folder.
const (
	CitizensFile = "citizens.csv" // rrn,name,phone,birth_date,on_roster; only its owner may read it
	ClinicsFile  = "clinics.csv"  // id,name,region,address,vaccine
	SlotsFile    = "slots.csv"    // id,clinic,at,vaccine,capacity,dose
)

var (
	citizensHeader = []string{"rrn", "name", "phone", "birth_date", "on_roster"}
	clinicsHeader  = []string{"id", "name", "region", "address", "vaccine"}
	slotsHeader    = []string{"id", "clinic", "at", "vaccine", "capacity", "dose"}
)

// Write makes everything and writes it into a folder, which it makes where there is none. Each file appears whole or
// not at all. progress, where not nil, hears now and then how many rows are written, and at the end of all.
func Write(dir string, o Options, progress func(done int)) error {
	o = o.filled()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the demo folder: %w", err)
	}
	clinics := Clinics(o)
	count := counter{tell: progress}
	err := writeCSV(filepath.Join(dir, CitizensFile), 0o600, citizensHeader, &count, func(row func(...string)) {
		for c := range Citizens(o) {
			row(c.Number.Digits(), c.Name, c.Phone, c.Birth.String(), strconv.FormatBool(c.OnRoster))
		}
	})
	if err != nil {
		return err
	}
	if err := writeClinics(dir, clinics, &count); err != nil {
		return err
	}
	if err := writeSlots(dir, Slots(o, clinics), &count); err != nil {
		return err
	}
	count.end()
	return nil
}

func writeClinics(dir string, clinics []clinic.Clinic, count *counter) error {
	return writeCSV(filepath.Join(dir, ClinicsFile), 0o644, clinicsHeader, count, func(row func(...string)) {
		for _, c := range clinics {
			row(c.ID, c.Name, c.Region, c.Address, c.Vaccine)
		}
	})
}

func writeSlots(dir string, slots iter.Seq[clinic.Slot], count *counter) error {
	return writeCSV(filepath.Join(dir, SlotsFile), 0o644, slotsHeader, count, func(row func(...string)) {
		for s := range slots {
			row(s.ID, s.Clinic, s.At.Format(time.RFC3339), s.Vaccine, strconv.Itoa(s.Capacity), strconv.Itoa(s.Dose))
		}
	})
}

type counter struct {
	done int
	tell func(done int)
}

const tellEvery = 500_000

func (c *counter) row() {
	if c.done++; c.done%tellEvery == 0 {
		c.end()
	}
}

func (c *counter) end() {
	if c.tell != nil {
		c.tell(c.done)
	}
}

// writeCSV writes beside the place and renames, so that a reader never meets half a file.
func writeCSV(path string, mode fs.FileMode, header []string, count *counter, rows func(row func(...string))) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".seed-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("writing %s: %w", path, err)
		}
	}()
	buffered := bufio.NewWriterSize(f, 1<<18)
	out := csv.NewWriter(buffered)
	out.Write(header) // Flush's error is looked at below and covers every Write
	rows(func(fields ...string) {
		out.Write(fields)
		count.row()
	})
	out.Flush()
	if err := out.Error(); err != nil {
		return err
	}
	if err := buffered.Flush(); err != nil {
		return err
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
