package main

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/keyring"
)

// command runs a subcommand in this process and returns what it wrote and how it ended.
func command(t *testing.T, args ...string) (out, complaints string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	cmd := root()
	found, _, err := cmd.Find(args)
	if err != nil {
		t.Fatal(err)
	}
	found.SetOut(&o)
	cmd.SetErr(&e)
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(t.Context())
	return o.String(), e.String(), err
}

func writeFiles(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func shipped(t *testing.T, name string) string {
	t.Helper()
	text, err := cohort.Shipped(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestScheduleDiffAsksToAcknowledgeLosses(t *testing.T) {
	july := shipped(t, "2021-07")
	dir := writeFiles(t, map[string]string{"old.yaml": july,
		"postponed.yaml": strings.NewReplacer("version: 1", "version: 2", "19 19:30", "19 21:30", "19 20:00", "19 22:00").Replace(july),
		"renamed.yaml":   strings.NewReplacer("version: 1", "version: 2", "id: 2021-07-19\n", "id: nineteenth\n").Replace(july)})
	old, postponed := filepath.Join(dir, "old.yaml"), filepath.Join(dir, "postponed.yaml")
	out, _, err := command(t, "schedule", "diff", old, postponed)
	if err == nil || !strings.Contains(out, "1967-01-01~1968-12-31 출생: 7월 19일(월) 20:00~7월 20일(화) 18:00 예약의 시작이 7월 19일(월) 22:00로 늦춰집니다") {
		t.Fatalf("%v\n%s", err, out)
	}
	code := regexp.MustCompile(`--acknowledge ([0-9a-f]{8})`).FindStringSubmatch(err.Error())
	if code == nil {
		t.Fatalf("the error names no code: %v", err)
	}
	if _, _, err := command(t, "schedule", "diff", old, postponed, "--acknowledge", "00000000"); err == nil {
		t.Error("another code was taken")
	}
	out, _, err = command(t, "schedule", "diff", old, postponed, "--acknowledge", code[1], "--lang", "en", "--json")
	var answer difference
	if err != nil || json.Unmarshal([]byte(out), &answer) != nil || answer.Acknowledge != code[1] || len(answer.Impacts) != 1 || !answer.Impacts[0].Loses || len(answer.Changes) != 3 {
		t.Errorf("%v\n%s", err, out)
	}
	if out, _, err := command(t, "schedule", "diff", old, postponed, "--at", "2021-07-20T18:00:00+09:00"); err != nil || !strings.Contains(out, "달라지는 것이 없습니다") {
		t.Errorf("after the window is over: %v\n%s", err, out)
	}
	if out, _, err := command(t, "schedule", "diff", old, filepath.Join(dir, "renamed.yaml"), "--lang", "en"); err != nil || !strings.Contains(out, "another id") {
		t.Errorf("only the id changed: %v\n%s", err, out)
	}
	if _, _, err := command(t, "schedule", "diff", old, postponed, "--at", "tomorrow"); err == nil || !strings.Contains(err.Error(), "--at tomorrow") {
		t.Errorf("an unreadable time: %v", err)
	}
}

func TestSchedulePreviewAnswersCasesInItsOldShape(t *testing.T) {
	dir := writeFiles(t, map[string]string{"s.yaml": shipped(t, "2021-07"), "c.csv": "birth_date,at\n1967-03-01,2021-07-20 03:00\n1972-01-01,2021-07-20 03:00\n"})
	picture := filepath.Join(dir, "s.svg")
	out, _, err := command(t, "schedule", "preview", filepath.Join(dir, "s.yaml"), "--cases", filepath.Join(dir, "c.csv"), "--json")
	const want = `[{"birth_date":"1967-03-01","at":"2021-07-20T03:00:00+09:00","openings":["2021-07-19"]},{"birth_date":"1972-01-01","at":"2021-07-20T03:00:00+09:00","openings":[]}]` + "\n"
	if err != nil || out != want {
		t.Errorf("%v, %s", err, out)
	}
	if out, _, err := command(t, "schedule", "preview", filepath.Join(dir, "s.yaml"), "--picture", picture); err != nil || !strings.Contains(out, "다음 날 18:00") {
		t.Errorf("%v\n%s", err, out)
	}
	if text, err := os.ReadFile(picture); err != nil || !strings.HasPrefix(string(text), "<svg ") {
		t.Errorf("%v, %.40s", err, text)
	}
}

func TestRosterImportKeepsPseudonymsAndReportsRows(t *testing.T) {
	const secret = "비밀"
	dir := writeFiles(t, map[string]string{
		"people.csv": "name,rrn\n김하나,670301-1234567\n" + secret + ",67030112\n이둘,6801011234567\n김하나,6703011234567\n" + secret + "\n",
		"none.csv":   "rrn\n12\n", "bad.csv": "name\nx\n",
		"s.yaml": strings.Replace(shipped(t, "2021-07"), "roster: true", "except: [covered]", 2),
	})
	data := filepath.Join(dir, "data")
	importing := func(file string, more ...string) (string, string, error) {
		return command(t, append([]string{"roster", "import", filepath.Join(dir, file), "--data", data}, more...)...)
	}
	out, complaints, err := importing("people.csv", "--list", "covered")
	if err != nil || !strings.Contains(out, "2 people (1 rows repeated, 2 rejected)") {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(complaints, "line 3") || !strings.Contains(complaints, "line 6") || strings.Contains(complaints+out, secret) || strings.Contains(complaints, "670301") {
		t.Errorf("told of the rows left out:\n%s", complaints)
	}
	f := folder(data)
	if info, err := os.Stat(f.listPath("covered")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	ring, err := keyring.Open(data)
	if err != nil {
		t.Fatal(err)
	}
	set, err := f.set("covered")
	if err != nil || set.Len() != 2 || !set.Contains(pseudonym(t, ring, "6703011234567")) {
		t.Fatalf("%v, %v", set, err)
	}
	before, err := os.ReadFile(f.listPath("covered"))
	if err != nil {
		t.Fatal(err)
	}
	for file, list := range map[string]string{"none.csv": "covered", "bad.csv": "covered", "people.csv": "../covered", "absent.csv": "covered"} {
		if _, _, err := importing(file, "--list", list); err == nil {
			t.Errorf("%s as %s: taken", file, list)
		}
	}
	if after, err := os.ReadFile(f.listPath("covered")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("a list that could not be read changed the one before: %v", err)
	}
	s, err := f.schedule(filepath.Join(dir, "s.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.lists(s); err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), `"roster"`) || !strings.Contains(err.Error(), "daemun roster import") {
		t.Errorf("the roster is missing: %v", err)
	}
	if _, _, err := importing("people.csv"); err != nil || !f.exists(filterFile) {
		t.Fatal(err)
	}
	lists, err := f.lists(s)
	if err != nil {
		t.Fatal(err)
	}
	on := lists.Of(pseudonym(t, ring, "6801011234567"))
	if !on("covered") || !on(cohort.RosterList) {
		t.Error("somebody who was imported is on no list")
	}
	if _, exact := lists["covered"].(*roster.Set); !exact {
		t.Errorf("people are left out by a %T, which may err", lists["covered"])
	}
}

func pseudonym(t *testing.T, ring *keyring.Ring, number string) subject.ID {
	t.Helper()
	n, err := subject.ParseNumber(number)
	if err != nil {
		t.Fatal(err)
	}
	return ring.SubjectKey().Subject(n)
}

// An exclusion reaches everybody concerned: at the gateway with the reason, and at the backend, which knows better than
// any filter.
func TestPeopleCoveredElsewhereAreLeftOut(t *testing.T) {
	s := newSite(t)
	file, err := os.Open(filepath.Join(s.data, "demo", "citizens.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(file).ReadAll()
	file.Close()
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, row := range rows[1:] {
		if row[4] == "true" {
			listed = append(listed, row[0])
		}
	}
	covered, free := listed[:len(listed)/2], listed[len(listed)/2:]
	csvFile := filepath.Join(t.TempDir(), "covered.csv")
	if err := os.WriteFile(csvFile, []byte("rrn\n"+strings.Join(covered, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.data, "schedule.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := strings.Replace(string(text), "roster: true", "roster: true\n        except: [covered-elsewhere]", 1)
	if err := os.WriteFile(path, []byte(changed), 0o644); err != nil {
		t.Fatal(err)
	}
	f := folder(s.data)
	schedule, err := f.schedule("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.lists(schedule); err == nil || !strings.Contains(err.Error(), `"covered-elsewhere"`) {
		t.Fatalf("the list is missing: %v", err)
	}
	if _, _, err := command(t, "roster", "import", csvFile, "--data", s.data, "--list", "covered-elsewhere"); err != nil {
		t.Fatal(err)
	}
	s.up()
	ask := func(rrn string) (code string) {
		var answer struct{ Code string }
		status, body := s.try("POST", "/v1/eligibility", "", map[string]string{"rrn": rrn})
		if status != 200 || json.Unmarshal(body, &answer) != nil {
			t.Fatalf("%d %s", status, body)
		}
		return answer.Code
	}
	for _, rrn := range covered {
		if code := ask(rrn); code != cohort.CodeExcluded {
			t.Fatalf("covered elsewhere, told %s", code)
		}
	}
	for _, rrn := range free {
		if code := ask(rrn); !slices.Contains([]string{cohort.CodeLobbyNow, cohort.CodeOpenNow}, code) {
			t.Fatalf("eligible, told %s", code)
		}
	}
}
