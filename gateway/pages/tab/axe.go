//go:build browser

package tab

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
)

//go:embed axe.min.js
var axe string

// Finding is a rule of axe-core that a page breaks.
type Finding struct {
	ID     string   `json:"id"`
	Impact string   `json:"impact"`
	Help   string   `json:"help"`
	Tags   []string `json:"tags"`
	Nodes  []string `json:"nodes"` // where, with why
}

// Law tells whether the rule is one of WCAG 2.2 A or AA; the others are advice.
func (f Finding) Law() bool {
	return slices.ContainsFunc(f.Tags, func(t string) bool { return slices.Contains(wcag, t) })
}

func (f Finding) String() string {
	return fmt.Sprintf("%s (%s): %s\n\t%s", f.ID, f.Impact, f.Help, strings.Join(f.Nodes, "\n\t"))
}

var wcag = []string{"wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"}

const runAxe = `(async () => {
	const found = await axe.run(document, {
		runOnly: {type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']},
		resultTypes: ['violations'],
	});
	if (!found.passes.length) { throw new Error('axe-core checked nothing'); }
	return found.violations.map(v => ({
		id: v.id, impact: v.impact, help: v.help, tags: v.tags,
		nodes: v.nodes.map(n => n.target.join(' ') + ': ' + n.failureSummary.replace(/\s+/g, ' ')),
	}));
})()`

// Axe asks axe-core what is wrong with the page as it stands. Where the page came without scripts they are let run now: it
// is axe-core that needs them, and what the page did without is past.
func (b *Tab) Axe() []Finding {
	b.t.Helper()
	if b.scriptless {
		b.execute(true)
		defer b.execute(false)
	}
	if !b.Is(`typeof axe === 'object'`) {
		Eval[bool](b, axe+"\n;true")
	}
	return Eval[[]Finding](b, runAxe)
}

// Sideways tells whether the page is wider than the window; a reader would have to scroll in two directions.
func (b *Tab) Sideways() bool {
	b.t.Helper()
	return Eval[bool](b, `document.documentElement.scrollWidth > innerWidth`)
}

// Small lists what can be pressed and is lower than 24 CSS pixels, links inside a sentence excepted.
func (b *Tab) Small() []string {
	b.t.Helper()
	return Eval[[]string](b, `[...document.querySelectorAll('a,button,input:not([type=hidden]),select,summary')]
	.filter(e => e.offsetParent && !e.matches('.skip,.sr') && e.getBoundingClientRect().height < 24 && !(e.tagName === 'A' && e.closest('p,li')))
	.map(e => e.outerHTML.slice(0, 120))`)
}
