package bench

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCompare(t *testing.T) {
	rate := Compare("rate", "1/s", More, []float64{30, 10, 20}, "peer", []float64{5, 4, 6})
	if rate.Ours != 20 || rate.Theirs != 5 || rate.Ratio != 4 || rate.OursFrom != 10 || rate.OursTo != 30 || rate.TheirsFrom != 4 || rate.TheirsTo != 6 {
		t.Errorf("%+v", rate)
	}
	wait := Compare("wait", "ms", Less, []float64{2, 4}, "peer", []float64{6})
	if wait.Ours != 3 || wait.Ratio != 2 {
		t.Errorf("%+v", wait)
	}
	if none := Compare("none", "1/s", More, []float64{1}, "peer", []float64{0}); none.Ratio != 0 {
		t.Errorf("%+v", none)
	}
}

// TestPut runs two benchmarks, one of them again.
func TestPut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "build", "bench.json")
	put := func(rows ...Row) {
		t.Helper()
		if err := Put(path, rows); err != nil {
			t.Fatal(err)
		}
	}
	put(Row{Name: "a", Ours: 1}, Row{Name: "b", Ours: 2})
	put(Row{Name: "c", Ours: 3})
	put(Row{Name: "a", Ours: 4}, Row{Name: "d", Ours: 5})
	rows, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, r := range rows {
		got += r.Name + string(rune('0'+int(r.Ours)))
	}
	if got != "a4b2c3d5" {
		t.Fatal(got)
	}
}

func TestPrint(t *testing.T) {
	var table strings.Builder
	err := Print(&table, []Row{
		{Name: "first", Unit: "1/s", Ours: 12345, Theirs: 1.5, Ratio: 8230, Peer: "x"}, {Name: "second", Peer: "x"}, {Name: "third", Peer: "y"}})
	if err != nil || strings.Count(table.String(), "against") != 2 {
		t.Fatal(table.String(), err)
	}
	for _, want := range []string{"12345", "1.50", "8230.00  first", "second", "third"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("%q is not in\n%s", want, table.String())
		}
	}
}

func TestOtherFilesAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bench.json")
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Put(path, []Row{{Name: "a"}}); err == nil || !strings.Contains(err.Error(), path) {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(path); string(text) != "mine" {
		t.Fatalf("now %q", text)
	}
}
