package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/brownout"
)

// fakeService is a world in memory in which every answer can be set and every call is remembered.
type fakeService struct {
	mu          sync.Mutex
	now         time.Time
	openings    []api.Opening
	notices     []api.Notice
	place       api.Place
	eligibility api.Eligibility
	clinics     []api.Clinic
	slots       api.SlotList
	draw        Draw
	bookings    map[string]api.Booking // by key
	booking     api.Booking
	leftovers   []api.LeftoverClinic
	offer       api.LeftoverOffer
	identity    api.Identity
	leads       string // where StartIdentity sends people
	held        *api.Hold
	refuse      map[string]*api.Problem // by method
	step        brownout.Step
	calls       []string
}

var fakeNow = time.Date(2021, 7, 19, 20, 31, 5, 0, subject.Seoul)

func ptr[T any](v T) *T { return &v }

func newFake() *fakeService {
	s := &fakeService{
		now: fakeNow, bookings: map[string]api.Booking{}, refuse: map[string]*api.Problem{},
		openings: []api.Opening{{
			ID: "2021-07-19", Name: "만 53–54세 사전예약", NameEn: "Ages 53–54", State: api.OpeningOpen,
			LobbyAt:  time.Date(2021, 7, 19, 19, 30, 0, 0, subject.Seoul),
			OpensAt:  time.Date(2021, 7, 19, 20, 0, 0, 0, subject.Seoul),
			ClosesAt: time.Date(2021, 7, 20, 18, 0, 0, 0, subject.Seoul),
			Order:    "draw", Proxy: true, Vaccine: "모더나", StockLeft: ptr(int64(128_400)), Anchor: fakeAnchor,
			Cohorts: []api.Cohort{{ID: "1967-1968", Name: "1967~1968년 출생", NameEn: "Born 1967–1968"}},
		}},
		held: ptr(fakeHold("c0002-0726-1000")),
		notices: []api.Notice{{
			At: time.Date(2021, 7, 19, 20, 15, 0, 0, subject.Seoul), By: "상황실",
			Text: "접속이 몰려 입장이 느려지고 있습니다. 순번은 유지됩니다.", TextEn: "Entry is slow at the moment. Places are kept.",
		}},
		eligibility: api.Eligibility{Eligible: true, Opening: "2021-07-19", Cohort: "1967-1968", Code: "open_now"},
		place: api.Place{
			Ticket: "ticket-of-hong", Code: "0Q1A-7ZK3-M8PD", Opening: "2021-07-19", Cohort: "1967-1968", State: api.PlaceWaiting,
			Ahead: ptr(int64(12_345)), WaitLowS: ptr(int64(190)), WaitHighS: ptr(int64(300)),
			StockOutlook: "plenty", StockLeft: ptr(int64(128_400)),
			OpensAt: time.Date(2021, 7, 19, 20, 0, 0, 0, subject.Seoul), NextPollS: 8, ServerTime: fakeNow,
		},
		clinics: []api.Clinic{
			{ID: "c0001", Name: "바른내과의원", Region: "서울", Address: "서울특별시 강남구 테헤란로 1", Vaccine: "모더나", Left: 0},
			{ID: "c0002", Name: "연세가정의학과의원", Region: "서울", Address: "서울특별시 마포구 월드컵북로 22", Vaccine: "모더나", Left: 42},
			{ID: "c0003", Name: "한빛이비인후과의원", Region: "서울", Address: "서울특별시 강남구 도산대로 33", Vaccine: "모더나", Left: 1_204},
		},
	}
	s.slots = fakeSlots()
	s.draw = fakeDraw()
	s.booking = api.Booking{
		No: "2107-4821-0937", State: "booked", Opening: "2021-07-19", Slot: "c0002-0726-1000", At: s.slots.Slots[2].At,
		Clinic: "c0002", ClinicName: "연세가정의학과의원", Address: "서울특별시 마포구 월드컵북로 22", Vaccine: "모더나", Dose: 1,
		Name: "홍*동", Phone: "010-****-0001", BookedAt: fakeNow, ChangeBy: time.Date(2021, 7, 24, 0, 0, 0, 0, subject.Seoul),
		Proof: "proof-of-hong", Second: fakeSecond(),
	}
	s.leftovers = []api.LeftoverClinic{{Clinic: s.clinics[1], Opening: "2021-07-19", Doses: 3, NextAt: s.booking.At}}
	s.offer = api.LeftoverOffer{
		State: "open", Opening: "2021-07-19", Until: fakeNow.Add(15 * time.Minute), Slot: s.booking.Slot, At: s.booking.At,
		Clinic: "c0002", ClinicName: s.booking.ClinicName, Address: s.booking.Address, Vaccine: s.booking.Vaccine,
	}
	return s
}

