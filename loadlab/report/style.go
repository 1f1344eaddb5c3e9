package report

import (
	"html/template"
	"strings"
)

// Style is how the lab's pages look, for pages of other packages.
func Style() template.CSS {
	_, rest, _ := strings.Cut(pageText, "<style>\n")
	css, _, _ := strings.Cut(rest, "</style>")
	return template.CSS(css) //nolint:gosec // our own file
}
