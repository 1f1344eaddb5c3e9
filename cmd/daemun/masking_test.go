package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/edge"
	"github.com/daemun/daemun/gateway/lane"
	"github.com/daemun/daemun/gateway/pages"
	"github.com/daemun/daemun/loadlab/leak"
)

// reader asks for pages and answers, and looks for the site's people in all of them: body, header and address.
type reader struct {
	*site
	markers *leak.Markers
	client  *http.Client
	told    []string // what must be seen somewhere, or nothing was proven
	seen    map[string]int
	asked   int
}

func (s *site) reader(client *http.Client, told ...string) *reader {
	s.t.Helper()
	file, err := os.Open(folder(s.data).path("demo", demo.CitizensFile))
	if err != nil {
		s.t.Fatal(err)
	}
	defer file.Close()
	markers, err := leak.ReadMarkers(file)
	if err != nil || markers.Unmarked > 0 {
		s.t.Fatalf("%d people are not marked, %v", markers.Unmarked, err)
	}
	return &reader{site: s, markers: markers, client: client, told: told, seen: map[string]int{}}
}

// look sends a request and searches its answer.
func (r *reader) look(method, address string, body []byte, header ...string) (int, []byte) {
	r.t.Helper()
	req, err := http.NewRequest(method, address, bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, address, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, address, err)
	}
	r.search(method+" "+req.URL.Path, answer)
	for name, values := range resp.Header {
		r.search(name+" of "+method+" "+req.URL.Path, []byte(strings.Join(values, " ")))
	}
	r.search("address", []byte(resp.Request.URL.String()))
	r.asked++
	return resp.StatusCode, answer
}

func (r *reader) search(place string, b []byte) {
	r.t.Helper()
	r.markers.Bytes(place, b, func(h leak.Hit) { r.t.Errorf("it shows somebody: %s", h) })
	for _, text := range r.told {
		if bytes.Contains(b, []byte(text)) {
			r.seen[text]++
		}
	}
}

