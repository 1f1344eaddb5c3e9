//go:build browser

package browsertest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/gateway/pages/tab"
)

// TestEveryPageForEverybody takes the site into every state of its pages and asks axe-core about each: in Korean and in
// English, 360 and 1280 pixels wide, with JavaScript and without. It finds nothing of WCAG 2.2 A and AA, and no advice either.
func TestEveryPageForEverybody(t *testing.T) {
	all := states(t)
	start := time.Now()
	t.Run("pages", func(t *testing.T) {
		for _, script := range []bool{true, false} {
			for _, lang := range []string{"ko", "en"} {
				t.Run(fmt.Sprintf("%s script=%t", lang, script), func(t *testing.T) {
					t.Parallel()
					b := tab.Open(t, browser, at.base)
					b.Script(script)
					for _, s := range all {
						looksAt(t, b, s, lang, script)
					}
				})
			}
		}
	})
	t.Logf("%d states, 8 ways each, in %s", len(all), time.Since(start).Round(time.Second))
}

func looksAt(t *testing.T, b *tab.Tab, s state, lang string, script bool) {
	name := fmt.Sprintf("%s (%s, script %t)", s.name, lang, script)
	b.Size(360, 740)
	b.Cookies(strings.TrimPrefix(s.cookies+"; daemun_lang="+lang, "; "))
	b.Open(s.path)
	if s.does != "" {
		tab.Eval[bool](b, `window.before = true`)
		tab.Eval[bool](b, s.does)
		b.Until("what follows "+name, `!window.before && document.readyState === 'complete'`)
	}
	if !b.Is(`document.documentElement.lang === ` + quote(lang) + ` && (` + s.is + `)`) {
		t.Errorf("%s: at %s is something else: %s", name, b.Path(), tab.Eval[string](b, `document.body.innerText`))
		return
	}
	for _, width := range []int64{360, 1280} {
		b.Size(width, 740)
		for _, found := range b.Axe() {
			t.Errorf("%s, %d px: %s", name, width, found)
		}
		if b.Sideways() {
			t.Errorf("%s scrolls sideways at %d px", name, width)
		}
	}
	if b.Size(320, 640); b.Sideways() {
		t.Errorf("%s, enlarged four times, scrolls sideways", name)
	}
	if foreign := b.Foreign(); len(foreign) > 0 {
		t.Errorf("%s asks other hosts: %q", name, foreign)
	}
	if said := b.Complaints(); len(said) > 0 {
		t.Errorf("%s: the browser says %q", name, said)
	}
	shoot(t, b, s.name, lang, script)
}

// shoot keeps what a visitor sees, when somebody wants to look.
func shoot(t *testing.T, b *tab.Tab, name, lang string, script bool) {
	dir := os.Getenv("DAEMUN_SHOTS")
	if dir == "" || !script {
		return
	}
	b.Size(360, 740)
	file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+"."+lang+".png")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Picture(), 0o644); err != nil {
		t.Fatal(err)
	}
}
