package web_test

import (
	"bufio"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/identity"
	"github.com/daemun/daemun/backend/store/sqlite"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/backend/web"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/route"
)

var (
	opens = time.Date(2021, 7, 19, 20, 0, 0, 0, subject.Seoul)
	slot1 = time.Date(2021, 7, 26, 9, 30, 0, 0, subject.Seoul)
)

const opening = "o0719"

// house is a backend over a real file, with virtual time.
type house struct {
	t       testing.TB
	ring    *keyring.Ring
	store   *sqlite.Store
	service *booking.Service
	handler http.Handler
	now     atomic.Int64
	proxy   bool
	days    int // between the doses

	accepted  []string // identity providers of the opening
	providers func(*house) []identity.Provider

	accesses kept
	logging  booking.AccessLog // nil: the store's
}

func (h *house) clock() time.Time { return time.Unix(0, h.now.Load()).UTC() }

func (h *house) after(d time.Duration) { h.now.Add(int64(d)) }

func schedule(proxy bool) *cohort.Schedule {
	return &cohort.Schedule{Version: 3, Name: "시험", NameEn: "Test", Openings: []cohort.Opening{{
		ID: opening, Name: "만 53–54세", NameEn: "53–54", LobbyAt: opens.Add(-time.Hour), OpensAt: opens, ClosesAt: opens.Add(22 * time.Hour),
		Order: cohort.OrderDraw, Vaccine: "모더나", Stock: 100, Proxy: proxy,
		Cohorts: []cohort.Cohort{{
			ID: "c5354", Name: "만 53–54세", NameEn: "53–54", Roster: true, Except: []string{"covered-elsewhere"},
			BornFrom: subject.Date{Year: 1967, Month: 1, Day: 1}, BornTo: subject.Date{Year: 1968, Month: 12, Day: 31},
		}},
	}}}
}

// rrn is a number of nobody: n counts people.
func rrn(n int) string { return fmt.Sprintf("670301-1%06d", n) }

func (h *house) subject(rrn string) subject.ID {
	n, err := subject.ParseNumber(rrn)
	if err != nil {
		h.t.Fatal(err)
	}
	return h.ring.SubjectKey().Subject(n)
}

const rosterLen = 200

func (h *house) supply(stock int64) booking.Import {
	in := booking.Import{Opening: opening, Vaccine: "모더나", Stock: stock, At: h.clock()}
	for i := range rosterLen {
		in.Roster = append(in.Roster, h.subject(rrn(i)))
	}
	for i, region := range []string{"서울", "부산"} {
		id := fmt.Sprintf("c%04d", i+1)
		in.Clinics = append(in.Clinics, clinic.Clinic{ID: id, Name: "바른내과의원", Region: region, Address: region + " 중구 세종대로 1", Vaccine: "모더나"})
		for day := range 3 {
			at := slot1.AddDate(0, 0, day)
			in.Slots = append(in.Slots, clinic.Slot{ID: clinic.SlotID(id, at), Clinic: id, At: at, Vaccine: "모더나", Capacity: 2})
		}
	}
	return in
}

func open(t testing.TB, stock int64) *house {
	return openWith(t, stock, false)
}

func openWith(t testing.TB, stock int64, proxy bool) *house {
	t.Helper()
	dir := t.TempDir()
	ring, err := keyring.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, ring: ring, proxy: proxy}
	h.now.Store(opens.Add(time.Minute).UnixNano())
	h.store, err = sqlite.Open(t.Context(), filepath.Join(dir, "backend", "daemun.db"), h.clock())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.store.Close() })
	if err := h.store.Import(t.Context(), h.supply(stock)); err != nil {
		t.Fatal(err)
	}
	h.start()
	return h
}

