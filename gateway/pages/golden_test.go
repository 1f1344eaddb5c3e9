package pages

import (
	"flag"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/brownout"
)

var update = flag.Bool("update", false, "write the golden pages anew")

// view is one page in one state: how the world stands and what the visitor asks for.
type view struct {
	name    string
	status  int
	world   func(*fakeService)
	path    string
	cookies string
	form    url.Values // sent when not nil
}

func (v view) open(tb testing.TB, lang string) *httptest.ResponseRecorder {
	s := newFake()
	if v.world != nil {
		v.world(s)
	}
	cookies := strings.TrimPrefix(v.cookies+"; daemun_lang="+lang, "; ")
	if v.form != nil {
		return send(site(tb, s), v.path, cookies, v.form)
	}
	return get(site(tb, s), v.path, cookies)
}

// at is the world on a step of the brownout ladder.
func at(step brownout.Step, world func(*fakeService)) func(*fakeService) {
	return func(s *fakeService) {
		if s.step = step; world != nil {
			world(s)
		}
	}
}

func state(state string) func(*fakeService) {
	return func(s *fakeService) { s.place.State = state }
}

func openingState(state string, now time.Time) func(*fakeService) {
	return func(s *fakeService) { s.openings[0].State, s.now = state, now }
}

func refuse(method string, p *api.Problem) func(*fakeService) {
	return func(s *fakeService) { s.refuse[method] = p }
}

func without(form url.Values, names ...string) url.Values {
	for _, n := range names {
		form.Del(n)
	}
	return form
}

func with(form url.Values, name, value string) url.Values {
	form.Set(name, value)
	return form
}

var (
	busy     = &api.Problem{Status: 503, Code: "busy", RetryAfterS: 7}
	slotFull = &api.Problem{Status: 409, Code: "slot_full"}
	noPass   = &api.Problem{Status: 401, Code: "bad_pass"}
	noTurn   = &api.Problem{Status: 409, Code: "not_your_turn"}
)

func lobby(s *fakeService) {
	s.place.State, s.place.Ahead, s.place.WaitLowS, s.place.WaitHighS = api.PlaceLobby, nil, nil, nil
	s.place.ServerTime = s.place.OpensAt.Add(-12 * time.Minute)
}

// undrawn is the world so long before the visitor's round is over.
func undrawn(ahead time.Duration) func(*fakeService) {
	return func(s *fakeService) {
		s.now = s.draw.DrawnAt.Add(-ahead)
		s.draw.Sealed, s.draw.Holds, s.draw.Rank, s.draw.Within, s.draw.Seal = false, false, "", 0, api.Seal{}
	}
}

