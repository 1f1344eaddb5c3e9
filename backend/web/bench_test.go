package web_test

import (
	"encoding/hex"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/store/sqlite"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/route"
)

// BenchmarkJourney lets one person in, lists clinics and slots and books, over real connections and a real file; 64
// people at once. The client's work is part of the figure.
func BenchmarkJourney(b *testing.B) {
	h := open(b, 1)
	dir := b.TempDir()
	h.store.Close()
	var err error
	if h.store, err = sqlite.Open(b.Context(), filepath.Join(dir, "daemun.db"), h.clock()); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { h.store.Close() })
	in := h.supply(int64(b.N))
	in.Roster = in.Roster[:0]
	passes, rosterIDs := make([]string, b.N), make([]subject.ID, b.N)
	for n := range b.N {
		passes[n], rosterIDs[n] = h.sign(n), h.subject(rrn(n))
	}
	in.Roster = rosterIDs
	for i := range in.Slots {
		in.Slots[i].Capacity = b.N
	}
	if err := h.store.Import(b.Context(), in); err != nil {
		b.Fatal(err)
	}
	h.start()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: h.handler}
	go server.Serve(listener)
	b.Cleanup(func() { server.Close() })
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	token := hex.EncodeToString(h.ring.GatewayToken())
	call := func(method, path, body, pass string, status int) {
		r, _ := http.NewRequest(method, "http://"+listener.Addr().String()+path, strings.NewReader(body))
		r.Header.Set(route.TokenHeader, token)
		r.Header.Set("Authorization", "Pass "+pass)
		r.Header.Set("Idempotency-Key", "key-0001")
		w, err := client.Do(r)
		if err != nil {
			b.Error(err)
			return
		}
		if w.StatusCode != status {
			text, _ := io.ReadAll(w.Body)
			b.Errorf("%s %s: %d %s", method, path, w.StatusCode, text)
		}
		io.Copy(io.Discard, w.Body)
		w.Body.Close()
	}
	b.ReportAllocs()
	b.ResetTimer()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for n := int(next.Add(1)) - 1; n < b.N; n = int(next.Add(1)) - 1 {
				call("POST", "/internal/admissions", passes[n], "", 200)
				call("GET", "/v1/clinics?region=%EC%84%9C%EC%9A%B8", "", passes[n], 200)
				call("GET", "/v1/clinics/c0001/slots?day=2021-07-26", "", passes[n], 200)
				call("POST", "/v1/bookings", bookingBody(n, clinic.SlotID("c0001", slot1)), passes[n], 201)
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "journeys/s")
}

// BenchmarkHandler measures one request without a connection around it.
func BenchmarkHandler(b *testing.B) {
	h := open(b, 100)
	p := h.admit(1)
	for name, path := range map[string]string{
		"clinics": "/v1/clinics?region=%EC%84%9C%EC%9A%B8", "slots": "/v1/clinics/c0001/slots?day=2021-07-26", "status": "/internal/status",
	} {
		b.Run(name, func(b *testing.B) {
			r, _ := request(path)
			r.Header.Set(route.TokenHeader, hex.EncodeToString(h.ring.GatewayToken()))
			r.Header.Set("Authorization", "Pass "+p)
			b.ReportAllocs()
			for b.Loop() {
				w := &discard{header: http.Header{}}
				h.handler.ServeHTTP(w, r)
				if w.status != 200 {
					b.Fatal(w.status)
				}
			}
		})
	}
}

// discard is a ResponseWriter that keeps nothing but the status.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) WriteHeader(status int)      { d.status = status }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
