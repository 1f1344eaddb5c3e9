package demo

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
)

// ReadCitizens reads a citizens file and refuses it at the first row that is wrong; the error names its line and never
// what stands in it.
func ReadCitizens(r io.Reader) ([]Citizen, error) {
	var out []Citizen
	var first *roster.Rejection
	err := roster.ReadCSV(r, func(row roster.Row) error {
		birth, err := subject.ParseDate(row.Field("birth_date"))
		if err != nil || birth != row.Number.Birth() {
			return fmt.Errorf("birth_date is not the date in the number")
		}
		listed, err := strconv.ParseBool(row.Field("on_roster"))
		if err != nil {
			return fmt.Errorf("on_roster is neither true nor false")
		}
		out = append(out, Citizen{row.Number, row.Field("name"), row.Field("phone"), birth, listed})
		return nil
	}, func(bad roster.Rejection) {
		if first == nil {
			first = &bad
		}
	})
	if err == nil && first != nil {
		err = fmt.Errorf("%s", first)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the citizens: %w", err)
	}
	return out, nil
}

// ReadClinics reads a clinics file.
func ReadClinics(r io.Reader) ([]clinic.Clinic, error) {
	var out []clinic.Clinic
	err := readRows(r, clinicsHeader, func(f []string) error {
		c := clinic.Clinic{ID: f[0], Name: f[1], Region: f[2], Address: f[3], Vaccine: f[4]}
		if !clinic.ValidRegion(c.Region) {
			return fmt.Errorf("%q is none of the 17 regions", c.Region)
		}
		out = append(out, c)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the clinics: %w", err)
	}
	return out, nil
}

// ReadSlots reads a slots file.
func ReadSlots(r io.Reader) ([]clinic.Slot, error) {
	var out []clinic.Slot
	err := readRows(r, slotsHeader, func(f []string) error {
		at, err := time.Parse(time.RFC3339, f[2])
		if err != nil {
			return fmt.Errorf("at: %w", err)
		}
		capacity, err := strconv.Atoi(f[4])
		if err != nil || capacity < 1 {
			return fmt.Errorf("capacity %q is no number of doses from 1 on", f[4])
		}
		out = append(out, clinic.Slot{ID: f[0], Clinic: f[1], At: at.In(subject.Seoul), Vaccine: f[3], Capacity: capacity})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the slots: %w", err)
	}
	return out, nil
}

func readRows(r io.Reader, header []string, row func(fields []string) error) error {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	in.FieldsPerRecord = len(header)
	got, err := in.Read()
	if err != nil {
		return fmt.Errorf("header: %w", err)
	}
	if !slices.Equal(got, header) {
		return fmt.Errorf("the first line is not %v", header)
	}
	for {
		fields, err := in.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := row(fields); err != nil {
			line, _ := in.FieldPos(0)
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}