func (r *reader) mustHaveSeen() {
	r.t.Helper()
	for _, text := range r.told {
		if r.seen[text] == 0 {
			r.t.Errorf("%q was never shown in %d answers: nothing is proven", text, r.asked)
		}
	}
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestNobodyIsShownInTheClear books for somebody by a proxy, both marked, and reads every page and every answer that there is
// with everything that opens it: citizens', the lanes', the control room's, an operator's. Names and phones come masked,
// registration numbers never.
func TestNobodyIsShownInTheClear(t *testing.T) {
	s := newMarkedSite(t)
	s.up()
	eligible, _ := s.citizens()
	who, proxy := eligible[0], eligible[1]
	ticket := s.join(who)
	pass := s.enter(ticket)
	at := s.firstSlot(pass)
	masked := booking.MaskName(who.Name)

	citizen := s.reader(&http.Client{}, masked, booking.MaskPhone(strings.ReplaceAll(who.Phone, "-", "")))
	status, answer := citizen.look("POST", "http://"+s.public+"/v1/bookings", encoded(t, api.BookingRequest{
		Slot: at.ID, Name: who.Name, RRN: who.Number.Digits(), Phone: who.Phone, Email: "somebody@example.com",
		Proxy: &api.Proxy{Name: proxy.Name, Phone: proxy.Phone, Relation: "자녀"},
	}), "Authorization", "Pass "+pass, "Idempotency-Key", "masking-0001")
	var b api.Booking
	if err := json.Unmarshal(answer, &b); err != nil || status != http.StatusCreated {
		t.Fatalf("%d %s", status, answer)
	}
	citizen.readEverything(&b, at.Clinic, ticket, pass)
	citizen.mustHaveSeen()
	s.readPages(who, &b, masked)
	s.readLanes(who, &b, at, masked)
	s.readControlRoom(&b)
	for _, p := range s.parts {
		s.reader(nil).search("log", []byte(p.output.String()))
	}
}

func newMarkedSite(t *testing.T) *site {
	s := &site{t: t, data: t.TempDir(), public: freePort(t), control: freePort(t), lanes: freePort(t), backend: freePort(t)}
	out, err := exec.Command(program(t), "seed", "--marked", "--data", s.data, "--citizens", "400", "--on-roster", "300", "--clinics", "40", "--opens-in", "2s").CombinedOutput()
	if err != nil {
		t.Fatalf("seed: %v\n%s", err, out)
	}
	return s
}

// firstSlot is one of the first clinic, which the demo's certificate of a clinic is of.
func (s *site) firstSlot(pass string) api.Slot {
	s.t.Helper()
	var slots api.SlotList
	s.do(200, "GET", "/v1/clinics/c0001/slots", "Pass "+pass, nil, &slots)
	return slots.Slots[0]
}

// readEverything asks for every address of the citizens' table, API and pages, with each thing that might open it.
func (r *reader) readEverything(b *api.Booking, clinic, ticket, pass string) {
	fill := func(pattern string) string {
		id := b.Opening
		if strings.Contains(pattern, "/clinics/") {
			id = clinic
		}
		return strings.NewReplacer("{id}", id, "{no}", b.No, "{epoch}", "0", "{name}", "x", "{code}", "abcdefgh", "{provider}", "roster", "{$}", "").Replace(pattern)
	}
	patterns := map[string]string{}
	for _, route := range edge.Table() {
		patterns[route.Method+" "+route.Pattern] = route.Method
	}
	for _, p := range (&pages.Pages{}).Routes() {
		patterns[p.Method+" "+p.Pattern] = p.Method
	}
	shown := []string{"", "Pass " + pass, "Ticket " + ticket, "Proof " + b.Proof}
	cookies := fmt.Sprintf("%s=%s; %s=%s; %s=%s.%s", pages.TicketCookie, ticket, pages.PassCookie, pass, pages.ProofCookie, b.No, b.Proof)
	for pattern, method := range patterns {
		if method != http.MethodGet {
			continue
		}
		address := "http://" + r.public + fill(strings.TrimPrefix(pattern, method+" "))
		for _, authorization := range shown {
			for _, lang := range []string{"ko", "en"} {
				r.look(method, address, nil, "Authorization", authorization, "Cookie", cookies+"; "+pages.LangCookie+"="+lang)
			}
		}
	}
	r.look("PATCH", "http://"+r.public+"/v1/bookings/"+b.No, encoded(r.t, api.ChangeRequest{Slot: b.Slot}), "Authorization", "Proof "+b.Proof)
}

// readPages finds the booking by the pages, as a browser does, and looks at it.
func (s *site) readPages(who demo.Citizen, b *api.Booking, masked string) {
	s.t.Helper()
	jar, _ := cookiejar.New(nil)
	r := s.reader(&http.Client{Jar: jar}, masked)
	digits := who.Number.Digits()
	form := url.Values{"rrn1": {digits[:6]}, "rrn2": {digits[6:]}, "name": {who.Name}, "no": {b.No}}
	const kind = "application/x-www-form-urlencoded"
	if status, body := r.look("POST", "http://"+s.public+"/lookup", []byte(form.Encode()), "Content-Type", kind); status != http.StatusOK {
		s.t.Fatalf("%d %s", status, body)
	}
	for _, path := range []string{"/lookup", "/lookup?lang=en", "/done?no=" + b.No, "/change"} {
		r.look("GET", "http://"+s.public+path, nil)
	}
	r.look("POST", "http://"+s.public+"/cancel", []byte(url.Values{"no": {b.No}}.Encode()), "Content-Type", kind)
	r.mustHaveSeen()
}

// readLanes looks from the desks of the call centre and of the clinic.
func (s *site) readLanes(who demo.Citizen, b *api.Booking, at api.Slot, masked string) {
	s.t.Helper()
	day := at.At.Format("2006-01-02")
	agent := s.reader(s.room("call_centre"), masked)
	base := "https://" + s.lanes
	lookup := encoded(s.t, api.LaneLookup{No: b.No, Name: who.Name, LaneCall: aCall})
	if status, body := agent.look("POST", base+"/lane/v1/bookings/lookup", lookup); status != http.StatusOK {
		s.t.Fatalf("%d %s", status, body)
	}
	clinic := s.reader(s.room("clinic"), masked)
	clinic.look("GET", base+"/lane/v1/clinic/day?day="+day, nil)
	clinic.look("GET", base+"/day?day="+day, nil)
	for _, r := range []*reader{agent, clinic} {
		for _, route := range lane.Table() {
			if route.Method == http.MethodGet {
				r.look("GET", base+strings.NewReplacer("{id}", "c0001", "{no}", b.No).Replace(route.Pattern), nil)
			}
		}
		for _, path := range []string{"/", "/join", "/book", "/lookup", "/day"} {
			r.look("GET", base+path, nil)
		}
		r.mustHaveSeen()
	}
}

// readControlRoom looks at all that operators may see without leaving a reason, and at the log of accesses.
func (s *site) readControlRoom(b *api.Booking) {
	s.t.Helper()
	r := s.reader(s.room("supervisor"), b.No)
	s.eventually("the demo's inbox has the message", func() bool {
		_, body := r.look("GET", "https://"+s.control+"/control/v1/inbox", nil)
		return bytes.Contains(body, []byte(b.No))
	})
	for _, path := range []string{"whoami", "snapshot", "ledger?limit=100000", "ledger/checkpoints", "ledger/passes", "keys", "schedule", "rehearsals"} {
		if status, body := r.look("GET", "https://"+s.control+"/control/v1/"+path, nil); status != http.StatusOK {
			s.t.Errorf("%s: %d %s", path, status, body)
		}
	}
	r.look("GET", "https://"+s.control+"/control/inbox", nil)
	r.look("GET", "https://"+s.control+"/metrics", nil)
	r.search("accesses", []byte(s.mustCommand("accesses", "--reason", because)))
	r.search("keys", []byte(s.mustCommand("keys", "list")))
	r.search("retention", []byte(s.mustCommand("retention", "--dry-run", "--reason", because)))
	r.mustHaveSeen()
}
