package load

import (
	"testing"
	"time"
)

// TestNapLasts: a nap is never shorter than asked, or the pacer would spin.
func TestNapLasts(t *testing.T) {
	n, err := newNapper()
	if err != nil {
		t.Fatal(err)
	}
	defer n.close()
	for _, d := range []time.Duration{shortestNap, time.Millisecond, longestNap, shortestNap} {
		began := time.Now()
		if err := n.nap(d); err != nil {
			t.Fatal(err)
		}
		if slept := time.Since(began); slept < d {
			t.Errorf("slept %v, not %v", slept, d)
		}
	}
}
