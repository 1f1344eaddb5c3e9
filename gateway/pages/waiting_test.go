package pages

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"regexp"
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

// budget is what a first visit to the waiting page may load in all, in bytes: as it travels, and unpacked.
const budget = 15 << 10

// TestWaitingIsLight counts everything that a first visit to the waiting page, or to a page that says that the server is
// busy, loads: what its markup names, and nothing else, because nothing of it names more.
func TestWaitingIsLight(t *testing.T) {
	for _, v := range views {
		if !strings.HasPrefix(v.name, "wait-") {
			continue
		}
		for _, lang := range []string{Korean, English} {
			body := v.open(t, lang).Body.String()
			travels, unpacked := len(body), len(body)
			for _, m := range loaded.FindAllStringSubmatch(body, -1) {
				a := assetsByID[m[1]]
				if a == nil {
					t.Fatalf("%s loads %s, which is not there", v.name, m[1])
				}
				unpacked += len(a.body)
				travels += len(cmp.Or(string(a.zipped), string(a.body)))
				if strings.Contains(string(a.body), "url(") || strings.Contains(string(a.body), "@import") {
					t.Errorf("%s loads more", m[1])
				}
			}
			t.Logf("%s.%s: %d bytes as it travels, %d unpacked", v.name, lang, travels, unpacked)
			if travels > budget || unpacked > budget {
				t.Errorf("%s.%s: %d bytes as it travels, %d unpacked; the budget is %d", v.name, lang, travels, unpacked, budget)
			}
		}
	}
}

var loaded = regexp.MustCompile(`(?:<link [^>]*href|<script [^>]*src|<img [^>]*src)="/static/([^"]+)"`)

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
