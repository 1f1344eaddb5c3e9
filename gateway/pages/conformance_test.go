package pages

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// TestConformance holds every page in every state to what screen readers, keyboards and the content policy need.
func TestConformance(t *testing.T) {
	for _, v := range views {
		for _, lang := range []string{Korean, English} {
			t.Run(v.name+"."+lang, func(t *testing.T) {
				w := v.open(t, lang)
				root, err := html.Parse(strings.NewReader(w.Body.String()))
				if err != nil {
					t.Fatal(err)
				}
				checkPage(t, root, lang)
				checkNothingLeaks(t, w.Body.String())
				if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, "script-src 'self'") {
					t.Errorf("content policy %q", got)
				}
			})
		}
	}
}

func checkPage(t *testing.T, root *html.Node, lang string) {
	ids := map[string]int{}
	labels := map[string]bool{}
	h1, title := 0, ""
	walk(root, func(n *html.Node) {
		if id := attr(n, "id"); id != "" {
			ids[id]++
		}
		switch n.Data {
		case "html":
			if attr(n, "lang") != lang {
				t.Errorf("lang %q", attr(n, "lang"))
			}
		case "h1":
			h1++
		case "title":
			title = content(n)
		case "label":
			labels[attr(n, "for")] = content(n) != ""
		}
	})
	if h1 != 1 {
		t.Errorf("%d h1", h1)
	}
	if name, _, _ := strings.Cut(title, " | "); strings.TrimSpace(name) == "" {
		t.Errorf("title %q", title)
	}
	for id, n := range ids {
		if n > 1 {
			t.Errorf("id %q stands %d times", id, n)
		}
	}
	focus := 0
	walk(root, func(n *html.Node) {
		checkReferences(t, n, ids)
		checkControl(t, n, labels)
		checkNothingInline(t, n)
		if _, has := find(n, "autofocus"); has {
			focus++
		}
	})
	if focus > 1 {
		t.Errorf("%d elements want the focus", focus)
	}
}

func checkReferences(t *testing.T, n *html.Node, ids map[string]int) {
	for _, name := range []string{"aria-describedby", "aria-labelledby", "for"} {
		value, has := find(n, name)
		if has && strings.TrimSpace(value) == "" {
			t.Errorf("<%s> has an empty %s", n.Data, name)
		}
		for _, id := range strings.Fields(value) {
			if ids[id] == 0 {
				t.Errorf("%s of <%s> names %q, which is not there", name, n.Data, id)
			}
		}
	}
	for _, name := range []string{"href", "src", "action"} {
		value, has := find(n, name)
		if target, local := strings.CutPrefix(value, "#"); local && ids[target] == 0 {
			t.Errorf("link to %q leads nowhere", value)
		}
		ours := strings.HasPrefix(value, "/") && !strings.HasPrefix(value, "//")
		away := n.Data == "a" && attr(n, "rel") == "external noreferrer" && strings.HasPrefix(value, "https://") // to a provider
		if has && !ours && !away && !strings.HasPrefix(value, "#") && value != "tel:1339" {
			t.Errorf("%s of <%s> leads out: %q", name, n.Data, value)
		}
	}
}

func checkControl(t *testing.T, n *html.Node, labels map[string]bool) {
	switch n.Data {
	case "input", "select", "textarea":
		if attr(n, "type") != "hidden" && !labels[attr(n, "id")] {
			t.Errorf("no label for %q", attr(n, "name"))
		}
	case "button", "a", "summary", "dd", "dt", "li":
		if content(n) == "" {
			t.Errorf("<%s> says nothing", n.Data)
		}
	case "img":
		if _, has := find(n, "alt"); !has {
			t.Error("image without alt")
		}
	}
}

func checkNothingInline(t *testing.T, n *html.Node) {
	if n.Data == "style" || n.Data == "script" && attr(n, "src") == "" {
		t.Errorf("inline <%s>", n.Data)
	}
	for _, a := range n.Attr {
		if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
			t.Errorf("inline %s on <%s>", a.Key, n.Data)
		}
	}
}

// checkNothingLeaks looks for what must not be in a page: the number that was typed, holes and formats left open.
func checkNothingLeaks(t *testing.T, body string) {
	for _, bad := range []string{nobodyBack, "⟦", "⟧", "%!", "%d", "%s", "%h", "ZgotmplZ", "<no value>", "ticket-of-hong", "pass-of-hong", "proof-of-hong"} {
		if strings.Contains(body, bad) {
			t.Errorf("page holds %q", bad)
		}
	}
}

func walk(n *html.Node, visit func(*html.Node)) {
	if n.Type == html.ElementNode {
		visit(n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		walk(c, visit)
	}
}

func find(n *html.Node, name string) (string, bool) {
	i := slices.IndexFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
	if i < 0 {
		return "", false
	}
	return n.Attr[i].Val, true
}

func attr(n *html.Node, name string) string { v, _ := find(n, name); return v }

func content(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return strings.TrimSpace(b.String())
}

var verbs = regexp.MustCompile(`%[a-z]`)

func TestCatalogIsWhole(t *testing.T) {
	unitOnlyInKorean := []string{"wait.people", "wait.nth"}
	for key, both := range catalog {
		if both[0] == "" || both[1] == "" && !slices.Contains(unitOnlyInKorean, key) {
			t.Errorf("%s is not said in both languages", key)
		}
		if !slices.Equal(verbs.FindAllString(both[0], -1), verbs.FindAllString(both[1], -1)) {
			t.Errorf("%s takes different arguments in its languages", key)
		}
	}
}

// Families of sentences whose last part is chosen at run time.
var families = []string{"state.", "when.", "landing.go.", "wait.title.", "wait.closed", "wait.exhausted", "problem.", "refused.", "part."}

func TestEverySentenceIsUsed(t *testing.T) {
	var source strings.Builder
	for _, pattern := range []string{"*.go", "templates/*.html"} {
		files, _ := filepath.Glob(pattern)
		for _, f := range files {
			if strings.HasPrefix(f, "text") || strings.HasSuffix(f, "_test.go") {
				continue
			}
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(b)
		}
	}
	for key := range catalog {
		inFamily := slices.ContainsFunc(families, func(f string) bool { return strings.HasPrefix(key, f) })
		if !inFamily && !strings.Contains(source.String(), `"`+key+`"`) {
			t.Errorf("nothing says %s", key)
		}
	}
}
