package web_test

import (
	"encoding/json"
	"testing"

	"github.com/daemun/daemun/gateway/api"
)

// FuzzBodies sends any bytes to every address that takes a body. Whatever comes, the answer is a whole document and
// never a fault of ours.
func FuzzBodies(f *testing.F) {
	f.Add(0, bookingBody(1, slotOf(1)))
	f.Add(1, lookupBody("ABCDE-23456", "홍길동", rrn(1)))
	f.Add(2, `{"slot":"c0001-0726-0930"}`)
	f.Add(3, `{"opening":"o0719","action":"postpone","by":"a","after":{"opens_at":"2021-07-19T20:00:00+09:00"}}`)
	f.Add(4, "AQEA")
	f.Add(5, `{"slot":"c0001-0726-0930"}`)
	f.Add(0, `{"proxy":{"name":"\ud800"},"rrn":"６７０３０１-1000001"}`)
	h := open(f, 1000)
	p := bearer("Pass", h.admit(1))
	key := header{"Idempotency-Key": "key-0001"}
	f.Fuzz(func(t *testing.T, which int, body string) {
		calls := [...]struct{ method, path string }{
			{"POST", "/v1/bookings"}, {"POST", "/v1/bookings/lookup"}, {"PATCH", "/v1/bookings/ABCDE-23456"},
			{"POST", "/internal/events"}, {"POST", "/internal/admissions"},
			{"POST", "/v1/holds"},
		}
		c := calls[uint(which)%uint(len(calls))]
		w := h.do(c.method, c.path, body, p, key)
		if w.Code == 204 {
			return
		}
		if w.Code < 300 {
			if !json.Valid(w.Body.Bytes()) {
				t.Fatalf("%s", w.Body)
			}
			return
		}
		var doc api.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &doc); err != nil || doc.Status != w.Code || doc.Code == "" || doc.Detail == "" {
			t.Fatalf("%d %s, %v", w.Code, w.Body, err)
		}
		if w.Code >= 500 {
			t.Fatalf("a body made it %d: %s", w.Code, w.Body)
		}
	})
}

// FuzzPaths sends any path and query.
func FuzzPaths(f *testing.F) {
	f.Add("/v1/clinics?region=%EC%84%9C%EC%9A%B8")
	f.Add("/v1/clinics/c0001/slots?day=2021-07-26")
	f.Add("/v1/bookings/ABCDE-23456")
	f.Add("/internal/ledger?after=1&limit=2")
	h := open(f, 1000)
	p := bearer("Pass", h.admit(1))
	f.Fuzz(func(t *testing.T, target string) {
		r, ok := request(target)
		if !ok {
			t.Skip()
		}
		if w := h.serve(r, p); w.Code >= 500 || w.Code == 301 || w.Code == 307 {
			t.Fatalf("%q: %d %s", target, w.Code, w.Body)
		}
	})
}
