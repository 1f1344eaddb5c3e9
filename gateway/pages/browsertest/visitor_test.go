//go:build browser

package browsertest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// visitor is one person at one browser with a profile of its own.
type visitor struct {
	t      *testing.T
	ctx    context.Context
	base   string
	mode   string
	script bool
	shots  int
	who    citizen
}

func newVisitor(t *testing.T, mode string, script bool, who citizen) *visitor {
	t.Helper()
	base := strings.TrimSuffix(need(t, "DAEMUN_URL"), "/")
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
	)
	if path := os.Getenv("DAEMUN_CHROME"); path != "" {
		opts = append(opts, chromedp.ExecPath(path))
	}
	alloc, stop := chromedp.NewExecAllocator(context.Background(), opts...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(alloc)
	t.Cleanup(cancel)
	v := &visitor{t: t, ctx: ctx, base: base, mode: mode, script: script, who: who}
	v.do(chromedp.EmulateViewport(360, 800))
	if !script {
		v.do(chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
			_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
			return err
		}))
	}
	return v
}

func (v *visitor) do(a chromedp.Action[chromedp.Void]) {
	v.t.Helper()
	if _, err := chromedp.Run(v.ctx, a); err != nil {
		v.t.Fatalf("%s, at %s: %v", v.mode, v.path(), err)
	}
}

func (v *visitor) open(path string) {
	v.t.Helper()
	v.do(chromedp.Navigate(v.base + path))
}

// is asks something of the page; no while a page is being changed for another.
func (v *visitor) is(expression string) bool {
	ok, err := chromedp.Run(v.ctx, chromedp.Evaluate[bool](expression))
	return err == nil && ok
}

func (v *visitor) words(css string) string {
	words, err := chromedp.Run(v.ctx, chromedp.Evaluate[string](`(document.querySelector(`+quote(css)+`)||{textContent:''}).textContent.trim()`))
	if err != nil {
		return ""
	}
	return words
}

func (v *visitor) path() string {
	at, err := chromedp.Run(v.ctx, chromedp.Location())
	if err != nil {
		return "?"
	}
	return strings.TrimPrefix(at, v.base)
}

// until waits for an expression to become true, and while waiting makes sure that no address shows the number.
func (v *visitor) until(limit time.Duration, what, expression string) {
	v.t.Helper()
	for deadline := time.Now().Add(limit); !v.is(expression); {
		if time.Now().After(deadline) {
			v.picture("stuck")
			v.t.Fatalf("%s: %s never came; at %s: %q", v.mode, what, v.path(), v.words("main"))
		}
		v.do(chromedp.Sleep(100 * time.Millisecond))
	}
	at := v.path()
	if strings.Contains(at, v.who.rrn[:6]) || strings.Contains(at, v.who.rrn[len(v.who.rrn)-7:]) {
		v.t.Fatalf("%s: the address shows the number", v.mode)
	}
}

func (v *visitor) arrives(path string) {
	v.t.Helper()
	v.until(30*time.Second, path, `location.pathname === `+quote(path)+` && document.readyState === 'complete'`)
}

func (v *visitor) types(id, text string) {
	v.t.Helper()
	v.is(`(e => { e.value = ""; return true })(document.getElementById(` + quote(id) + `))`)
	v.do(chromedp.SendKeys(chromedp.CSS("#"+id), text))
}

func (v *visitor) typesNumber() {
	v.t.Helper()
	digits := strings.ReplaceAll(v.who.rrn, "-", "")
	v.types("rrn1", digits[:6])
	v.types("rrn2", digits[6:])
}

func (v *visitor) clicks(css string) {
	v.t.Helper()
	v.do(chromedp.Click(chromedp.CSS(css)))
}

// picture keeps what the visitor sees, when somebody wants to look.
func (v *visitor) picture(step string) {
	dir := os.Getenv("DAEMUN_SHOTS")
	if dir == "" {
		return
	}
	v.shots++
	picture, err := chromedp.Run(v.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%02d-%s.png", v.mode, v.shots, step)), picture, 0o644)
	}
	if err != nil {
		v.t.Errorf("picture of %s: %v", step, err)
	}
}

// quote writes a JavaScript string.
func quote(s string) string {
	b, _ := json.Marshal(s) // a string always has a form
	return string(b)
}
