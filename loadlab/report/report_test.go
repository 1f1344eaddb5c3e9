package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/fault"
	"github.com/daemun/daemun/loadlab/invariant"
	"github.com/daemun/daemun/loadlab/measure"
	"github.com/daemun/daemun/loadlab/scenario"
	"github.com/daemun/daemun/loadlab/verdict"
)

var update = flag.Bool("update", false, "write the golden files anew")

func sample() *Data {
	v := &verdict.Verdict{Verdict: verdict.Broken, Why: []string{"no_loss: broken 1 times <script>"}, Scenario: "surge", Requests: 200_000, Offered: 200_000,
		Answered: 199_900, Good: 190_000, Seconds: 22, PerSecond: 9090, Bookings: 2010, Sheds: 33, CheatsTried: 1600, Achieved: .9991, LatenessP99: 4.2,
		Faults: []verdict.Fault{{Name: "kill_gateway", Process: "gateway", AtS: 3, BackS: 4, Hit: true, Felt: 80, DownForMS: 1000},
			{Name: "kill_backend", Process: "backend", AtS: 6, WhyNot: "nobody felt it"}},
		Invariants: []invariant.Result{{Name: "no_loss", Checked: 2010, Broken: 1, Title: "접수된 예약은 하나도 사라지지 않는다", TitleEn: "no acknowledged booking is lost", Notes: []string{"booking B1 is not in the ledger"}},
			{Name: "no_cheats", OK: true, Checked: 1600, Title: "새치기는 통하지 않는다", TitleEn: "no cheat got through"}},
		Levels:   []verdict.Level{{Name: "bookings", TitleKo: "예약 건수", TitleEn: "bookings made", Value: 2010, Limit: 2000, Unit: "bookings", AtLeast: true}},
		Counters: []verdict.Counter{{Name: "gateway_cpu_per_request", Unit: "µs", Value: 21.5}}}
	d := &Data{At: time.Date(2026, 7, 19, 11, 0, 0, 0, time.UTC), Took: 36 * time.Second, Machine: "linux/amd64, 2 CPUs", Verdict: v,
		Funnel: citizen.Funnel{People: 4000, Eligible: 3000, Joined: 2950, Turned: 2500, Entered: 2400, Booked: 2010, GaveUp: 90, RefusedAtJoin: 990},
		Cheats: []Cheat{{"forged_ticket", 300, 0}, {"early_enter", 100, 0}}, Usage: map[string]fault.Usage{"gateway": {CPU: 4 * time.Second, PeakRSS: 90 << 20}}}
	d.Plan = scenario.Surge().Scale(200_000).Paced(45_000, 0)
	for i := range 10 {
		d.Figures.Seconds = append(d.Figures.Seconds, measure.Second{Offered: 9000, Answered: int64(8000 + 100*i), Good: int64(7800 + 100*i), Shed: int64(i), Entered: int64(10 * i), Booked: int64(8 * i)})
	}
	d.Figures.Calm = []measure.Latency{{Kind: "place", Count: 100_000, P50: 1.2, P90: 3, P99: 8, P999: 27, Max: 60}, {Kind: "book", Count: 2010, P50: 3.5, P90: 6, P99: 9.8, P999: 20, Max: 31}}
	d.Figures.Latencies = []measure.Latency{{Kind: "place", Outcome: "good", Count: 100_000, P50: 1.2, P90: 3, P99: 8, P999: 27, Max: 60}}
	return d
}

// attacked is a run of the scenario attacks.
func attacked() *Data {
	v := &verdict.Verdict{Verdict: verdict.Broken, Why: []string{"1 cheats were admitted"}, Scenario: "attacks", Requests: 7200, Seconds: 3, PerSecond: 2400, Sheds: 5,
		CheatsTried: 7200, CheatsAdmitted: 1, Invariants: sample().Verdict.Invariants}
	for _, door := range []string{"gateway", "backend", "backend_with_token"} {
		v.Cheats = append(v.Cheats, verdict.Cheat{Name: "client_flag", Door: door, Tried: 100_000}, verdict.Cheat{Name: "replay", Door: door, Tried: 100_000, Admitted: int64(len(door)) / 18})
	}
	return &Data{At: sample().At, Took: 12 * time.Second, Machine: "linux/amd64, 2 CPUs", Verdict: v, Plan: scenario.Plan{Scenario: scenario.Attacks()}}
}

func TestGolden(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer) error{
		"attacks.html": func(b *bytes.Buffer) error { return HTML(b, attacked()) },
		"attacks.txt":  func(b *bytes.Buffer) error { return Text(b, attacked()) },
		"report.html":  func(b *bytes.Buffer) error { return HTML(b, sample()) },
		"report.txt":   func(b *bytes.Buffer) error { return Text(b, sample()) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(b.Bytes(), want) {
			t.Errorf("%s differs from its golden file; look at it and run with -update", name)
		}
	}
}

// The page stands alone: nothing is fetched, nothing a server said becomes markup.
func TestThePageStandsAlone(t *testing.T) {
	var b bytes.Buffer
	if err := HTML(&b, sample()); err != nil {
		t.Fatal(err)
	}
	if m := regexp.MustCompile(`(?i)<script|<link|<img|src=|https?://|NaN|Inf\b`).FindString(b.String()); m != "" {
		t.Errorf("the page holds %q", m)
	}
	for _, want := range []string{`lang="ko"`, "불변 조건 위반", "&lt;script&gt;", "빗나감", "role=\"img\""} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}

func TestAnEmptyRunStillDraws(t *testing.T) {
	var b bytes.Buffer
	if err := HTML(&b, &Data{Verdict: &verdict.Verdict{Verdict: verdict.Inconclusive}}); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "NaN") || !strings.Contains(b.String(), "판정 불가") {
		t.Error("an empty run is not drawn")
	}
}

func TestSaveAndLoad(t *testing.T) {
	dir := t.TempDir()
	if err := Save(dir, sample()); err != nil {
		t.Fatal(err)
	}
	d, err := Load(filepath.Join(dir, "run.json"))
	if err != nil || d.Verdict.Verdict != verdict.Broken || d.Funnel != sample().Funnel || len(d.Figures.Seconds) != 10 {
		t.Errorf("%v, %+v", err, d)
	}
	for _, name := range []string{"verdict.json", "report.html"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	for name, text := range map[string]string{"none": "", "bad": "{", "half": "{}"} {
		file := filepath.Join(dir, name)
		if text != "" {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Load(file); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", -1000: "-1,000", 10_000_000: "10,000,000", -100: "-100"} {
		if got := thousands(n); got != want {
			t.Errorf("%d is %s", n, got)
		}
	}
}
