package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/store/sqlite"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/lane"
)

// ask sends a request to the lanes with one of the demo's certificates.
func (s *site) ask(role, method, path string, body any, header ...string) (int, []byte) {
	s.t.Helper()
	var encoded []byte
	if body != nil {
		encoded, _ = json.Marshal(body)
	}
	req, err := http.NewRequest(method, "https://"+s.lanes+path, bytes.NewReader(encoded))
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := s.room(role).Do(req)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, answer
}

func (s *site) asked(want int, role, method, path string, body, into any, header ...string) {
	s.t.Helper()
	status, answer := s.ask(role, method, path, body, header...)
	if status != want {
		s.t.Fatalf("%s %s: %d, want %d: %s", method, path, status, want, answer)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			s.t.Fatalf("%s %s: %v in %s", method, path, err, answer)
		}
	}
}

var aCall = api.LaneCall{Caller: "person", Reason: "본인이 전화로 예약을 요청"}

// TestTheCallCentreBooksForSomebodyWithoutAPhone is an agent's whole work by the API: the place of the caller's own, the
// wait, the turn, the booking, looking it up, cancelling; and the clinic sees it meanwhile.
func TestTheCallCentreBooksForSomebodyWithoutAPhone(t *testing.T) {
	s := newSite(t)
	s.up()
	eligible, others := s.citizens()
	const agent, clinic = "call_centre", "clinic"
	join := func(rrn, code string) (p api.Place) {
		s.asked(200, agent, "POST", "/lane/v1/queue/join", api.LaneJoin{RRN: rrn, Code: code, LaneCall: aCall}, &p)
		return p
	}
	var own api.Place // somebody joins by themselves, then their phone dies
	s.do(200, "POST", "/v1/queue/join", "", api.JoinRequest{RRN: eligible[2].Number.Digits()}, &own)
	if p := join(eligible[2].Number.Digits(), own.Code); own.Code == "" || p.Code != own.Code {
		t.Errorf("own %+v, by the agent %+v", own, p)
	}
	who := eligible[0]
	early := join(who.Number.Digits(), "")
	if status, body := s.ask(agent, "POST", "/lane/v1/queue/join", api.LaneJoin{RRN: others[0].Number.Digits(), LaneCall: aCall}); status != 403 || !bytes.Contains(body, []byte("not_eligible")) {
		t.Errorf("somebody who is not eligible: %d %s", status, body)
	}
	if status, body := s.ask(agent, "POST", "/lane/v1/queue/join", api.LaneJoin{RRN: who.Number.Digits()}); status != 400 || !bytes.Contains(body, []byte("caller")) {
		t.Errorf("nobody called: %d %s", status, body)
	}
	if status, body := s.ask(agent, "POST", "/lane/v1/queue/enter", nil, "Authorization", "Ticket "+early.Ticket); status != 409 {
		t.Errorf("entered before the opening: %d %s", status, body)
	}
	s.eventually("the turn comes", func() bool {
		var p api.Place
		s.asked(200, agent, "GET", "/lane/v1/queue/place", nil, &p, "Authorization", "Ticket "+early.Ticket)
		return p.State == api.PlaceTurn && p.Code == early.Code
	})
	if again := join(who.Number.Digits(), strings.ToLower(early.Code)); again.Code != early.Code || again.State != api.PlaceTurn {
		t.Errorf("recalled %+v, was %+v", again, early)
	}
	if status, body := s.ask(agent, "POST", "/lane/v1/queue/join", api.LaneJoin{RRN: eligible[1].Number.Digits(), Code: early.Code, LaneCall: aCall}); status != 401 || !bytes.Contains(body, []byte("bad_code")) {
		t.Errorf("somebody else's code: %d %s", status, body)
	}
	var e api.Entry
	s.asked(200, agent, "POST", "/lane/v1/queue/enter", nil, &e, "Authorization", "Ticket "+early.Ticket)
	pass := []string{"Authorization", "Pass " + e.Pass, "Idempotency-Key", "lane-0001"}
	var slots api.SlotList
	s.asked(200, agent, "GET", "/lane/v1/clinics/c0001/slots", nil, &slots, pass...)
	in := api.LaneBooking{Slot: slots.Slots[0].ID, Name: who.Name, RRN: who.Number.Digits(), LaneCall: aCall}
	var b, again api.Booking
	s.asked(201, agent, "POST", "/lane/v1/bookings", in, &b, pass...)
	s.asked(201, agent, "POST", "/lane/v1/bookings", in, &again, pass...)
	if b.Phone != "" || b.No != again.No {
		t.Errorf("%+v, then %+v", b, again)
	}

	var day api.ClinicDay
	s.asked(200, clinic, "GET", "/lane/v1/clinic/day?day="+slots.Slots[0].At.Format("2006-01-02"), nil, &day)
	if len(day.Appointments) != 1 || day.Appointments[0].No != b.No || strings.Contains(day.Appointments[0].Name, who.Name) || day.Clinic != "c0001" {
		t.Errorf("the clinic sees %+v", day)
	}
	var report api.ClinicUnusedReport
	s.asked(200, clinic, "POST", "/lane/v1/clinic/unused", api.ClinicUnused{Opening: b.Opening, Slot: b.Slot, Doses: 1}, &report, "Idempotency-Key", "unused-01")
	if report.Total != 1 {
		t.Errorf("%+v", report)
	}

	var found, ended api.Booking
	s.asked(200, agent, "POST", "/lane/v1/bookings/lookup", api.LaneLookup{No: b.No, Name: who.Name, LaneCall: aCall}, &found)
	s.asked(200, agent, "POST", "/lane/v1/bookings/"+b.No+"/cancel", api.LaneCancel{LaneCall: aCall}, &ended, "Authorization", "Proof "+found.Proof)
	if ended.State != "cancelled" {
		t.Errorf("%+v", ended)
	}
	text := s.ledgerText()
	for _, want := range []string{`"via":"call_centre","agent":"demo-agent"`, `"by":"call_centre","agent":"demo-agent"`, `"kind":"` + ledger.KindUnused} {
		if !strings.Contains(text, want) {
			t.Errorf("the ledger lacks %s", want)
		}
	}
	var snapshot api.Snapshot
	s.command("viewer", "GET", "/control/v1/snapshot", nil, &snapshot)
	for _, c := range snapshot.Classes {
		if c.Class == "L" && (c.Offered < 10 || c.Answered == 0) {
			t.Errorf("the control room sees of the lanes %+v", c)
		}
	}
	for _, p := range s.parts {
		if strings.Contains(p.output.String(), who.Number.Digits()) || strings.Contains(p.output.String(), aCall.Reason) {
			t.Error("what was typed stands in a log")
		}
	}
	var tasks []string
	for _, a := range s.accesses() {
		if a.Who == "demo-agent" {
			tasks = append(tasks, a.Task)
			if a.Reason != "person: "+aCall.Reason || a.From != "127.0.0.1" || a.Role != "call_centre" {
				t.Errorf("%+v", a)
			}
		}
	}
	slices.Sort(tasks) // what is done from memory comes a little later
	if got := strings.Join(tasks, " "); got != "book book cancel join lookup recall recall" {
		t.Errorf("the log of accesses has %s", got)
	}
}

