package pages

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

var variable = regexp.MustCompile(`--krds-([a-z]+-[0-9]+):#([0-9a-f]{3,6})`)

// TestContrast holds every pair of text and ground in the style sheets to 4.5 : 1, and the lines around inputs and the
// focus to 3 : 1. Names are those of KRDS tokens.
func TestContrast(t *testing.T) {
	colour := map[string]string{}
	for _, sheet := range []string{"base.css", "pages.css"} {
		for _, m := range variable.FindAllStringSubmatch(string(assets[sheet].body), -1) {
			colour[m[1]] = m[2]
		}
	}
	for _, c := range []struct {
		on, ground string
		least      float64
	}{
		{"gray-90", "gray-0", 4.5}, {"gray-70", "gray-0", 4.5}, {"gray-60", "gray-0", 4.5}, {"gray-0", "gray-90", 4.5},
		{"primary-60", "gray-0", 4.5}, {"primary-70", "gray-0", 4.5}, {"danger-60", "gray-0", 4.5},
		{"gray-0", "primary-50", 4.5}, {"gray-0", "primary-60", 4.5}, {"gray-0", "danger-60", 4.5}, {"gray-0", "danger-70", 4.5},
		{"gray-90", "primary-5", 4.5}, {"gray-70", "primary-5", 4.5}, {"primary-60", "primary-5", 4.5}, {"primary-70", "primary-5", 4.5},
		{"gray-90", "secondary-5", 4.5}, {"gray-90", "gray-5", 4.5}, {"gray-70", "gray-5", 4.5}, {"gray-60", "gray-5", 4.5}, {"primary-60", "gray-5", 4.5},
		{"danger-60", "danger-5", 4.5}, {"gray-90", "danger-5", 4.5}, {"warning-70", "warning-5", 4.5}, {"gray-90", "warning-5", 4.5},
		{"primary-60", "warning-5", 4.5}, {"success-70", "success-5", 4.5}, {"success-70", "gray-0", 4.5}, {"gray-90", "success-5", 4.5},
		{"primary-50", "gray-0", 3}, {"primary-50", "gray-5", 3}, {"gray-60", "gray-0", 3}, {"warning-50", "warning-5", 3},
		{"danger-50", "danger-5", 3}, {"danger-50", "gray-0", 3}, {"success-60", "success-5", 3},
	} {
		if colour[c.on] == "" || colour[c.ground] == "" {
			t.Errorf("no token %s or %s", c.on, c.ground)
			continue
		}
		got := contrast(t, colour[c.on], colour[c.ground])
		if got < c.least {
			t.Errorf("%s on %s: %.2f, want %.1f", c.on, c.ground, got, c.least)
		}
	}
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	la, lb := luminance(t, a), luminance(t, b)
	return (max(la, lb) + .05) / (min(la, lb) + .05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil || len(hex) != 6 {
		t.Fatalf("colour %q", hex)
	}
	linear := func(v uint64) float64 {
		c := float64(v&255) / 255
		if c <= .04045 {
			return c / 12.92
		}
		return math.Pow((c+.055)/1.055, 2.4)
	}
	return .2126*linear(n>>16) + .7152*linear(n>>8) + .0722*linear(n)
}
