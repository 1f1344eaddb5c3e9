package edge

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/daemun/daemun/gateway/route"
)

// TestTheBackendIsToldWhoAsks: the address of the connection, by the API and by the pages, and nothing that a citizen says.
func TestTheBackendIsToldWhoAsks(t *testing.T) {
	g := newGate(t)
	form := "name=x&no=7K3M9-QX2RT&rrn1=670301&rrn2=1000000"
	for _, ask := range []struct{ path, kind, body string }{
		{"/v1/bookings/lookup", "application/json", `{"booking_no":"7K3M9-QX2RT","name":"x","rrn":"670301-1000000"}`},
		{"/lookup", "application/x-www-form-urlencoded", form},
	} {
		before := g.reached.Load()
		r, err := http.NewRequest(http.MethodPost, ask.path, strings.NewReader(ask.body))
		if err != nil {
			t.Fatal(err)
		}
		r.RequestURI, r.Host, r.RemoteAddr = ask.path, "daemun", "203.0.113.7:40123"
		r.Header.Set("Content-Type", ask.kind)
		r.Header.Set(route.ForHeader, "198.51.100.1")
		r.Header.Set("X-Forwarded-For", "198.51.100.2")
		g.ServeHTTP(&statusWriter{ResponseWriter: drop{h: http.Header{}}}, r)
		if g.reached.Load() != before+1 {
			t.Fatalf("%s did not reach the backend", ask.path)
		}
		if got := *g.sources.Load(); !slices.Equal(got, []string{"203.0.113.7"}) {
			t.Errorf("%s: the backend heard %q", ask.path, got)
		}
	}
}
