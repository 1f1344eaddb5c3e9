//go:build browser

package pages

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/brownout"
)

// waitingSite is a site whose visitor holds a ticket and whose API answers for the same fake as its pages.
func waitingSite(t *testing.T, s *fakeService) *httptest.Server {
	p, err := New(s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	pages := table(p)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Cookie", everyCookie+"; "+r.Header.Get("Cookie"))
		if r.URL.Path != "/v1/queue/place" {
			pages.ServeHTTP(w, r)
			return
		}
		place, err := s.Place(r.Context(), "")
		if err != nil {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		_ = json.NewEncoder(w).Encode(place)
	}))
	t.Cleanup(server.Close)
	return server
}

// seen is the live part of the page as it stands, and as the server would render it afresh.
const seen = `(async () => {
	const words = e => { e = e.cloneNode(true); e.querySelectorAll('noscript').forEach(n => n.remove()); return e.textContent.replace(/\s+/g, ' ').trim(); };
	const fresh = new DOMParser().parseFromString(await (await fetch('/wait')).text(), 'text/html');
	return [words(document.getElementById('live')), words(fresh.getElementById('live'))];
})()`

// TestScriptSaysWhatTheServerSays drives the script through many places and compares its words with the server's.
func TestScriptSaysWhatTheServerSays(t *testing.T) {
	s := newFake()
	s.place.NextPollS = 1
	server, ctx := waitingSite(t, s), chrome(t)
	for _, lang := range []string{Korean, English} {
		must(t, ctx, chromedp.Navigate(server.URL+"/wait?lang="+lang))
		must(t, ctx, chromedp.Evaluate[int](`window.here = 1`))
		for i, wait := range [][2]int64{{0, 50}, {190, 300}, {1_300, 1_900}, {4_100, 6_500}, {100, 7_000}, {180, 180}, {40_000, 90_000}} {
			s.set(func() {
				s.place.Ahead, s.place.StockLeft = ptr(int64(1_234*i)), ptr(int64(99_999+i))
				s.place.WaitLowS, s.place.WaitHighS = &wait[0], &wait[1]
				s.place.ServerTime = s.place.ServerTime.Add(time.Second)
			})
			agree(t, ctx, clockSeconds(s.place.ServerTime))
		}
		s.set(func() {
			s.place.Ahead, s.place.WaitLowS, s.place.StockLeft = nil, nil, nil
			s.place.ServerTime = fakeNow
		})
		agree(t, ctx, clockSeconds(fakeNow))
		if must(t, ctx, chromedp.Evaluate[int](`window.here || 0`)) != 1 {
			t.Fatal("the page was loaded anew")
		}
	}
}

func agree(t *testing.T, ctx context.Context, clock string) {
	t.Helper()
	waitFor(t, ctx, `document.getElementById('clock').textContent === '`+clock+`'`)
	both := must(t, ctx, chromedp.Evaluate[[]string](seen, chromedp.EvalAwaitPromise))
	if both[0] != both[1] {
		t.Errorf("the script says\n%s\nthe server says\n%s", both[0], both[1])
	}
}

// TestScriptKeepsThePlaceOnThePage lets the turn come while somebody reads: nothing jumps, the news is announced.
func TestScriptKeepsThePlaceOnThePage(t *testing.T) {
	s := newFake()
	s.place.NextPollS = 1
	server, ctx := waitingSite(t, s), chrome(t)
	must(t, ctx, chromedp.EmulateViewport(360, 640))
	must(t, ctx, chromedp.Navigate(server.URL+"/wait?lang=ko"))
	must(t, ctx, chromedp.Evaluate[float64](`window.here = 1; document.getElementById('again').focus(); scrollTo(0, 200); scrollY`))
	s.set(func() { s.place.State = api.PlaceTurn })
	waitFor(t, ctx, `!!document.getElementById('enter')`)
	if said := must(t, ctx, chromedp.Text("#say")); said != text(Korean, "wait.title.turn") {
		t.Errorf("announced %q", said)
	}
	if at := must(t, ctx, chromedp.Evaluate[string](`document.activeElement.id`)); at != "again" {
		t.Errorf("the focus went to %q", at)
	}
	if y := must(t, ctx, chromedp.Evaluate[float64](`scrollY`)); y == 0 {
		t.Error("thrown back to the top")
	}
	s.set(func() { s.refuse["Place"] = busy })
	waitFor(t, ctx, `!document.getElementById('trouble').hidden`)
	s.set(func() { delete(s.refuse, "Place") })
	waitFor(t, ctx, `document.getElementById('trouble').hidden`)
	must(t, ctx, chromedp.Click(chromedp.CSS("#enter")))
	waitFor(t, ctx, `location.pathname === '/clinics'`)
}

// TestScriptOnThePreparedPage has one look at the page that is everybody's: nothing of one person comes into it, it is not
// asked for again with every answer, and the turn comes to it.
func TestScriptOnThePreparedPage(t *testing.T) {
	s := newFake()
	s.place.NextPollS, s.place.StockOutlook, s.step = 1, "scarce", brownout.Static
	server, ctx := waitingSite(t, s), chrome(t)
	must(t, ctx, chromedp.Navigate(server.URL+"/wait?lang=ko"))
	asked := func() (pages int) {
		return must(t, ctx, chromedp.Evaluate[int](`performance.getEntriesByType('resource').filter(e => e.name.endsWith('/wait')).length`))
	}
	must(t, ctx, chromedp.Evaluate[int](`window.here = 1; document.getElementById('live').dataset.poll = 1; document.getElementById('again').click(), 1`))
	later := fakeNow.Add(time.Minute)
	s.set(func() { s.place.ServerTime = later })
	must(t, ctx, chromedp.Sleep(2*time.Second)) // it does not ask twice within two seconds of a click
	must(t, ctx, chromedp.Evaluate[int](`document.getElementById('again').click(), 1`))
	waitFor(t, ctx, `document.getElementById('clock').textContent === '`+clockSeconds(later)+`'`)
	if n := asked(); n != 0 {
		t.Errorf("the whole page was asked for %d times", n)
	}
	s.set(func() { s.place.State = api.PlaceTurn })
	waitFor(t, ctx, `!!document.getElementById('enter')`)
	if must(t, ctx, chromedp.Evaluate[int](`window.here || 0`)) != 1 {
		t.Error("the page was loaded anew")
	}
}