var views = []view{
	{"landing-scheduled", 200, openingState(api.OpeningScheduled, fakeNow.Add(-26*time.Hour)), "/", "", nil},
	{"landing-lobby", 200, openingState(api.OpeningLobby, fakeNow.Add(-43*time.Minute)), "/", "", nil},
	{"landing-open", 200, nil, "/", "", nil},
	{"landing-open-ticket", 200, nil, "/", everyCookie, nil},
	{"landing-paused", 200, func(s *fakeService) {
		s.openings[0].State, s.openings[0].Reason = api.OpeningPaused, "예약 시스템 점검 <20:45 재개 예정>"
	}, "/", "", nil},
	{"landing-closed", 200, openingState(api.OpeningClosed, fakeNow.Add(24*time.Hour)), "/", "", nil},
	{"landing-postponed", 200, func(s *fakeService) {
		o := &s.openings[0]
		o.State, o.Phase, o.Reason, o.OpensAt = api.OpeningLobby, api.PhasePostponed, "접속 폭주로 시작을 22:00로 미룹니다.", o.OpensAt.Add(2*time.Hour)
	}, "/", "", nil},
	{"landing-several", 200, func(s *fakeService) {
		gone, later := s.openings[0], s.openings[0]
		gone.ID, gone.Name, gone.NameEn, gone.State, gone.Phase, gone.StockLeft = "2021-07-12", "만 55–59세 사전예약", "Ages 55–59", api.OpeningClosed, api.PhaseExhausted, ptr(int64(0))
		later.ID, later.Name, later.NameEn, later.State = "2021-07-20", "만 50–52세 사전예약", "Ages 50–52", api.OpeningScheduled
		later.LobbyAt, later.OpensAt, later.ClosesAt = later.LobbyAt.AddDate(0, 0, 1), later.OpensAt.AddDate(0, 0, 1), later.ClosesAt.AddDate(0, 0, 1)
		s.openings = []api.Opening{gone, later, s.openings[0]}
	}, "/", "", nil},
	{"landing-none", 200, func(s *fakeService) { s.openings, s.notices = nil, nil }, "/", "", nil},
	{"apply", 200, nil, "/apply", "", nil},
	{"apply-empty", 422, nil, "/apply", "", url.Values{"agree": {""}}},
	{"apply-bad-number", 422, nil, "/apply", "", with(applyValues(), "rrn1", "671301")},
	{"apply-busy", 503, refuse("Join", busy), "/apply", "", applyValues()},
	{"refused-later", 200, func(s *fakeService) {
		opens := time.Date(2021, 7, 20, 20, 0, 0, 0, fakeNow.Location())
		s.eligibility = api.Eligibility{
			Code: "later", Opening: "2021-07-19", OpensAt: &opens, ClosesAt: ptr(opens.Add(22 * time.Hour)),
			Reason: "1970년에 태어난 분은 7월 20일(화) 20:00부터 예약할 수 있습니다.",
		}
	}, "/apply", "", applyValues()},
	{"refused-no-roster", 200, func(s *fakeService) {
		s.eligibility = api.Eligibility{Code: "not_on_roster", Reason: "이미 다른 경로로 접종 대상이 된 분은 이번 예약 명단에 없습니다."}
	}, "/apply", "", applyValues()},
	{"wait-lobby", 200, lobby, "/wait", everyCookie, nil},
	{"wait-lobby-arrival", 200, func(s *fakeService) { lobby(s); s.openings[0].Order = "arrival" }, "/wait", everyCookie, nil},
	{"wait-waiting", 200, nil, "/wait", everyCookie, nil},
	{"wait-waiting-auto", 200, nil, "/wait?auto=1", everyCookie, nil},
	{"wait-postponed", 200, func(s *fakeService) {
		lobby(s)
		s.place.OpensAt, s.place.Reason = s.place.OpensAt.Add(2*time.Hour), "접속 폭주로 시작을 22:00로 미룹니다."
		s.openings[0].Phase = api.PhasePostponed
	}, "/wait", everyCookie, nil},
	{"wait-exhausted", 200, func(s *fakeService) {
		s.place.State, s.openings[0].State, s.openings[0].Phase = api.PlaceClosed, api.OpeningClosed, api.PhaseExhausted
	}, "/wait", everyCookie, nil},
	{"wait-waiting-scarce", 200, func(s *fakeService) {
		s.place.StockOutlook, s.place.Ahead = "scarce", ptr(int64(321_000))
		s.place.WaitLowS, s.place.WaitHighS = ptr(int64(4_100)), ptr(int64(6_500))
	}, "/wait", everyCookie, nil},
	{"wait-waiting-gone-unknown", 200, func(s *fakeService) {
		s.place.StockOutlook, s.place.StockLeft = "gone", ptr(int64(0))
		s.place.Ahead, s.place.WaitLowS, s.place.WaitHighS = nil, nil, nil
	}, "/wait", everyCookie, nil},
	{"wait-turn", 200, state(api.PlaceTurn), "/wait", everyCookie, nil},
	{"wait-paused", 200, func(s *fakeService) {
		s.place.State, s.place.Reason = api.PlacePaused, `예약 시스템 점검 "20:45 재개"`
		s.place.WaitLowS, s.place.WaitHighS = nil, nil
	}, "/wait", everyCookie, nil},
	{"wait-closed", 200, state(api.PlaceClosed), "/wait", everyCookie, nil},
	{"landing-lean", 200, at(brownout.Lean, nil), "/", "", nil},
	{"landing-lean-ticket", 200, at(brownout.Lean, nil), "/", everyCookie, nil},
	{"wait-lean", 200, at(brownout.Lean, nil), "/wait", everyCookie, nil},
	{"wait-lean-lobby", 200, at(brownout.Lean, lobby), "/wait", everyCookie, nil},
	{"clinics-lean", 200, at(brownout.Lean, nil), "/clinics?region=서울", everyCookie, nil},
	{"draw-lean", 200, at(brownout.Lean, nil), "/draw", everyCookie, nil},
	{"wait-static", 200, at(brownout.Static, nil), "/wait", everyCookie, nil},
	{"wait-static-auto", 200, at(brownout.Static, nil), "/wait?auto=1", everyCookie, nil},
	{"wait-static-lobby", 200, at(brownout.Static, lobby), "/wait", everyCookie, nil},
	{"wait-static-postponed", 200, at(brownout.Static, func(s *fakeService) {
		lobby(s)
		s.place.OpensAt, s.place.Reason = s.place.OpensAt.Add(2*time.Hour), "접속 폭주로 시작을 22:00로 미룹니다."
		s.openings[0].Phase = api.PhasePostponed
	}), "/wait", everyCookie, nil},
	{"wait-static-paused", 200, at(brownout.Static, func(s *fakeService) {
		s.place.State, s.place.Reason = api.PlacePaused, `예약 시스템 점검 "20:45 재개"`
	}), "/wait", everyCookie, nil},
	{"wait-static-turn", 200, at(brownout.Essential, state(api.PlaceTurn)), "/wait", everyCookie, nil},
	{"wait-no-ticket", 401, nil, "/wait", "", nil},
	{"wait-busy", 503, refuse("Place", busy), "/wait", everyCookie, nil},
	{"draw", 200, nil, "/draw", everyCookie, nil},
	{"draw-later-round", 200, func(s *fakeService) {
		s.draw.Epoch, s.draw.Seal.Epoch, s.draw.Before, s.draw.Within = 754, 754, 2_100_345, 7
		s.draw.Seal.Count = 31
	}, "/draw", everyCookie, nil},
	{"draw-before", 200, undrawn(12 * time.Minute), "/draw", everyCookie, nil},
	{"draw-over", 200, undrawn(-time.Second), "/draw", everyCookie, nil},
	{"draw-broken", 200, func(s *fakeService) { s.draw.Holds = false }, "/draw", everyCookie, nil},
	{"draw-no-ticket", 200, nil, "/draw", "", nil},
	{"draw-lost-ticket", 200, refuse("Draw", &api.Problem{Status: 401, Code: "bad_ticket"}), "/draw", everyCookie, nil},
	{"draw-busy", 503, refuse("Draw", busy), "/draw", everyCookie, nil},
	{"enter-resting", 503, refuse("Enter", &api.Problem{Status: 503, Code: "backend_resting", RetryAfterS: 12}), "/enter", everyCookie, url.Values{}},
	{"clinics-start", 200, nil, "/clinics", everyCookie, nil},
	{"clinics-region", 200, nil, "/clinics?region=서울", everyCookie, nil},
	{"clinics-nothing", 200, nil, "/clinics?region=서울&q=없는곳", everyCookie, nil},
	{"clinics-many", 200, func(s *fakeService) {
		for range 5 {
			s.clinics = append(s.clinics, s.clinics...)
		}
	}, "/clinics?region=서울&q=강남구&page=2", everyCookie, nil},
	{"clinics-no-pass", 401, nil, "/clinics", "", nil},
	{"clinics-pass-over", 401, refuse("Clinics", noPass), "/clinics?region=서울", everyCookie, nil},
	{"clinic-days", 200, nil, "/clinics/c0002", everyCookie, nil},
	{"clinic-times", 200, nil, "/clinics/c0002?day=2021-07-26", everyCookie, nil},
	{"clinic-day-full", 200, func(s *fakeService) { s.slots.Days, s.slots.Slots = s.slots.Days[1:], s.slots.Slots[:1] }, "/clinics/c0002?day=2021-07-26", everyCookie, nil},
	{"clinic-full", 200, func(s *fakeService) { s.slots.Days, s.slots.Slots = nil, nil }, "/clinics/c0002", everyCookie, nil},
	{"book", 200, nil, "/book?slot=c0002-0726-1000&clinic=c0002&day=2021-07-26", everyCookie, nil},
	{"book-not-held", 200, func(s *fakeService) { s.held = nil }, "/book?slot=c0002-0726-1000&clinic=c0002&day=2021-07-26", everyCookie, nil},
	{"book-held-again", 200, func(s *fakeService) { s.held = nil }, "/book", everyCookie, with(bookValues(), "do", "hold")},
	{"book-no-proxy", 200, func(s *fakeService) { s.openings[0].Proxy = false }, "/book?slot=c0002-0726-1000&clinic=c0002&day=2021-07-26", everyCookie, nil},
	{"hold-no-time", 422, nil, "/hold", everyCookie, without(holdValues(), "slot")},
	{"hold-no-day", 400, nil, "/hold", everyCookie, without(holdValues(), "day")},
	{"hold-full", 409, refuse("Hold", slotFull), "/hold", everyCookie, holdValues()},
	{"hold-stock-held", 409, refuse("Hold", &api.Problem{Status: 409, Code: "stock_held", RetryAfterS: 20, Detail: "남은 백신을 다른 분들이 예약하는 중입니다.", DetailEn: "Others are about to book what is left."}), "/hold", everyCookie, holdValues()},
	{"book-slot-taken", 409, func(s *fakeService) { s.held = nil }, "/book?slot=c0002-0726-0900&clinic=c0002&day=2021-07-26", everyCookie, nil},
	{"book-errors", 422, nil, "/book", everyCookie, with(with(without(bookValues(), "rrn1", "rrn2"), "phone", "12"), "proxy", "yes")},
	{"book-slot-full", 409, refuse("Book", slotFull), "/book", everyCookie, bookValues()},
	{"book-mismatch", 403, refuse("Book", &api.Problem{Status: 403, Code: "identity_mismatch"}), "/book", everyCookie, bookValues()},
	{"book-busy", 503, refuse("Book", busy), "/book", everyCookie, bookValues()},
	{"book-already", 409, refuse("Book", &api.Problem{Status: 409, Code: "already_booked"}), "/book", everyCookie, bookValues()},
	{"book-stock-gone", 410, refuse("Book", &api.Problem{Status: 410, Code: "stock_gone"}), "/book", everyCookie, bookValues()},
	{"done", 200, nil, "/done?no=2107-4821-0937", everyCookie, nil},
	{"lookup", 200, nil, "/lookup", "", nil},
	{"lookup-empty", 422, nil, "/lookup", "", url.Values{"no": {""}}},
	{"lookup-unknown", 404, refuse("Lookup", &api.Problem{
		Status: 404, Code: "no_such_booking", Detail: "입력하신 정보와 맞는 예약이 없습니다. 성명, 등록번호, 예약번호를 확인해 주세요.",
		DetailEn: "No booking matches these details. Please check name, number and booking number.",
	}), "/lookup", "", lookupValues()},
	{"lookup-busy", 503, refuse("Lookup", busy), "/lookup", "", lookupValues()},
	{"lookup-expired", 200, refuse("Booking", &api.Problem{Status: 401, Code: "bad_proof"}), "/lookup", everyCookie, nil},
	{"booking", 200, nil, "/lookup", everyCookie, nil},
	{"booking-late", 200, func(s *fakeService) { s.now = s.booking.ChangeBy }, "/lookup", everyCookie, nil},
	{"booking-cancelled", 200, func(s *fakeService) { s.booking.State = "cancelled" }, "/lookup", everyCookie, nil},
	{"booking-second-only", 200, func(s *fakeService) { s.booking.Dose, s.booking.Second = 2, nil }, "/lookup", everyCookie, nil},
	{"booking-changed", 200, nil, "/lookup?changed=1", everyCookie, nil},
	{"change", 200, nil, "/change", everyCookie, nil},
	{"change-second", 200, nil, "/change?dose=2", everyCookie, nil},
	{"change-where", 200, nil, "/change?region=", everyCookie, nil},
	{"change-clinics", 200, nil, "/change?dose=2&region=서울&district=강남구", everyCookie, nil},
	{"change-sure", 200, nil, "/change", everyCookie, changeValues()},
	{"change-slot-full", 409, refuse("Change", slotFull), "/change", everyCookie, with(changeValues(), "sure", "yes")},
	{"cancel-unsure", 422, nil, "/cancel", everyCookie, url.Values{"no": {"2107-4821-0937"}}},
	{"leftover", 200, nil, "/leftover", "", nil},
	{"leftover-region", 200, nil, "/leftover?region=" + url.QueryEscape("서울"), "", nil},
	{"leftover-none", 200, func(s *fakeService) { s.leftovers = nil }, "/leftover?region=" + url.QueryEscape("서울"), "", nil},
	{"leftover-empty", 422, nil, "/leftover", "", url.Values{"name": {""}}},
	{"leftover-refused", 403, refuse("Wish", &api.Problem{Status: 403, Code: "not_eligible"}), "/leftover", "", with(with(lookupValues(), "region", "서울"), "phone", "010-0000-0001")},
	{"wished", 200, nil, "/leftover", "", with(with(lookupValues(), "region", "서울"), "phone", "010-0000-0001")},
	{"unwished", 200, nil, "/leftover/end", "", url.Values{"code": {"abcdefgh"}}},
	{"offer", 200, nil, "/leftover/abcdefgh", "", nil},
	{"offer-empty", 422, nil, "/leftover/abcdefgh", "", url.Values{"key": {"key-00000001"}}},
	{"offer-gone", 200, func(s *fakeService) { s.offer.State = "gone" }, "/leftover/abcdefgh", "", nil},
	{"offer-over", 200, func(s *fakeService) { s.offer.State = "over" }, "/leftover/abcdefgh", "", nil},
	{"offer-taken", 200, func(s *fakeService) { s.offer.State = "taken" }, "/leftover/abcdefgh", "", nil},
	{"offer-faster", 410, refuse("Take", &api.Problem{Status: 410, Code: "offer_gone"}), "/leftover/abcdefgh", "", with(with(lookupValues(), "key", "key-00000001"), "phone", "010-0000-0001")},
	{"left", 200, nil, "/leave", everyCookie, url.Values{}},
	identityViews[0], identityViews[1], identityViews[2], identityViews[3], identityViews[4], identityViews[5], identityViews[6], identityViews[7],
	{"not-found", 404, nil, "/admin", "", nil},
}

var (
	assetHash = regexp.MustCompile(`(/static/[a-z]+)\.[0-9a-f]{12}\.`)
	formKey   = regexp.MustCompile(`name="key" value="[A-Z2-7]{26}"`)
)

// steady takes out what differs from run to run.
func steady(body string) string {
	body = assetHash.ReplaceAllString(body, "$1.HASH.")
	return formKey.ReplaceAllString(body, `name="key" value="KEY"`)
}

func TestGolden(t *testing.T) {
	for _, v := range views {
		for _, lang := range []string{Korean, English} {
			t.Run(v.name+"."+lang, func(t *testing.T) {
				w := v.open(t, lang)
				if w.Code != v.status {
					t.Errorf("status %d, want %d", w.Code, v.status)
				}
				compare(t, filepath.Join("testdata", "golden", v.name+"."+lang+".html"), steady(w.Body.String()))
			})
		}
	}
}

func compare(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it, then run with -update. Got:\n%s", file, got)
	}
}
