package cohort

import (
	"fmt"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/daemun/daemun/backend/subject"
)

// The shape of a schedule file. Times and dates are text here so that a wrong one is refused in our words.
type scheduleFile struct {
	Version  uint32        `yaml:"version"`
	Name     string        `yaml:"name"`
	NameEn   string        `yaml:"name_en"`
	Openings []openingFile `yaml:"openings"`
}

type openingFile struct {
	ID               string       `yaml:"id"`
	Name             string       `yaml:"name"`
	NameEn           string       `yaml:"name_en"`
	LobbyAt          string       `yaml:"lobby_at"`
	OpensAt          string       `yaml:"opens_at"`
	ClosesAt         string       `yaml:"closes_at"`
	Order            string       `yaml:"order"`
	Proxy            bool         `yaml:"proxy"`
	Vaccine          string       `yaml:"vaccine"`
	Stock            int64        `yaml:"stock"`
	DoseIntervalDays int          `yaml:"dose_interval_days"`
	HoldMinutes      *int         `yaml:"hold_minutes,omitempty"`
	Identity         []string     `yaml:"identity,omitempty,flow"`
	Cohorts          []cohortFile `yaml:"cohorts"`
}

type cohortFile struct {
	ID             string   `yaml:"id"`
	Name           string   `yaml:"name"`
	NameEn         string   `yaml:"name_en"`
	BornFrom       string   `yaml:"born_from,omitempty"`
	BornTo         string   `yaml:"born_to,omitempty"`
	BirthDayDigits []int    `yaml:"birth_day_digits,omitempty,flow"`
	Roster         bool     `yaml:"roster"`
	List           string   `yaml:"list,omitempty"`
	Except         []string `yaml:"except,omitempty,flow"`
}

// Marshal writes the schedule as a file that Parse reads back to the same schedule.
func (s *Schedule) Marshal() ([]byte, error) {
	f := scheduleFile{Version: s.Version, Name: s.Name, NameEn: s.NameEn}
	for _, o := range s.Openings {
		f.Openings = append(f.Openings, o.file())
	}
	data, err := yaml.MarshalWithOptions(f, yaml.IndentSequence(true))
	if err != nil {
		return nil, fmt.Errorf("writing schedule %d: %w", s.Version, err)
	}
	return data, nil
}

func (o Opening) file() openingFile {
	f := openingFile{
		ID: o.ID, Name: o.Name, NameEn: o.NameEn,
		LobbyAt: timeText(o.LobbyAt), OpensAt: timeText(o.OpensAt), ClosesAt: timeText(o.ClosesAt),
		Order: string(o.Order), Proxy: o.Proxy, Vaccine: o.Vaccine, Stock: o.Stock, DoseIntervalDays: o.DoseIntervalDays,
		Identity: o.Identity,
	}
	if o.HoldMinutes != 0 {
		f.HoldMinutes = &o.HoldMinutes
	}
	for _, c := range o.Cohorts {
		f.Cohorts = append(f.Cohorts, c.file())
	}
	return f
}

func (c Cohort) file() cohortFile {
	return cohortFile{
		ID: c.ID, Name: c.Name, NameEn: c.NameEn, BornFrom: dateText(c.BornFrom), BornTo: dateText(c.BornTo),
		BirthDayDigits: c.BirthDayDigits, Roster: c.Roster, List: c.List, Except: c.Except,
	}
}

func timeText(t time.Time) string { return t.In(subject.Seoul).Format(time.RFC3339Nano) }

func dateText(d subject.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.String()
}
