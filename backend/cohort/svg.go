package cohort

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// svg writes a picture element by element. Everything that comes from a schedule passes through text or title, which
// escape it.
type svg struct{ bytes.Buffer }

func (p *svg) add(format string, args ...any) {
	fmt.Fprintf(p, format, args...)
	p.WriteByte('\n')
}

func (p *svg) rect(class string, x, y, w, h float64, title string) {
	p.add(`<rect class="%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f">%s</rect>`, class, x, y, w, h, titled(title))
}

func (p *svg) line(class string, x1, y1, x2, y2 float64) {
	p.add(`<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y1, x2, y2)
}

func (p *svg) text(class string, x, y float64, text string) {
	p.add(`<text class="%s" x="%.1f" y="%.1f">%s</text>`, class, x, y, escaped(text))
}

func titled(title string) string {
	if title == "" {
		return ""
	}
	return "<title>" + escaped(title) + "</title>"
}

func escaped(text string) string {
	var out strings.Builder
	_ = xml.EscapeText(&out, []byte(text)) // a builder takes everything
	return out.String()
}

// fit shortens a text to a number of columns, of which a Korean letter takes two.
func fit(text string, most int) string {
	if columns(text) <= most {
		return text
	}
	var out strings.Builder
	for _, r := range text {
		if columns(out.String()+string(r)) > most-1 {
			break
		}
		out.WriteRune(r)
	}
	return out.String() + "…"
}