// accesses stops the site and reads its log of accesses.
func (s *site) accesses() (out []access.Record) {
	s.t.Helper()
	for i := len(s.parts) - 1; i >= 0; i-- {
		s.parts[i].stop(s.t)
	}
	store, err := sqlite.Open(s.t.Context(), folder(s.data).path("backend", "daemun.db"), time.Now())
	if err != nil {
		s.t.Fatal(err)
	}
	defer store.Close()
	for r, err := range store.Accesses(s.t.Context(), access.Filter{}, 0, -1) {
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

// ledgerText is the ledger as the control room gives it out.
func (s *site) ledgerText() string {
	_, text := s.command("viewer", "GET", "/control/v1/ledger?limit=100000", nil, nil)
	return text
}

// TestLanesAreStrictlyApart tries every route of the lanes with every certificate but the right one, and the lanes'
// certificates in the control room.
func TestLanesAreStrictlyApart(t *testing.T) {
	s := newSite(t)
	s.up()
	eligible, _ := s.citizens()
	ticket := s.join(eligible[0])
	tried := 0
	for _, r := range lane.Table() {
		path := strings.NewReplacer("{id}", "c0001", "{no}", "ABCDE-23456").Replace(r.Pattern)
		for _, role := range []string{"", "viewer", "operator", "supervisor", "call_centre", "clinic"} {
			status, body := s.ask(role, r.Method, path, nil, "Authorization", "Ticket "+ticket, "Idempotency-Key", "key-0001")
			own := strings.ReplaceAll(role, "_", " ") == string(r.Guard) || r.Guard == "any lane" && (role == "call_centre" || role == "clinic")
			refused := status == 403 && (bytes.Contains(body, []byte("no_certificate")) || bytes.Contains(body, []byte("other_lane")))
			switch {
			case role == "" && status != 0:
				t.Errorf("%s %s without a certificate: %d", r.Method, path, status)
			case role != "" && refused == own:
				t.Errorf("%s %s as %s: %d %s", r.Method, path, role, status, body)
			}
			tried++
		}
	}
	if tried < 60 {
		t.Errorf("%d tries", tried)
	}
	for _, role := range []string{"call_centre", "clinic"} {
		for _, path := range []string{"/control/v1/whoami", "/control/v1/snapshot", "/control/v1/ledger", "/metrics"} {
			if status, body := s.command(role, "GET", path, nil, nil); status != 403 {
				t.Errorf("%s in the control room: %d %s", role, status, body)
			}
		}
	}
	for name, header := range map[string][]string{
		"another site's form":  {"Sec-Fetch-Site", "cross-site"},
		"an old browser's":     {"Origin", "https://elsewhere.example"},
		"a neighbouring site":  {"Sec-Fetch-Site", "same-site"},
		"where nobody is said": {"Origin", "null"},
	} {
		if status, body := s.ask("call_centre", "POST", "/lane/v1/queue/join", api.LaneJoin{LaneCall: aCall}, header...); status != 403 || !bytes.Contains(body, []byte("cross_origin")) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	for _, path := range []string{"/lane/v1/accesses", "/lane/v1/nothing", "/internal/ledger", "/v1/clinics", "/control/v1/snapshot", "/lane/v1/../v1/whoami", "/lane/v1/clinic/day/"} {
		if status, _ := s.ask("clinic", "GET", path, nil); status != 404 && status != 403 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if status, _ := s.try("GET", "/lane/v1/whoami", "", nil); status != 404 {
		t.Errorf("the lanes at the citizens' address: %d", status)
	}
}

// TestACertificateOfALaneIsTakenBack issues one for each lane, and takes them back: refused at once, on a connection that
// stands and on a new one, while the other agents work on.
func TestACertificateOfALaneIsTakenBack(t *testing.T) {
	s := newSite(t)
	s.up()
	for _, c := range [][]string{{"--role", "call_centre"}, {"--role", "clinic", "--clinic", "c0002"}} {
		path := filepath.Join(t.TempDir(), "kim.pem")
		name := "kim-" + c[1]
		s.mustCommand(append([]string{"certificate", "issue", "--name", name, "--out", path}, c...)...)
		client, err := controlClient(path, filepath.Join(s.data, "demo", "operators", "ca.pem"))
		if err != nil {
			t.Fatal(err)
		}
		whoami := func() (status int, who api.LaneWho) {
			resp, err := client.Get("https://" + s.lanes + "/lane/v1/whoami")
			if err != nil {
				return 0, who
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			_ = json.Unmarshal(body, &who)
			return resp.StatusCode, who
		}
		if status, who := whoami(); status != 200 || who.Name != name || who.Role != c[1] || (who.Clinic == "c0002") != (c[1] == "clinic") {
			t.Fatalf("%d %+v", status, who)
		}
		s.mustCommand("certificate", "revoke", "--name", name, "--reason", "퇴직")
		if status, _ := whoami(); status != 403 {
			t.Errorf("on a connection that stands: %d", status)
		}
		client.CloseIdleConnections()
		if status, _ := whoami(); status != 0 {
			t.Errorf("on a new connection: %d", status)
		}
		s.asked(200, c[1], "GET", "/lane/v1/whoami", nil, nil)
	}
}

// browser is an agent's: it keeps cookies, shows its certificate and follows where forms lead.
type browser struct {
	s *site
	c *http.Client
}

func (s *site) browser(role string) *browser {
	c := s.room(role)
	c.Jar, _ = cookiejar.New(nil)
	return &browser{s, c}
}

func (b *browser) page(want int, method, path string, form url.Values) string {
	b.s.t.Helper()
	req, err := http.NewRequest(method, "https://"+b.s.lanes+path, strings.NewReader(form.Encode()))
	if err != nil {
		b.s.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Origin", "https://"+b.s.lanes)
	}
	resp, err := b.c.Do(req)
	if err != nil {
		b.s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != want {
		b.s.t.Fatalf("%s %s: %d, want %d:\n%s", method, path, resp.StatusCode, want, text)
	}
	return string(text)
}

// find is the first group of an expression in a page.
func (b *browser) find(page, expression string) string {
	b.s.t.Helper()
	m := regexp.MustCompile(expression).FindStringSubmatch(page)
	if m == nil {
		b.s.t.Fatalf("no %s in:\n%s", expression, page)
	}
	return strings.ReplaceAll(m[1], "&amp;", "&")
}

// TestAnAgentWorksInABrowserWithoutAScript takes somebody from the call to the booking by forms alone, in both languages.
func TestAnAgentWorksInABrowserWithoutAScript(t *testing.T) {
	s := newSite(t)
	s.up()
	eligible, _ := s.citizens()
	who := eligible[0]
	b := s.browser("call_centre")
	call := url.Values{"rrn": {who.Number.Digits()}, "caller": {"family"}, "reason": {"가족이 본인 동의를 받아 요청"}, "for": {"3층 할머니"}, "back": {"02-000-1234"}}
	b.page(200, "GET", "/", nil)
	b.page(200, "GET", "/join?lang=en", nil)
	wrong := url.Values{"rrn": {"123"}, "caller": {"family"}, "reason": {"요청"}, "for": {"메모"}}
	if page := b.page(422, "POST", "/join", wrong); strings.Contains(page, "123") || !strings.Contains(page, "메모") {
		t.Errorf("what was typed:\n%s", page)
	}
	b.page(200, "GET", "/join?lang=ko", nil)
	told := b.page(200, "POST", "/join", call)
	code := b.find(told, `class="big">([0-9A-Z-]{14})<`)
	s.eventually("the turn shows on the list", func() bool {
		time.Sleep(200 * time.Millisecond) // an agent may ask ten times a second
		return strings.Contains(b.page(200, "GET", "/", nil), `action="/enter"`)
	})
	list := b.page(200, "GET", "/", nil)
	if !strings.Contains(list, code) || !strings.Contains(list, "3층 할머니") || !strings.Contains(list, `http-equiv="refresh"`) || strings.Contains(list, who.Number.Digits()) {
		t.Errorf("the list:\n%s", list)
	}
	if page := s.browser("call_centre").page(200, "GET", "/", nil); strings.Contains(page, code) {
		t.Error("another browser shows the list")
	}
	id := b.find(list, `name="id" value="([a-z0-9]+)"`)
	b.page(200, "POST", "/enter", url.Values{"id": {id}})
	clinics := b.page(200, "GET", "/book?id="+id+"&region="+url.QueryEscape("서울"), nil)
	slots := b.page(200, "GET", b.find(clinics, `href="(/book\?[^"]*clinic=[^"]*)"`), nil)
	form := b.page(200, "GET", b.find(slots, `href="(/book\?[^"]*slot=[^"]*)"`), nil)
	book := url.Values{"name": {who.Name}, "rrn": {who.Number.Digits()}, "caller": {"family"}, "reason": {"가족이 본인 동의를 받아 요청"}}
	for _, name := range []string{"id", "slot", "key", "region", "clinic", "day"} {
		book.Set(name, b.find(form[strings.LastIndex(form, `method="post"`):], `name="`+name+`" value="([^"]*)"`))
	}
	done := b.page(201, "POST", "/book", book)
	no := b.find(done, `class="big">([0-9A-Z]{5}-[0-9A-Z]{5})<`)
	if page := b.page(200, "GET", "/", nil); strings.Contains(page, code) {
		t.Error("who is booked still stands on the list")
	}
	find := url.Values{"no": {no}, "name": {who.Name}, "caller": {"person"}, "reason": {"예약을 확인"}}
	found := b.page(200, "POST", "/lookup", find)
	end := url.Values{"no": {no}, "proof": {b.find(found, `name="proof" value="([^"]+)"`)}, "caller": {"person"}, "reason": {"취소를 요청"}}
	b.page(400, "POST", "/cancel", end)
	end.Set("sure", "yes")
	if page := b.page(200, "POST", "/cancel", end); !strings.Contains(page, "취소됨") {
		t.Errorf("cancelled:\n%s", page)
	}

	c := s.browser("clinic")
	day := book.Get("day")
	if page := c.page(200, "GET", "/?lang=en", nil); !strings.Contains(page, "c0001") || strings.Contains(page, `href="/join"`) {
		t.Errorf("the clinic's start page:\n%s", page)
	}
	page := c.page(200, "GET", "/day?day="+day, nil)
	report := url.Values{"day": {day}, "key": {c.find(page, `name="key" value="([^"]+)"`)}, "slot": {c.find(page, `<option value="([^"]+)"`)}, "doses": {"1"}}
	if page := c.page(200, "POST", "/unused", report); !strings.Contains(page, "reported 1") {
		t.Errorf("after the report:\n%s", page)
	}
	report.Set("doses", "900")
	report.Set("key", "another-key")
	c.page(409, "POST", "/unused", report)
	c.page(403, "GET", "/join", nil)
	b.page(403, "GET", "/day", nil)
}
