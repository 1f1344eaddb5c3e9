//go:build browser

package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/daemun/daemun/gateway/pages/tab"
)

// chrome starts a browser of its own profile for one test.
func chrome(t *testing.T) context.Context {
	t.Helper()
	limited, cancel := context.WithTimeout(tab.Browser(t), 4*time.Minute)
	t.Cleanup(cancel)
	return limited
}

func must[T any](t *testing.T, ctx context.Context, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// waitFor waits until an expression is true in the page.
func waitFor(t *testing.T, ctx context.Context, expression string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if err == nil && ok {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never came: %s (%v)", expression, err)
		}
		must(t, ctx, chromedp.Sleep(50*time.Millisecond))
	}
}

// gallery serves every view of the golden tests at /view/NAME.LANG, with the real style sheets and logo. Pages that come
// without the font get it here, and no page runs its script: a picture must look the same on every machine and at any time.
func gallery(t *testing.T) *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /static/{name}", serveStatic)
	for _, v := range views {
		for _, lang := range []string{Korean, English} {
			mux.HandleFunc("GET /view/"+v.name+"."+lang, func(w http.ResponseWriter, _ *http.Request) {
				answer := v.open(t, lang)
				for _, name := range []string{"Content-Type", "Content-Security-Policy"} {
					w.Header().Set(name, answer.Header().Get(name))
				}
				body := strings.ReplaceAll(answer.Body.String(), `http-equiv="refresh"`, `name="refresh"`) // to a provider's page: stay here
				_, _ = w.Write([]byte(withFont(body)))
			})
		}
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

func withFont(body string) string {
	if strings.Contains(body, assets["font.css"].url) {
		return body
	}
	return strings.Replace(body, "</head>", `<link rel="stylesheet" href="`+assets["font.css"].url+`"></head>`, 1)
}

// pictured are the views whose pictures are kept: what a person sees on their way, and what may go wrong.
var pictured = []string{
	"landing-open", "landing-several", "apply", "apply-empty", "refused-later", "wait-lobby", "wait-waiting", "wait-turn", "wait-paused",
	"wait-postponed", "wait-exhausted", "wait-busy", "clinics-region", "clinic-times", "book", "book-errors", "done", "lookup", "booking",
	"change", "change-sure", "booking-cancelled", "draw", "leftover-region", "not-found",
}

// picturedWide are those of them that are kept at the width of a desk too, and in English.
var picturedWide = []string{"landing-open", "wait-waiting", "clinics-region", "book", "done"}

// TestEveryView looks at every view in both languages: nothing may stick out sideways at the width of a small phone, of a
// desk, and of a page enlarged four times; everything to press must be large enough for a finger; axe-core must find nothing;
// nothing may be asked of another host; and what is kept as a picture must look like it.
func TestEveryView(t *testing.T) {
	server, browser := gallery(t), chrome(t)
	for _, lang := range []string{Korean, English} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			b := tab.Open(t, browser, server.URL)
			b.Script(false)
			for _, v := range views {
				lookAt(t, b, v.name, lang)
			}
		})
	}
}

func lookAt(t *testing.T, b *tab.Tab, name, lang string) {
	full := name + "." + lang
	b.Size(360, 800)
	b.Open("/view/" + full)
	for _, width := range []int64{360, 1280, 320} {
		b.Size(width, 800)
		if b.Sideways() {
			t.Errorf("%s at %d px scrolls sideways", full, width)
		}
		if small := b.Small(); len(small) > 0 {
			t.Errorf("%s at %d px: too small to press: %q", full, width, small)
		}
		wide := width == 1280 && slices.Contains(picturedWide, name)
		if lang == Korean && width == 360 && slices.Contains(pictured, name) || wide {
			picture(t, b, fmt.Sprintf("%s.%d.png", full, width))
		}
	}
	b.Size(360, 800)
	for _, found := range b.Axe() {
		t.Errorf("%s: %s", full, found)
	}
	if foreign := b.Foreign(); len(foreign) > 0 {
		t.Errorf("%s loads %q", full, foreign)
	}
	if said := b.Complaints(); len(said) > 0 {
		t.Errorf("%s: the browser says %q", full, said)
	}
}

func picture(t *testing.T, b *tab.Tab, name string) {
	t.Helper()
	tab.Eval[bool](b, `document.fonts.ready.then(() => true)`)
	tab.Golden(t, filepath.Join("testdata", "golden", name), filepath.Join("..", "..", "build", "golden"), b.Picture(), *update)
}