// fakeAnchor is the seed of fakeDraw hashed once.
const (
	fakeSeed   = "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"
	fakeAnchor = "5a6c9dcbec66882a3de754eb13e61d8908e6c0b67a23c9d524224ecd93746290"
)

func fakeDraw() Draw {
	return Draw{
		Opening: "2021-07-19", Code: "00112233445566778899aabbccddeeff", Anchor: fakeAnchor, Sealed: true, Holds: true,
		DrawnAt: time.Date(2021, 7, 19, 20, 0, 0, 0, subject.Seoul),
		Seal:    api.Seal{Epoch: 0, Count: 1_498_213, Tally: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", Seed: fakeSeed},
		Rank:    "9573052f7ebe725e", Within: 874_637,
	}
}

func fakeHold(slot string) api.Hold {
	at := time.Date(2021, 7, 26, 10, 0, 0, 0, subject.Seoul)
	return api.Hold{
		Slot: slot, At: at, Clinic: "c0002", ExpiresAt: fakeNow.Add(5 * time.Minute),
		Second: fakeSecond(),
	}
}

func fakeSecond() *api.Appointment {
	at := time.Date(2021, 9, 6, 10, 0, 0, 0, subject.Seoul)
	return &api.Appointment{
		No: "2107-4821-0938", Proof: "proof-of-second", Dose: 2, Slot: "c0002-0906-1000", At: at, Clinic: "c0002", ClinicName: "연세가정의학과의원",
		Address: "서울특별시 마포구 월드컵북로 22", Vaccine: "모더나", ChangeBy: at.AddDate(0, 0, -2),
	}
}

func fakeSlots() api.SlotList {
	list := api.SlotList{
		AsOf: fakeNow, Days: []string{"2021-07-26", "2021-07-27", "2021-07-28"},
		Clinic: &api.Clinic{ID: "c0002", Name: "연세가정의학과의원", Region: "서울", Address: "서울특별시 마포구 월드컵북로 22", Vaccine: "모더나", Left: 42},
	}
	for i, left := range []int{0, 3, 2, 6, 1, 4} {
		at := time.Date(2021, 7, 26, 9, 30*i, 0, 0, subject.Seoul)
		list.Slots = append(list.Slots, api.Slot{
			ID: "c0002-0726-" + at.Format("1504"), Clinic: "c0002", At: at, Vaccine: "모더나", Capacity: 6, Left: left,
		})
	}
	return list
}

func (s *fakeService) call(name string, args ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, name+fmt.Sprint(args...))
	if p := s.refuse[name]; p != nil {
		return fmt.Errorf("asking: %w", p)
	}
	return nil
}

func (s *fakeService) called(name string) (times int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.calls {
		if strings.HasPrefix(c, name) {
			times++
		}
	}
	return times
}

// set changes the world under its lock, for tests in which a browser is asking meanwhile.
func (s *fakeService) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *fakeService) Openings() []api.Opening { s.mu.Lock(); defer s.mu.Unlock(); return s.openings }
func (s *fakeService) Measures() *brownout.Measures {
	m := brownout.MeasuresOf(s.step, 10*time.Second)
	return &m
}
func (s *fakeService) Notices() []api.Notice { s.mu.Lock(); defer s.mu.Unlock(); return s.notices }
func (s *fakeService) Now() time.Time        { s.mu.Lock(); defer s.mu.Unlock(); return s.now }