// start makes the handler, as a restarted process would.
func (h *house) start() {
	sealer, err := h.ring.Sealer()
	if err != nil {
		h.t.Fatal(err)
	}
	h.service, err = booking.NewService(h.t.Context(), booking.Options{
		Store: h.store, Schedule: h.schedule(), SubjectKey: h.ring.SubjectKey(), Sealer: sealer, Accesses: h.log(),
	})
	if err != nil {
		h.t.Fatal(err)
	}
	checks := identity.None(h.service)
	if h.providers != nil {
		checks, err = identity.New(identity.Options{Book: h.service, Key: h.ring.ProofKey(), Subjects: h.ring.SubjectKey(), Providers: h.providers(h), Clock: h.clock})
	}
	if err != nil {
		h.t.Fatal(err)
	}
	h.handler = web.New(web.Options{
		Service: h.service, Identity: checks, Verifier: h.ring.PassVerifier(), GatewayToken: h.ring.GatewayToken(),
		ProofKey: h.ring.ProofKey(), Clock: h.clock, Log: zap.NewNop(),
	})
}

func (h *house) log() booking.AccessLog {
	if h.logging != nil {
		return h.logging
	}
	return logs{&h.accesses, h.store}
}

func (h *house) schedule() *cohort.Schedule {
	s := schedule(h.proxy)
	s.Openings[0].Identity, s.Openings[0].DoseIntervalDays = h.accepted, h.days
	return s
}

// sign makes a pass for the n-th person, as the gateway does.
func (h *house) sign(n int, change ...func(*pass.Pass)) string {
	key, id := h.ring.PassSigner()
	return h.signWith(n, key, id, change...)
}

func (h *house) signWith(n int, key ed25519.PrivateKey, id byte, change ...func(*pass.Pass)) string {
	p := pass.Pass{
		KeyID: id, Opening: schedule(false).Openings[0].Number(), Subject: h.subject(rrn(n)), Epoch: 0, Rank: uint64(n) << 40,
		ScheduleVersion: 3, IssuedAt: h.clock(), ExpiresAt: h.clock().Add(15 * time.Minute),
	}
	for _, f := range change {
		f(&p)
	}
	return pass.Sign(p, key)
}

type header map[string]string

// do sends a request as the gateway would, with headers set on top ("" takes one away).
func (h *house) do(method, path, body string, hs ...header) *httptest.ResponseRecorder {
	return h.serve(httptest.NewRequest(method, path, strings.NewReader(body)), hs...)
}

// request makes a GET out of any target that a server's parser would let through.
func request(target string) (*http.Request, bool) {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("GET " + target + " HTTP/1.1\r\nHost: backend\r\n\r\n")))
	return r, err == nil
}

func (h *house) serve(r *http.Request, hs ...header) *httptest.ResponseRecorder {
	r.Header.Set(route.TokenHeader, hex.EncodeToString(h.ring.GatewayToken()))
	for _, hh := range hs {
		for k, v := range hh {
			r.Header.Set(k, v)
		}
	}
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	return w
}

func bearer(scheme, text string) header { return header{"Authorization": scheme + " " + text} }

// admit lets the n-th person in and returns the pass.
func (h *house) admit(n int) string {
	h.t.Helper()
	var e api.Entry
	want(h.t, h.do("POST", "/internal/admissions", h.sign(n)), http.StatusOK, &e)
	return e.Pass
}

func slotOf(n int) string {
	return clinic.SlotID(fmt.Sprintf("c%04d", n%2+1), slot1.AddDate(0, 0, n/2%3))
}

func bookingBody(n int, slot string) string {
	return fmt.Sprintf(`{"slot":%q,"name":"홍길동","rrn":%q,"phone":"010-0000-1234"}`, slot, rrn(n))
}

func (h *house) book(n int, slot, pass, key string) *httptest.ResponseRecorder {
	return h.do("POST", "/v1/bookings", bookingBody(n, slot), bearer("Pass", pass), header{"Idempotency-Key": key})
}

// want checks the status and decodes the answer.
func want(t testing.TB, w *httptest.ResponseRecorder, status int, into any) {
	t.Helper()
	if w.Code != status {
		t.Fatalf("status %d, want %d: %s", w.Code, status, w.Body)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatalf("%v in %s", err, w.Body)
	}
}

