package main

import (
	"bytes"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/gateway/api"
)

// asking lets the site's opening ask people who they are, by the demo's providers.
func (s *site) asking() {
	s.t.Helper()
	schedule, err := folder(s.data).schedule("")
	if err != nil {
		s.t.Fatal(err)
	}
	schedule.Openings[0].Identity = demoWays
	text, err := schedule.Marshal()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.data, "schedule.yaml"), text, 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// visitor is somebody with a browser without JavaScript.
type visitor struct {
	t    *testing.T
	site string
	http *http.Client
}

func (s *site) visitor(c demo.Citizen) *visitor {
	s.t.Helper()
	jar, _ := cookiejar.New(nil)
	v := &visitor{t: s.t, site: "http://" + s.public, http: &http.Client{Jar: jar}}
	v.post("/apply", url.Values{"rrn1": {c.Number.Digits()}, "agree": {"yes"}})
	u, _ := url.Parse(v.site)
	for _, cookie := range jar.Cookies(u) {
		if cookie.Name == "daemun_ticket" {
			s.eventually("the turn comes", func() bool { return s.place(cookie.Value).State == api.PlaceTurn })
			return v
		}
	}
	s.t.Fatal("no ticket")
	return nil
}

// open returns the page at which a request ends, and its address.
func (v *visitor) open(r *http.Request) (page, at string) {
	v.t.Helper()
	resp, err := v.http.Do(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 500 {
		v.t.Fatalf("%s: %d, %v", r.URL, resp.StatusCode, err)
	}
	return string(body), resp.Request.URL.String()
}

func (v *visitor) get(address string) (page, at string) {
	r, _ := http.NewRequest("GET", address, nil)
	return v.open(r)
}

func (v *visitor) post(path string, form url.Values) (page, at string) {
	r, _ := http.NewRequest("POST", v.site+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", v.site)
	return v.open(r)
}

var (
	onward    = regexp.MustCompile(`<meta http-equiv="refresh" content="0; url=([^"]*)">`)
	requestID = regexp.MustCompile(`name="id" value="([^"]*)"`)
)

// confirm goes to the demo's provider and says there who one is.
func (v *visitor) confirm(login string) (page, at string) {
	v.t.Helper()
	leaving, _ := v.post("/identity/"+demoProviderID, url.Values{})
	to := onward.FindStringSubmatch(leaving)
	if to == nil {
		v.t.Fatalf("leads nowhere: %s", leaving)
	}
	form, at := v.get(html.UnescapeString(to[1]))
	id := requestID.FindStringSubmatch(form)
	if id == nil {
		v.t.Fatalf("the provider's page at %s: %s", at, form)
	}
	provider, err := url.Parse(at)
	if err != nil {
		v.t.Fatal(err)
	}
	r, _ := http.NewRequest("POST", "http://"+provider.Host+"/login", strings.NewReader(url.Values{"id": {id[1]}, "login": {login}, "do": {"yes"}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return v.open(r)
}

// TestIdentityCheck: the whole site with its demo provider, by its pages. Somebody else is refused, the person goes through,
// and with the provider gone the others go on; what operators see says so, and nobody's number stands anywhere.
func TestIdentityCheck(t *testing.T) {
	s := newSite(t)
	s.asking()
	up := start(t, "up", "--demo", "--demo-identity", "--separate", "--data", s.data, "--listen", s.public, "--control", s.control)
	s.parts = []*process{up}
	s.bothReady()
	eligible, _ := s.citizens()
	one, two := eligible[0], eligible[1]

	v := s.visitor(one)
	if _, at := v.post("/enter", url.Values{}); at != v.site+"/identity" {
		t.Fatalf("entering leads to %s", at)
	}
	if page, at := v.confirm(two.Number.Digits()); !strings.Contains(page, "대기하신 분과 다릅니다") {
		t.Fatalf("confirmed as somebody else: %s %s", at, page)
	}
	slot := s.slotFor(v)
	if page, _ := v.post("/book", bookForm(one, slot)); !strings.Contains(page, `href="/identity"`) {
		t.Fatalf("booking before the check: %s", page)
	}
	if page, at := v.confirm(one.Number.Digits()); !strings.HasPrefix(at, v.site+"/clinics") && !strings.HasPrefix(at, v.site+"/book") {
		t.Fatalf("confirmed, and led to %s: %s", at, page)
	}
	if page, at := v.post("/book", bookForm(one, slot)); !strings.HasPrefix(at, v.site+"/done") {
		t.Fatalf("booking after the check leads to %s: %s", at, page)
	}

	w := s.visitor(two)
	w.post("/enter", url.Values{})
	s.withoutProvider(up, w, two)
	s.nowhere(up, one, two)
}

// withoutProvider ends the demo's provider, and takes somebody through by the roster.
func (s *site) withoutProvider(up *process, v *visitor, c demo.Citizen) {
	s.t.Helper()
	// The provider runs in up itself: it goes with it, and gateway and backend are started by themselves.
	up.stop(s.t)
	s.parts = []*process{
		start(s.t, "backend", "--data", s.data, "--demo", "--identity", filepath.Join(s.data, "demo", identityFile), "--listen", s.backend),
		start(s.t, "gateway", "--data", s.data, "--listen", s.public, "--control", s.control, "--lanes", s.lanes, "--backend", "http://"+s.backend),
	}
	s.bothReady()
	s.eventually("the provider is known to be down", func() bool {
		var seen api.Snapshot
		s.command("viewer", "GET", "/control/v1/snapshot", nil, &seen)
		for _, b := range seen.Breakers {
			if b.Name == "identity/"+demoProviderID && b.State != "closed" && b.Reason != "" {
				return true
			}
		}
		return false
	})
	page, _ := v.get(v.site + "/identity")
	if !strings.Contains(page, "지금 응답하지 않습니다") || !strings.Contains(page, `href="/identity/roster"`) {
		s.t.Fatalf("one way is down: %s", page)
	}
	form := url.Values{"name": {c.Name}, "rrn1": {c.Number.Digits()}}
	if page, at := v.post("/identity/roster", form); !strings.HasPrefix(at, v.site+"/clinics") {
		s.t.Fatalf("confirmed by the roster, and led to %s: %s", at, page)
	}
	if page, at := v.post("/book", bookForm(c, s.slotFor(v))); !strings.HasPrefix(at, v.site+"/done") {
		s.t.Fatalf("booking with one provider down leads to %s: %s", at, page)
	}
}

// nowhere looks for people's numbers in all that was logged and kept.
func (s *site) nowhere(up *process, people ...demo.Citizen) {
	s.t.Helper()
	logs := up.output.String()
	for _, p := range s.parts {
		p.cmd.Process.Signal(syscall.SIGTERM)
		<-p.ended
		logs += p.output.String()
	}
	data, err := exec.Command("cat", filepath.Join(s.data, "backend", "daemun.db"), filepath.Join(s.data, "backend", "daemun.db-wal")).Output()
	if err != nil && len(data) == 0 {
		s.t.Fatal(err)
	}
	for _, c := range people {
		number := c.Number.Digits()
		for _, form := range []string{number, number[:6] + "-" + number[6:]} {
			if strings.Contains(logs, form) || bytes.Contains(data, []byte(form)) {
				s.t.Error("a number stands in the log or in the data")
			}
		}
	}
	if strings.Contains(logs, "code=") || strings.Contains(logs, "state=") {
		s.t.Error("what came back from the provider stands in the log")
	}
	if n := bytes.Count(data, []byte(`"provider":"`)); n == 0 {
		s.t.Error("no check stands in the ledger: the test looks at the wrong place")
	}
}

// slotFor returns a slot with its clinic and day, by the visitor's pass.
func (s *site) slotFor(v *visitor) url.Values {
	s.t.Helper()
	u, _ := url.Parse(v.site)
	pass := ""
	for _, cookie := range v.http.Jar.Cookies(u) {
		if cookie.Name == "daemun_pass" {
			pass = cookie.Value
		}
	}
	var clinics api.ClinicList
	s.do(200, "GET", "/v1/clinics", "Pass "+pass, nil, &clinics)
	var slots api.SlotList
	s.do(200, "GET", "/v1/clinics/"+clinics.Clinics[0].ID+"/slots", "Pass "+pass, nil, &slots)
	return url.Values{"slot": {slots.Slots[0].ID}, "clinic": {clinics.Clinics[0].ID}, "day": {slots.Days[0]}}
}

// bookForm is the form of somebody who books the slot for themselves.
func bookForm(c demo.Citizen, slot url.Values) url.Values {
	return url.Values{"slot": slot["slot"], "clinic": slot["clinic"], "day": slot["day"], "key": {"key-checks-" + c.Number.Digits()[9:]},
		"name": {c.Name}, "phone": {c.Phone}, "rrn1": {c.Number.Digits()}}
}