func (s *fakeService) Eligibility(_ context.Context, _ api.EligibilityRequest, _ string) (api.Eligibility, error) {
	return s.eligibility, s.call("Eligibility")
}

func (s *fakeService) Join(_ context.Context, req api.JoinRequest, ticket string) (api.Place, error) {
	return s.place, s.call("Join", req.Opening, " ", ticket)
}

func (s *fakeService) Place(_ context.Context, ticket string) (api.Place, error) {
	err := s.call("Place", ticket)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.place, err
}

func (s *fakeService) Draw(_ context.Context, ticket string) (Draw, error) {
	return s.draw, s.call("Draw", ticket)
}

func (s *fakeService) Enter(_ context.Context, ticket string) (api.Entry, error) {
	err := s.call("Enter", ticket)
	if err == nil {
		s.set(func() { delete(s.refuse, "Book:pass") })
	}
	return api.Entry{Pass: "pass-of-hong", ExpiresAt: s.Now().Add(15 * time.Minute)}, err
}

func (s *fakeService) Clinics(_ context.Context, _ string, asked api.ClinicSearch) (api.ClinicList, error) {
	return s.find(asked), s.call("Clinics", asked.Region)
}

func (s *fakeService) find(asked api.ClinicSearch) api.ClinicList {
	var found, full []api.Clinic
	for _, c := range s.clinics {
		switch fits := strings.Contains(c.Name+" "+c.Address, asked.Words) && strings.Contains(c.Address, asked.District); {
		case fits && c.Left > 0:
			found = append(found, c)
		case fits:
			full = append(full, c)
		}
	}
	found = append(found, full...)
	pages := max(1, (len(found)+api.ClinicsPerPage-1)/api.ClinicsPerPage)
	page := min(asked.Page, pages)
	from := (page - 1) * api.ClinicsPerPage
	shown := found[from:min(from+api.ClinicsPerPage, len(found))]
	return api.ClinicList{AsOf: s.Now(), Total: len(found), Page: page, Pages: pages, Districts: []string{"강남구", "마포구"}, Clinics: shown}
}

func (s *fakeService) Slots(_ context.Context, _, clinic, day string) (api.SlotList, error) {
	return s.slots, s.call("Slots", clinic, " ", day)
}

func (s *fakeService) Hold(_ context.Context, _, slot string) (api.Hold, error) {
	if err := s.call("Hold", slot); err != nil {
		return api.Hold{}, err
	}
	s.set(func() { s.held = ptr(fakeHold(slot)) })
	return *s.held, nil
}

