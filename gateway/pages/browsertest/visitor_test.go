//go:build browser

package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/daemun/daemun/gateway/pages/tab"
)

// visitor is one person at a tab with cookies of its own.
type visitor struct {
	*tab.Tab
	t      *testing.T
	mode   string
	script bool
	shots  int
	who    citizen
}

func newVisitor(t *testing.T, mode string, script bool) *visitor {
	t.Helper()
	return newVisitorAt(t, at, mode, script, pick(t, booking))
}

func newVisitorAt(t *testing.T, site running, mode string, script bool, who citizen) *visitor {
	t.Helper()
	v := &visitor{Tab: tab.Open(t, browser, site.base), t: t, mode: mode, script: script, who: who}
	v.Size(360, 800)
	v.Script(script)
	return v
}

func (v *visitor) words(css string) string {
	v.t.Helper()
	return tab.Eval[string](v.Tab, `(document.querySelector(`+quote(css)+`)||{textContent:''}).textContent.trim()`)
}

// until waits for an expression to become true, and makes sure that no address shows the number.
func (v *visitor) until(what, expression string) {
	v.t.Helper()
	v.Until(v.mode+": "+what, expression)
	if at := v.Path(); strings.Contains(at, v.who.front()) || strings.Contains(at, v.who.back()) {
		v.t.Fatalf("%s: the address shows the number", v.mode)
	}
}

func (v *visitor) arrives(path string) {
	v.t.Helper()
	v.until(path, `location.pathname === `+quote(path)+` && document.readyState === 'complete'`)
}

func (v *visitor) types(id, text string) {
	v.t.Helper()
	tab.Eval[bool](v.Tab, `(e => { e.value = ''; return true })(document.getElementById(`+quote(id)+`))`)
	v.Do(chromedp.SendKeys(chromedp.CSS("#"+id), text))
}

func (v *visitor) typesNumber() {
	v.t.Helper()
	v.types("rrn1", v.who.front())
	v.types("rrn2", v.who.back())
}

func (v *visitor) clicks(css string) {
	v.t.Helper()
	v.Do(chromedp.Click(chromedp.CSS(css)))
}

// turn waits until the visitor is called.
func (v *visitor) turn() {
	v.t.Helper()
	for deadline := time.Now().Add(2 * time.Minute); !v.Is(`!!document.getElementById('enter')`); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			v.t.Fatalf("%s: the turn never came; at %s: %q", v.mode, v.Path(), v.words("main"))
		}
	}
}

// picture keeps what the visitor sees, when somebody wants to look.
func (v *visitor) picture(step string) {
	dir := os.Getenv("DAEMUN_SHOTS")
	if dir == "" {
		return
	}
	v.shots++
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%02d-%s.png", v.mode, v.shots, step)), v.Picture(), 0o644)
	}
	if err != nil {
		v.t.Errorf("picture of %s: %v", step, err)
	}
}
