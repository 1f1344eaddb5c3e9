package oidc_test

import (
	"strings"
	"testing"

	"github.com/daemun/daemun/backend/identity/oidc"
)

func TestLinks(t *testing.T) {
	table, err := oidc.ReadLinks(strings.NewReader("rrn,ci\n670301-1000001,ci-of-hong\n6804052000002, ci-of-kim\n670301-1000001,ci-of-hong\n"), key)
	if err != nil {
		t.Fatal(err)
	}
	for ci, login := range map[string]string{"ci-of-hong": "hong", " ci-of-kim ": "kim"} {
		if who, ok := table.Subject(ci); !ok || who != subjectOf(t, login) {
			t.Errorf("%q is of %v, %v", ci, who, ok)
		}
	}
	if who, ok := table.Subject("another"); ok || table.Len() != 2 {
		t.Errorf("another is of %v; %d links", who, table.Len())
	}
	for name, text := range map[string]string{
		"no CI":       "rrn,ci\n670301-1000001,\n",
		"no number":   "rrn,ci\n670301,ci-of-hong\n",
		"no column":   "rrn\n670301-1000001\n",
		"two people":  "rrn,ci\n670301-1000001,ci-of-hong\n680405-2000002,ci-of-hong\n",
		"CI too long": "rrn,ci\n670301-1000001," + strings.Repeat("x", 513) + "\n",
	} {
		if _, err := oidc.ReadLinks(strings.NewReader(text), key); err == nil || strings.Contains(err.Error(), "670301") || strings.Contains(err.Error(), "ci-of") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