func (s *fakeService) Holding(_ context.Context, _ string) (api.Hold, error) {
	if err := s.call("Holding"); err != nil {
		return api.Hold{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held == nil {
		return api.Hold{}, &api.Problem{Status: 404, Code: "no_hold"}
	}
	return *s.held, nil
}

func (s *fakeService) Book(_ context.Context, pass, key string, req api.BookingRequest) (api.Booking, error) {
	if err := s.call("Book", key, " ", req.Slot); err != nil {
		return api.Booking{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.refuse["Book:pass"]; p != nil {
		return api.Booking{}, p
	}
	s.bookings[key] = s.booking
	return s.booking, nil
}

func (s *fakeService) Lookup(_ context.Context, _ api.LookupRequest) (api.Booking, error) {
	return s.booking, s.call("Lookup")
}

func (s *fakeService) Booking(_ context.Context, no, proof string) (api.Booking, error) {
	return s.booking, s.call("Booking", no, " ", proof)
}

func (s *fakeService) Moves(_ context.Context, no, proof, clinic, day string) (api.SlotList, error) {
	return s.slots, s.call("Moves", no, " ", proof, " ", clinic, " ", day)
}

func (s *fakeService) MoveClinics(_ context.Context, no, proof string, asked api.ClinicSearch) (api.ClinicList, error) {
	return s.find(asked), s.call("MoveClinics", no, " ", proof, " ", asked.Region)
}

func (s *fakeService) Change(_ context.Context, no, proof, slot string) (api.Booking, error) {
	return s.booking, s.call("Change", no, " ", proof, " ", slot)
}

func (s *fakeService) Cancel(_ context.Context, no, proof string) (api.Booking, error) {
	err := s.call("Cancel", no, " ", proof)
	if err == nil {
		s.set(func() { s.booking.State = "cancelled" })
	}
	return s.booking, err
}

// site serves the pages of a service the way the gateway's table does.
func site(tb testing.TB, s Service) http.Handler {
	tb.Helper()
	p, err := New(s, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return table(p)
}

func table(p *Pages) http.Handler {
	mux := http.NewServeMux()
	for _, route := range p.Routes() {
		mux.HandleFunc(route.Method+" "+route.Pattern, route.Handler)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		p.Problem(w, r, &api.Problem{Status: http.StatusNotFound, Code: "not_found"})
	})
	return mux
}

// cookies of somebody who has come all the way.
const everyCookie = "daemun_ticket=ticket-of-hong; daemun_pass=pass-of-hong; daemun_until=1626695000; daemun_proof=2107-4821-0937.proof-of-hong; daemun_second=2107-4821-0938.proof-of-second"

func get(h http.Handler, path, cookies string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Cookie", cookies)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func send(h http.Handler, path, cookies string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Cookie", cookies)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// A number of valid structure whose check digit is deliberately wrong: it is nobody's.
const (
	nobodyFront = "670301"
	nobodyBack  = "1234560"
)

func applyValues() url.Values {
	return url.Values{"rrn1": {nobodyFront}, "rrn2": {nobodyBack}, "agree": {"yes"}}
}

func bookValues() url.Values {
	return url.Values{
		"rrn1": {nobodyFront}, "rrn2": {nobodyBack}, "name": {"홍길동"}, "phone": {"01000000001"},
		"slot": {"c0002-0726-1000"}, "clinic": {"c0002"}, "day": {"2021-07-26"}, "key": {"KEYKEYKEYKEY"},
	}
}

func holdValues() url.Values {
	return url.Values{"slot": {"c0002-0726-1000"}, "clinic": {"c0002"}, "day": {"2021-07-26"}}
}

func changeValues() url.Values {
	return url.Values{"no": {"2107-4821-0937"}, "clinic": {"c0002"}, "day": {"2021-07-26"}, "slot": {"c0002-0726-0930"}}
}

func lookupValues() url.Values {
	return url.Values{"rrn1": {nobodyFront}, "rrn2": {nobodyBack}, "name": {"홍길동"}, "no": {"2107-4821-0937"}}
}

// quiet remembers no calls, for benchmarks.
type quiet struct{ *fakeService }

func (q quiet) Place(context.Context, string) (api.Place, error) { return q.place, nil }

func (s *fakeService) Leftovers(_ context.Context, region string) (api.LeftoverList, error) {
	return api.LeftoverList{AsOf: s.Now(), Clinics: s.leftovers}, s.call("Leftovers", region)
}

func (s *fakeService) Wish(_ context.Context, req api.LeftoverWishRequest) (api.LeftoverWish, error) {
	return api.LeftoverWish{Code: "code-of-hong", Opening: s.openings[0].ID, Region: req.Region, AskedAt: s.Now()}, s.call("Wish", req.Region, req.Phone)
}

func (s *fakeService) Unwish(_ context.Context, code string) error { return s.call("Unwish", code) }

func (s *fakeService) Offer(_ context.Context, code string) (api.LeftoverOffer, error) {
	return s.offer, s.call("Offer", code)
}

func (s *fakeService) Take(_ context.Context, code, key string, req api.LeftoverTake) (api.Booking, error) {
	return s.booking, s.call("Take", code, key, req.Name, req.Phone)
}
