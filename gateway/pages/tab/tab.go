//go:build browser

package tab

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// Browser starts a browser with a profile of its own; it ends with the test.
func Browser(t testing.TB) context.Context {
	t.Helper()
	ctx, stop, err := Start(t.TempDir())
	if err != nil {
		t.Fatalf("starting the browser: %v", err)
	}
	t.Cleanup(stop)
	return ctx
}

// Start starts a browser with its profile in a folder, for all tests of a package. It draws alike on every machine.
func Start(profile string) (ctx context.Context, stop func(), err error) {
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(profile),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("font-render-hinting", "none"), chromedp.Flag("hide-scrollbars", true), chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("disable-lcd-text", true),
	)
	if path := os.Getenv("DAEMUN_CHROME"); path != "" {
		opts = append(opts, chromedp.ExecPath(path))
	}
	alloc, stopAll := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, cancel := chromedp.NewContext(alloc)
	stop = func() { cancel(); stopAll() }
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		stop()
		return nil, nil, err
	}
	return ctx, stop, nil
}

// Tab is one tab with cookies of its own. It is used by one goroutine.
type Tab struct {
	t    testing.TB
	ctx  context.Context
	base string

	scriptless bool

	mu     sync.Mutex
	loaded []string // addresses asked for since the last Open
	said   []string // what the browser complained of since the last Open, content policy above all
}

// Open opens a tab of a browser on a site, "http://host:port".
func Open(t testing.TB, browser context.Context, base string) *Tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &Tab{t: t, ctx: ctx, base: base}
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil { // the tab lives as long as the context of this call
		t.Fatal(err)
	}
	if err := chromedp.Listen(ctx, b.hear); err != nil {
		t.Fatal(err)
	}
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	return b
}

func (b *Tab) hear(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		b.loaded = append(b.loaded, ev.Request.URL)
	case *log.EventEntryAdded:
		if ev.Entry.Level == "error" && ev.Entry.Source != "network" {
			b.said = append(b.said, ev.Entry.Text)
		}
	}
}

func call[P, R any](b *Tab, c cdp.Command[P, R], params P) {
	b.t.Helper()
	b.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, c, params)
		return err
	}))
}

// Do does something in the tab, or ends the test.
func (b *Tab) Do(a chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	if _, err := chromedp.Run(ctx, a); err != nil {
		b.t.Fatalf("at %s: %v", b.Path(), err)
	}
}

// Eval asks something of the page, promises included.
func Eval[T any](b *Tab, expression string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("at %s: %v in %.200s", b.Path(), err, expression)
	}
	return v
}

// Is asks the page; no while a page is being changed for another.
func (b *Tab) Is(expression string) bool {
	ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](expression))
	return err == nil && ok
}

// Until waits for an expression to become true.
func (b *Tab) Until(what, expression string) {
	b.t.Helper()
	for deadline := time.Now().Add(time.Minute); !b.Is(expression); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			b.t.Fatalf("%s never came; at %s: %s", what, b.Path(), Eval[string](b, `document.body.innerText`))
		}
	}
}

// Path is the address of the page without the site.
func (b *Tab) Path() string {
	at, err := chromedp.Run(b.ctx, chromedp.Location())
	if err != nil {
		return "?"
	}
	return strings.TrimPrefix(at, b.base)
}

// Open goes to a path of the site.
func (b *Tab) Open(path string) {
	b.t.Helper()
	b.Forget()
	b.Do(chromedp.Navigate(b.base + path))
}

// Forget begins the record of what is loaded and complained of anew.
func (b *Tab) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.loaded, b.said = nil, nil
}

// Loaded are the addresses asked for since then, and Complaints what the browser did not like.
func (b *Tab) Loaded() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.loaded...)
}

func (b *Tab) Complaints() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.said...)
}

// Foreign are the addresses loaded that are not the site's.
func (b *Tab) Foreign() (out []string) {
	for _, url := range b.Loaded() {
		if !strings.HasPrefix(url, b.base+"/") && url != "about:blank" {
			out = append(out, url)
		}
	}
	return out
}

// Script switches the pages' own scripts on or off, for pages opened from now on.
func (b *Tab) Script(on bool) {
	b.t.Helper()
	b.scriptless = !on
	b.execute(on)
}

func (b *Tab) execute(on bool) {
	b.t.Helper()
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: !on})
}

// Size sets the width and height of the viewport, in CSS pixels.
func (b *Tab) Size(width, height int64) {
	b.t.Helper()
	b.Do(chromedp.EmulateViewport(width, height))
}

// Media emulates a preference, such as prefers-reduced-motion: reduce.
func (b *Tab) Media(name, value string) {
	b.t.Helper()
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: name, Value: value}}})
}

// Cookies replaces all cookies by those of a Cookie header.
func (b *Tab) Cookies(header string) {
	b.t.Helper()
	call(b, network.ClearBrowserCookies, cdp.Empty{})
	var all []*network.CookieParam
	for _, pair := range strings.Split(header, "; ") {
		if name, value, ok := strings.Cut(pair, "="); ok {
			all = append(all, &network.CookieParam{Name: name, Value: value, URL: b.base, HTTPOnly: true})
		}
	}
	if len(all) > 0 {
		call(b, network.SetCookies, network.SetCookiesParams{Cookies: all})
	}
}

// Picture is the whole page as PNG.
func (b *Tab) Picture() []byte {
	b.t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		b.t.Fatal(err)
	}
	return picture
}

// Back goes back by the browser's button, and does not wait: a page that the browser kept as it was loads nothing one could
// wait for. The browser is asked, not the page, which may be gone before it can answer.
func (b *Tab) Back() {
	b.t.Helper()
	b.Do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		history, err := cdp.Call(ctx, target, page.GetNavigationHistory, cdp.Empty{})
		if err != nil {
			return err
		}
		if history.CurrentIndex < 1 {
			return errors.New("there is no page to go back to")
		}
		before := history.Entries[history.CurrentIndex-1].ID
		_, err = cdp.Call(ctx, target, page.NavigateToHistoryEntry, page.NavigateToHistoryEntryParams{EntryID: before})
		return err
	}))
}

// Press presses keys as somebody at a keyboard would, in whatever has the focus.
func (b *Tab) Press(keys string) {
	b.t.Helper()
	b.Do(chromedp.KeyEvent(keys))
}
