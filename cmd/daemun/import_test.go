package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/text/encoding/korean"

	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/gateway/api"
)

// importing runs an import of a file into a data folder.
func importing(t *testing.T, data, what, file string, more ...string) (out string, err error) {
	t.Helper()
	out, complaints, err := command(t, append([]string{what, "import", file, "--data", data}, more...)...)
	return out + complaints, err
}

func wantImport(t *testing.T, data, what, file, says string, more ...string) {
	t.Helper()
	if out, err := importing(t, data, what, file, more...); err != nil || !strings.Contains(out, says) {
		t.Fatalf("%s import: %v\n%s\nwant it to say %q", what, err, out, says)
	}
}

const someClinics = "기관번호,기관명,시도,주소,백신\nc1,바른의원,서울,서울 강남구 1,모더나\nc2,푸른의원,경기도,경기 수원시 2,모더나\nc-3,햇살의원,서울,서울 3,모더나\nc1,다른의원,서울,서울 4,모더나\nc2,푸른의원,경기도,경기 수원시 2,모더나\n"

func TestImportsOfClinicsAndSlots(t *testing.T) {
	cp949, err := korean.EUCKR.NewEncoder().String(strings.ReplaceAll(someClinics, "\n", "\r\n"))
	if err != nil {
		t.Fatal(err)
	}
	dir := writeFiles(t, map[string]string{
		"clinics.csv": cp949, "renamed.csv": "id,name,region,address,vaccine\nc1,바른내과의원,서울,서울 강남구 1,모더나\n",
		"slots.csv":   "\ufeffclinic,at,capacity\nc1,2021-07-26 09:30,3\nc1,2021-07-26 09:30,3\nc9,2021-07-26 09:30,3\nc2,2021-07-26 10:00,4\nc2,2021-07-26 10:00,5\nc2,soon,4\n",
		"fewer.csv":   "clinic,at,capacity\nc1,2021-07-26 09:30,0\n",
		"nothing.csv": "clinic,at,capacity\nc9,2021-07-26 09:30,3\n",
	})
	data, file := filepath.Join(dir, "data"), func(name string) string { return filepath.Join(dir, name) }
	if out, err := importing(t, data, "slot", file("slots.csv"), "--opening", "o"); err == nil || !strings.Contains(err.Error(), "daemun clinic import") {
		t.Errorf("slots of no clinic: %v\n%s", err, out)
	}
	wantImport(t, data, "clinic", file("clinics.csv"), "2 clinics read: 2 new, 0 changed, 1 rows repeated, 2 rejected; 2 in all", "--dry-run")
	if all, err := folder(data).clinics(); err != nil || len(all) != 0 {
		t.Fatalf("a dry run left %v, %v", all, err)
	}
	wantImport(t, data, "clinic", file("clinics.csv"), "2 new", "--rejects", file("rejects.csv"))
	want := "line,field,code,reason_ko,reason_en\n4,id,clinic_id,\"영문자, 숫자, 밑줄(_)로 32자까지 적어 주세요.\",\"write up to 32 letters, digits and underscores\"\n" +
		"5,id,conflict,같은 번호로 다른 내용이 앞에 있습니다. 앞의 것을 씁니다.,the same id stands before with other content; the first one is taken\n"
	if text, err := os.ReadFile(file("rejects.csv")); err != nil || string(text) != want {
		t.Errorf("rows left out: %v\n%s", err, text)
	}
	wantImport(t, data, "clinic", file("clinics.csv"), "nothing has changed")
	wantImport(t, data, "clinic", file("renamed.csv"), "0 new, 1 changed")

	if _, err := importing(t, data, "slot", file("slots.csv")); err == nil || !strings.Contains(err.Error(), "--opening") {
		t.Errorf("slots for no opening: %v", err)
	}
	if _, err := importing(t, data, "slot", file("slots.csv"), "--opening", "../o"); err == nil {
		t.Error("slots for an opening that is a path")
	}
	if _, err := importing(t, data, "slot", file("slots.csv"), "--opening", "o", "--strict"); err == nil || !strings.Contains(err.Error(), "--strict") {
		t.Errorf("rows are left out: %v", err)
	}
	if _, err := importing(t, data, "slot", file("nothing.csv"), "--opening", "o"); err == nil {
		t.Error("a table of which nothing can be read")
	}
	if parts, err := folder(data).parts("o"); err != nil || len(parts) != 0 {
		t.Fatalf("what was refused left %v, %v", parts, err)
	}
	for _, says := range []string{"2 slots (7 doses) read, 1 rows repeated, 3 rejected", "nothing has changed"} {
		wantImport(t, data, "slot", file("slots.csv"), says, "--opening", "o")
	}
	wantImport(t, data, "slot", file("fewer.csv"), "1 slots (0 doses) read", "--opening", "o")
	wantImport(t, data, "slot", file("slots.csv"), "2 slots", "--opening", "o") // back again: the latest counts
	if parts, err := folder(data).parts("o"); err != nil || len(parts) != 3 {
		t.Errorf("%v, %v", parts, err)
	}
	left, err := filepath.Glob(filepath.Join(data, "supply", "o", ".new-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestImportsRefuse(t *testing.T) {
	dir := writeFiles(t, map[string]string{"people.csv": "rrn\n6703011234567\n", "others.csv": "rrn\n6801011234567\n"})
	data, file := filepath.Join(dir, "data"), func(name string) string { return filepath.Join(dir, name) }
	wantImport(t, data, "roster", file("people.csv"), "1 people")
	for says, args := range map[string][]string{
		"--allow-loss": {}, "--encoding": {"--encoding", "latin1"}, "--reason": {"--control", "https://127.0.0.1:1"}, "--control": {"--reason", "x"},
		"goes without": {"--control", "https://127.0.0.1:1", "--cert", "x", "--ca", "x", "--reason", "x", "--dry-run"},
	} {
		if _, err := importing(t, data, "roster", file("others.csv"), args...); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v", args, err)
		}
	}
	wantImport(t, data, "roster", file("others.csv"), "2 people (0 rows repeated, 0 rejected); 1 new, 0 no longer", "--add")
	wantImport(t, data, "roster", file("people.csv"), "1 people (0 rows repeated, 0 rejected); 0 new, 1 no longer", "--allow-loss")
	if _, err := importing(t, data, "roster", dir); err == nil || !strings.Contains(err.Error(), "folder") {
		t.Errorf("a folder: %v", err)
	}
}

// importedSite is a site that was given everything by imports, for the demo's people but one. Its own folder is data; that of
// the demo has the people and the certificates.
func importedSite(t *testing.T, store string) (s *site, data string, leftOut demo.Citizen, live []string) {
	t.Helper()
	s = newSiteOpening(t, "6s")
	eligible, _ := s.citizens()
	leftOut = eligible[7]
	seeded := s.data
	data = filepath.Join(t.TempDir(), "site")
	operators := filepath.Join(seeded, "demo", "operators")
	live = []string{"--control", "https://" + s.control, "--reason", "명단 정정", "--cert", filepath.Join(operators, "supervisor.pem"), "--ca", filepath.Join(operators, "ca.pem")}
	if out, err := exec.Command("cp", "-a", filepath.Join(seeded, "keys"), filepath.Join(mkdir(t, data), "keys")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	schedule, without := filepath.Join(seeded, "schedule.yaml"), filepath.Join(seeded, "without.csv")
	if err := os.WriteFile(without, linesWithout(t, filepath.Join(seeded, "demo", demo.CitizensFile), leftOut.Number.Digits()), 0o600); err != nil {
		t.Fatal(err)
	}
	wantImport(t, data, "roster", without, "299 people")
	wantImport(t, data, "clinic", filepath.Join(seeded, "demo", demo.ClinicsFile), "40 new")
	wantImport(t, data, "slot", filepath.Join(seeded, "demo", demo.SlotsFile), "0 rejected", "--schedule", schedule)
	s.parts = []*process{
		start(t, "backend", "--data", data, "--schedule", schedule, "--listen", s.backend, "--store", store),
		start(t, "gateway", "--data", data, "--schedule", schedule, "--listen", s.public, "--control", s.control, "--backend", "http://"+s.backend),
	}
	s.bothReady()
	return s, data, leftOut, live
}

func mkdir(t *testing.T, path string) string {
	t.Helper()
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

func linesWithout(t *testing.T, path, word string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		if !strings.Contains(lines.Text(), word) {
			fmt.Fprintln(&out, lines.Text())
		}
	}
	return out.Bytes()
}

// TestCorrectedWhileItRuns gives a site everything by imports, and corrects the roster and a slot while people queue: it counts
// at once, at the gateway and where bookings are decided.
func TestCorrectedWhileItRuns(t *testing.T) {
	for _, store := range []string{"sqlite", "postgres"} {
		t.Run(store, func(t *testing.T) {
			if store == "postgres" {
				store = postgresServer(t).URL("postgres")
			}
			s, site, late, live := importedSite(t, store)
			eligible, others := s.citizens()
			refused := 0
			for i, c := range append(eligible[:40:40], others...) {
				status, body := s.try("POST", "/v1/queue/join", "", api.JoinRequest{RRN: c.Number.Digits()})
				if c.OnRoster && c != late && status != 200 {
					t.Fatalf("person %d is on the roster: %d %s", i, status, body)
				}
				if status == 403 && bytes.Contains(body, []byte("not_eligible")) {
					refused++
				}
			}
			if refused < len(others)*9/10 { // the gateway's filter takes one in 256 for somebody who is on it
				t.Errorf("%d of %d others were refused", refused, len(others)+1)
			}
			wantImport(t, site, "roster", filepath.Join(s.data, "demo", demo.CitizensFile), "300 people", live...)
			s.eventually("the corrected roster counts", func() bool {
				status, _ := s.try("POST", "/v1/queue/join", "", api.JoinRequest{RRN: late.Number.Digits()})
				return status == 200
			})
			b := s.book(late, s.join(late), 3)

			closed := filepath.Join(t.TempDir(), "closed.csv")
			clinic, day := b.Clinic, b.At.Format("2006-01-02 15:04")
			if err := os.WriteFile(closed, []byte("clinic,at,capacity\n"+clinic+","+day+",1\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			wantImport(t, site, "slot", closed, "1 slots (1 doses)", append(live, "--opening", b.Opening)...)
			pass := "Pass " + s.enter(s.join(eligible[0]))
			s.eventually("the slot is full", func() bool {
				var slots api.SlotList
				s.do(200, "GET", "/v1/clinics/"+clinic+"/slots?day="+day[:10], pass, nil, &slots)
				for _, slot := range slots.Slots {
					if slot.ID == b.Slot {
						return slot.Left == 0 && slot.Capacity == 1
					}
				}
				return false
			})
			_, ledger := s.command("viewer", "GET", "/control/v1/ledger?after=0&limit=100000", nil, nil)
			if n := strings.Count(ledger, `"kind":"list"`); n != 2 || strings.Count(ledger, "명단 정정") != 2 {
				t.Errorf("%d lists in the ledger", n)
			}
		})
	}
}
