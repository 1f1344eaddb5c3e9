//go:build browser

package pages

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// chrome starts a browser of its own profile for one test.
func chrome(t *testing.T, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)
	if path := os.Getenv("DAEMUN_CHROME"); path != "" {
		opts = append(opts, chromedp.ExecPath(path))
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), append(opts, more...)...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		t.Fatalf("starting the browser: %v", err)
	}
	limited, cancelTime := context.WithTimeout(ctx, 4*time.Minute)
	t.Cleanup(cancelTime)
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

// gallery serves every view of the golden tests at /view/NAME.LANG, with the real style sheet and logo.
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
				_, _ = w.Write([]byte(strings.ReplaceAll(answer.Body.String(), `http-equiv="refresh"`, `name="refresh"`)))
			})
		}
	}
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server
}

// TestEveryPageFits looks at every page at the width of a small phone and of a desk: nothing may stick out sideways, and
// everything to press must be large enough for a finger. Pictures go to $DAEMUN_SHOTS when that is set.
func TestEveryPageFits(t *testing.T) {
	server, ctx := gallery(t), chrome(t)
	shots := os.Getenv("DAEMUN_SHOTS")
	for _, width := range []int64{360, 1280} {
		for _, v := range views {
			for _, lang := range []string{Korean, English} {
				name := v.name + "." + lang
				must(t, ctx, chromedp.EmulateViewport(width, 800))
				must(t, ctx, chromedp.Navigate(server.URL+"/view/"+name))
				if must(t, ctx, chromedp.Evaluate[bool](`document.documentElement.scrollWidth > innerWidth`)) {
					t.Errorf("%s at %d px scrolls sideways", name, width)
				}
				if small := must(t, ctx, chromedp.Evaluate[[]string](smallTargets)); len(small) > 0 {
					t.Errorf("%s at %d px: too small to press: %q", name, width, small)
				}
				if shots != "" {
					file := fmt.Sprintf("%s.%d.jpg", name, width)
					save(t, filepath.Join(shots, file), must(t, ctx, chromedp.FullScreenshot(85)))
				}
			}
		}
	}
}

// smallTargets lists what can be pressed and is lower than 24 CSS pixels, links inside a sentence excepted (KWCAG 2.2).
const smallTargets = `[...document.querySelectorAll('a,button,input:not([type=hidden]),select,summary')]
	.filter(e => e.offsetParent && !e.classList.contains('skip') && e.getBoundingClientRect().height < 24 && !(e.tagName === 'A' && e.closest('p,li')))
	.map(e => e.outerHTML.slice(0, 120))`

func save(t *testing.T, file string, picture []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		t.Fatal(err)
	}
}
