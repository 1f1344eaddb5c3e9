package pages

import (
	"math"
	"regexp"
	"strconv"
	"testing"
)

var variable = regexp.MustCompile(`--([a-z]+):#([0-9a-f]{3,6})`)

// TestContrast holds every pair of text and ground in the style sheet to 4.5 : 1, and the lines around inputs and the
// focus to 3 : 1.
func TestContrast(t *testing.T) {
	colour := map[string]string{"white": "ffffff", "input": "58616a", "edge": "9e6a00"}
	for _, m := range variable.FindAllStringSubmatch(string(assets["daemun.css"].body), -1) {
		colour[m[1]] = m[2]
	}
	for _, c := range []struct {
		on, ground string
		least      float64
	}{
		{"text", "bg", 4.5}, {"soft", "bg", 4.5}, {"strong", "bg", 4.5}, {"deep", "bg", 4.5}, {"bad", "bg", 4.5},
		{"white", "primary", 4.5}, {"white", "strong", 4.5}, {"white", "bad", 4.5}, {"white", "text", 4.5},
		{"text", "tint", 4.5}, {"soft", "tint", 4.5}, {"strong", "tint", 4.5}, {"deep", "tint", 4.5},
		{"soft", "grey", 4.5}, {"strong", "grey", 4.5}, {"input", "grey", 4.5},
		{"bad", "badtint", 4.5}, {"text", "badtint", 4.5}, {"warn", "warntint", 4.5}, {"text", "warntint", 4.5},
		{"ok", "oktint", 4.5}, {"ok", "bg", 4.5}, {"text", "oktint", 4.5},
		{"primary", "bg", 3}, {"primary", "grey", 3}, {"input", "bg", 3}, {"edge", "warntint", 3},
	} {
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
