package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/daemun/daemun/loadlab/hostile"
)

// TestHostileClients lets a small crowd of every kind loose on the processes as they are. All honest requests are answered; how
// soon is for the lab to judge, on a machine that has time for it.
func TestHostileClients(t *testing.T) {
	dir := t.TempDir()
	out, _ := exec.Command(program(t), "loadlab", "hostile", "--out", dir, "--each", "1s", "--rate", "100", "--connections", "300", "--only",
		"silent-flood,slow-header,slow-body,slow-read,huge-header,h2c-preface,h2-reset-known,h2-reset-stranger").CombinedOutput()
	text, err := os.ReadFile(filepath.Join(dir, "result.json"))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var r hostile.Result
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Rounds) != 16 {
		t.Errorf("%d rounds, want 16:\n%s", len(r.Rounds), out)
	}
	for _, v := range r.Rounds {
		if v.Opened == 0 || v.Honest.Asked == 0 || v.Honest.Answered+v.Honest.Late < v.Honest.Asked {
			t.Errorf("%s, same address %t: opened %d; of %d requests %d were answered: %s", v.Attack, v.Shared, v.Opened, v.Honest.Asked, v.Honest.Answered+v.Honest.Late, v.Honest.Error)
		}
	}
}

func TestMemorySizes(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "512MiB": 512 << 20, "2 GiB": 2 << 30, "134217728": 128 << 20, "1MiB": -1, "-1": -1, "much": -1, "": -1} {
		var m memorySize
		if err := m.Set(text); (err != nil) != (want < 0) || err == nil && int64(m) != want {
			t.Errorf("%q: %d, %v; want %d", text, int64(m), err, want)
		}
	}
}
