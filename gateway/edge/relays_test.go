package edge

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/gateway/route"
)

// relayedRows are the rows of the table that only pass on.
func relayedRows() []route.Route {
	var rows []route.Route
	for _, r := range (&Edge{}).interfaces() {
		if r.relayed {
			rows = append(rows, r.Route)
		}
	}
	return rows
}

// TestRelaysAreTheTables holds the short way to the table: where it finds a row, the table finds the same.
func TestRelaysAreTheTables(t *testing.T) {
	rows := relayedRows()
	if len(rows) < 15 {
		t.Fatalf("%d rows", len(rows))
	}
	short := newRelays(rows)
	mux := http.NewServeMux()
	for _, r := range (&Edge{}).interfaces() {
		mux.HandleFunc(r.Method+" "+r.Pattern, func(http.ResponseWriter, *http.Request) {})
	}
	parts := []string{"v1", "clinics", "slots", "bookings", "lookup", "leftovers", "wishes", "offers", "holds", "identity", "queue", "enter", "join", "return", "C-1", "x", ""}
	found := 0
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.SampledFrom(rows).Draw(t, "row")
		method := rapid.SampledFrom([]string{seed.Method, seed.Method, "GET", "POST", "PATCH", "DELETE", "HEAD", "PUT"}).Draw(t, "method")
		path := seed.Pattern
		for range rapid.IntRange(0, 3).Draw(t, "changes") {
			all := strings.Split(path, "/")
			all[rapid.IntRange(1, len(all)-1).Draw(t, "at")] = rapid.SampledFrom(parts).Draw(t, "part")
			path = strings.Join(all, "/") + rapid.SampledFrom([]string{"", "", "/", "/x"}).Draw(t, "end")
		}
		row := short.find([]byte(method), []byte(path))
		if row == nil {
			return
		}
		found++
		_, pattern := mux.Handler(&http.Request{Method: method, URL: &url.URL{Path: path}, Host: "x"})
		if pattern != row.Method+" "+row.Pattern {
			t.Fatalf("%s %s: %q by the short way, %q by the table", method, path, row.Pattern, pattern)
		}
	})
	for _, r := range rows {
		path := ""
		for _, p := range newRelays([]route.Route{r}).only().parts {
			if p == nil {
				p = []byte("C-17")
			}
			path += "/" + string(p)
		}
		if row := short.find([]byte(r.Method), []byte(path)); row == nil || row.Route != r {
			t.Errorf("%s %s is not found by the short way", r.Method, path)
		}
	}
	if found == 0 {
		t.Error("nothing was found at all")
	}
}

func (rs *relays) only() *relayed {
	for _, rows := range rs.byLength {
		if len(rows) > 0 {
			return &rows[0]
		}
	}
	return nil
}

func BenchmarkFindRelay(b *testing.B) {
	short := newRelays(relayedRows())
	method, path := []byte("GET"), []byte("/v1/clinics/C-000017/slots")
	b.ReportAllocs()
	for b.Loop() {
		if short.find(method, path) == nil {
			b.Fatal("not found")
		}
	}
}
