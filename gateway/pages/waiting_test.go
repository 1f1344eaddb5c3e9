package pages

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/daemun/daemun/gateway/api"
)

func waitingFixture() (api.Place, Waiting) {
	s := newFake()
	return s.place, Waiting{Opening: &s.openings[0], Notices: s.notices}
}

func TestWaitingAllocatesNothing(t *testing.T) {
	place, around := waitingFixture()
	buf := make([]byte, 0, 16<<10)
	for _, state := range []string{api.PlaceLobby, api.PlaceWaiting, api.PlaceTurn, api.PlacePaused, api.PlaceClosed} {
		place.State = state
		if n := testing.AllocsPerRun(100, func() { buf = AppendWaiting(buf[:0], Korean, place, around) }); n != 0 {
			t.Errorf("%s: %v allocations", state, n)
		}
	}
}

// TestWaitingIsLight counts everything that a first visit to the waiting page loads, as it travels.
func TestWaitingIsLight(t *testing.T) {
	place, around := waitingFixture()
	for _, lang := range []string{Korean, English} {
		total := len(AppendWaiting(nil, lang, place, around))
		for _, a := range assets {
			total += len(a.zipped)
		}
		if total > 15<<10 {
			t.Errorf("%s: %d bytes", lang, total)
		}
	}
}

func TestWaitingInAnUnknownStateIsStillAPage(t *testing.T) {
	place, around := waitingFixture()
	place.State = "dancing"
	if body := string(AppendWaiting(nil, "xx", place, around)); !strings.Contains(body, "</html>") {
		t.Error(body)
	}
}

func TestPollingStaysWithinThePromise(t *testing.T) {
	for asked, want := range map[int]int64{-3: 1, 0: 1, 8: 8, 900: 30} {
		if got := pollSeconds(&api.Place{NextPollS: asked}); got != want {
			t.Errorf("%d: %d", asked, got)
		}
	}
}

func BenchmarkAppendWaiting(b *testing.B) {
	place, around := waitingFixture()
	buf := make([]byte, 0, 16<<10)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendWaiting(buf[:0], Korean, place, around)
	}
	b.SetBytes(int64(len(buf)))
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func benchmarkGet(b *testing.B, path string) {
	h := site(b, quiet{newFake()})
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("Cookie", everyCookie)
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(discard{http.Header{}}, r)
	}
}

func BenchmarkServeWait(b *testing.B)    { benchmarkGet(b, "/wait") }
func BenchmarkServeLanding(b *testing.B) { benchmarkGet(b, "/") }
func BenchmarkServeNowhere(b *testing.B) { benchmarkGet(b, "/nowhere") }
