//go:build browser

package browsertest

import (
	"encoding/csv"
	"math/rand/v2"
	"os"
	"testing"
)

// citizen is a synthetic person of the demo.
type citizen struct{ rrn, name, phone string }

// citizens picks different people on the roster at random, so that a test can run again on the same demo.
func citizens(t *testing.T, n int) []citizen {
	t.Helper()
	f, err := os.Open(need(t, "DAEMUN_CITIZENS"))
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
	var picked []citizen
	for _, i := range rand.Perm(len(rows) - 1) {
		row := rows[i+1]
		if row[column["on_roster"]] != "true" {
			continue
		}
		picked = append(picked, citizen{row[column["rrn"]], row[column["name"]], row[column["phone"]]})
		if len(picked) == n {
			return picked
		}
	}
	t.Fatalf("only %d people on the roster", len(picked))
	return nil
}

func need(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: start \"daemun up --demo\" and name it (see the package comment)", name)
	}
	return value
}
