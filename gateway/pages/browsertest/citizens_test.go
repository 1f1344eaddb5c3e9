//go:build browser

package browsertest

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

// citizen is a synthetic person of the demo.
type citizen struct{ rrn, name, phone string }

func (c citizen) front() string { return c.rrn[:6] }
func (c citizen) back() string  { return c.rrn[len(c.rrn)-7:] }

var roll struct {
	sync.Mutex
	of    map[string][]citizen // people of each opening who were not picked yet
	other []citizen            // born when those of booking are, but not on the roster
}

// pick takes somebody of an opening whom no other test has.
func pick(t *testing.T, opening string) citizen {
	t.Helper()
	roll.Lock()
	defer roll.Unlock()
	readRoll(t)
	if len(roll.of[opening]) == 0 {
		t.Fatalf("nobody is left for %s", opening)
	}
	c := roll.of[opening][0]
	roll.of[opening] = roll.of[opening][1:]
	return c
}

// stranger is somebody of the right age who is not on the roster.
func stranger(t *testing.T) citizen {
	t.Helper()
	roll.Lock()
	defer roll.Unlock()
	readRoll(t)
	return roll.other[0]
}

func readRoll(t *testing.T) {
	if roll.of != nil {
		return
	}
	roll.of = map[string][]citizen{}
	readCitizens(t, at.data, func(c citizen, year int, onRoster bool) {
		for id, years := range cohorts {
			switch {
			case year < years[0] || year > years[1]:
			case id == booking && !onRoster:
				roll.other = append(roll.other, c)
			default:
				roll.of[id] = append(roll.of[id], c)
			}
		}
	})
}

// citizens are the first people on the roster of a site's demo.
func citizens(t *testing.T, site running, n int) (picked []citizen) {
	t.Helper()
	readCitizens(t, site.data, func(c citizen, _ int, onRoster bool) {
		if onRoster && len(picked) < n {
			picked = append(picked, c)
		}
	})
	if len(picked) < n {
		t.Fatalf("only %d people on the roster", len(picked))
	}
	return picked
}

func readCitizens(t *testing.T, data string, each func(c citizen, year int, onRoster bool)) {
	t.Helper()
	f, err := os.Open(filepath.Join(data, "demo", "citizens.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) < 2 {
		t.Fatalf("reading the citizens: %d rows, %v", len(rows), err)
	}
	column := map[string]int{}
	for i, name := range rows[0] {
		column[name] = i
	}
	for _, row := range rows[1:] {
		year, err := strconv.Atoi(row[column["birth_date"]][:4])
		if err != nil {
			t.Fatal(err)
		}
		each(citizen{row[column["rrn"]], row[column["name"]], row[column["phone"]]}, year, row[column["on_roster"]] == "true")
	}
}