// refused checks that the answer is a whole problem document with the code.
func refused(t testing.TB, w *httptest.ResponseRecorder, status int, code string) api.Problem {
	t.Helper()
	var p api.Problem
	want(t, w, status, &p)
	if p.Code != code || p.Status != status || p.Detail == "" || p.DetailEn == "" {
		t.Fatalf("problem %+v, want code %q", p, code)
	}
	if ct := w.Header().Get("Content-Type"); !strings.HasPrefix(ct, "application/problem+json") {
		t.Fatalf("content type %q", ct)
	}
	if status == http.StatusServiceUnavailable && w.Header().Get("Retry-After") == "" {
		t.Fatal("503 without Retry-After")
	}
	return p
}

func TestWholeJourney(t *testing.T) {
	h := open(t, 100)
	p := h.admit(1)

	var clinics api.ClinicList
	want(t, h.do("GET", "/v1/clinics?region=%EC%84%9C%EC%9A%B8", "", bearer("Pass", p)), 200, &clinics)
	if len(clinics.Clinics) != 1 || clinics.Clinics[0].Left != 6 {
		t.Fatalf("clinics %+v", clinics)
	}
	var slots api.SlotList
	want(t, h.do("GET", "/v1/clinics/c0001/slots?day=2021-07-27", "", bearer("Pass", p)), 200, &slots)
	if len(slots.Days) != 3 || len(slots.Slots) != 1 || slots.Slots[0].Left != 2 || slots.Clinic.ID != "c0001" {
		t.Fatalf("slots %+v", slots)
	}

	var b api.Booking
	want(t, h.book(1, slots.Slots[0].ID, p, "key-0001"), 201, &b)
	if b.Name != "홍*동" || b.Phone != "010-****-1234" || b.ClinicName != "바른내과의원" || b.State != "booked" {
		t.Fatalf("booking %+v", b)
	}

	var found api.Booking
	want(t, h.do("POST", "/v1/bookings/lookup", fmt.Sprintf(`{"booking_no":%q,"name":"홍길동","rrn":%q}`, strings.ToLower(b.No), rrn(1))), 200, &found)
	if found.Proof == "" || found.No != b.No {
		t.Fatalf("lookup %+v", found)
	}
	var moved api.Booking
	want(t, h.do("PATCH", "/v1/bookings/"+b.No, `{"slot":"c0002-0726-0930"}`, bearer("Proof", found.Proof)), 200, &moved)
	if moved.Clinic != "c0002" {
		t.Fatalf("moved %+v", moved)
	}
	var gone api.Booking
	want(t, h.do("DELETE", "/v1/bookings/"+b.No, "", bearer("Pass", p)), 200, &gone)
	if gone.State != "cancelled" {
		t.Fatalf("cancelled %+v", gone)
	}

	var report api.BackendReport
	want(t, h.do("GET", "/internal/status", ""), 200, &report)
	if o := report.Openings[opening]; o.StockLeft != 100 || o.Booked != 0 || o.Admitted != 1 || report.ActivePasses != 1 {
		t.Fatalf("report %+v", report)
	}
	kinds := []string{}
	for _, r := range h.ledger() {
		kinds = append(kinds, r.Kind)
	}
	if got := strings.Join(kinds, " "); got != "genesis stock clinic clinic list admission booking change cancel" {
		t.Fatalf("ledger: %s", got)
	}
}

func (h *house) ledger() []api.LedgerRecord {
	h.t.Helper()
	w := h.do("GET", "/internal/ledger?after=0&limit=100000", "")
	want(h.t, w, 200, nil)
	var out []api.LedgerRecord
	for d := json.NewDecoder(w.Body); ; {
		var r api.LedgerRecord
		if err := d.Decode(&r); err == io.EOF {
			return out
		} else if err != nil {
			h.t.Fatal(err)
		}
		out = append(out, r)
	}
}
