package versus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/pgtest"
	"github.com/daemun/daemun/backend/store/postgres"
	"github.com/daemun/daemun/backend/store/storetest"
)

var (
	rowsFile = flag.String("rows", "", "write what was measured to this file, as JSON")
	database = flag.String("database", "", "use the PostgreSQL at this address, in new schemas, and not one of our own")
	seconds  = flag.Float64("seconds", 3, "length of a round; there are three of each")
)

const (
	rounds   = 3
	capacity = 1 << 20 // of each slot: nobody is refused, every booking costs a write
)

// Row is one comparison. Ratio is how many times better ours is: ours to theirs of rates, theirs to ours of waits.
type Row struct {
	Name   string  `json:"name"`
	Unit   string  `json:"unit"`
	Ours   float64 `json:"ours"`
	Peer   string  `json:"peer"`
	Theirs float64 `json:"theirs"`
	Ratio  float64 `json:"ratio"`
}

const peerName = "one statement and transaction a booking, 64 connections"

// match is both ways of booking over the same slots.
type match struct {
	slots   int
	ours    *postgres.Store
	theirs  *peer
	people  int // let in so far
	next    [2]int
	address string
}

func newMatch(b testing.TB, address string, slots int) *match {
	b.Helper()
	schema := fmt.Sprintf("versus_%d_%d", slots, time.Now().UnixNano())
	in := storetest.Slots(slots, capacity, 1<<40)
	m := &match{slots: slots, address: address}
	var err error
	if m.ours, err = postgres.Open(b.Context(), withSchema(b, address, schema), storetest.Now); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.ours.Close() })
	if err := m.ours.Import(b.Context(), in); err != nil {
		b.Fatal(err)
	}
	if m.theirs, err = newPeer(b.Context(), address, schema+"_peer", in); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(m.theirs.pool.Close)
	return m
}

func (m *match) order(n int) booking.Order {
	o := storetest.OrderOf(n, storetest.SlotID(n*7919%m.slots), "key-"+strconv.Itoa(n))
	o.Sealed = sealed(n)
	return o
}

// sides book for the n-th person, ours first.
func (m *match) sides() [2]func(context.Context, int) error {
	return [2]func(context.Context, int) error{
		func(ctx context.Context, n int) error {
			for {
				_, err := m.ours.Book(ctx, m.order(n))
				if booking.KindOf(err) != booking.Overloaded {
					return err
				}
				time.Sleep(20 * time.Millisecond) // as people who are told so do; the wait counts
			}
		},
		func(ctx context.Context, n int) error {
			o := m.order(n)
			ok, err := m.theirs.Book(ctx, &o)
			if err == nil && !ok {
				err = errors.New("the slot is full")
			}
			return err
		},
	}
}

// admit lets people in up to a number, and puts what the server has to write later anyway on the disk.
func (m *match) admit(b testing.TB, upTo int) {
	b.Helper()
	o := closedLoop(b.Context(), m.people, upTo, time.Hour, func(ctx context.Context, n int) error {
		_, err := m.ours.Admit(ctx, storetest.AdmissionOf(n, 0, storetest.Now))
		return err
	})
	if o.err != nil {
		b.Fatal(o.err)
	}
	m.people = max(m.people, upTo)
	c, err := pgx.Connect(b.Context(), m.address)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close(context.Background())
	if _, err := c.Exec(b.Context(), "CHECKPOINT"); err != nil {
		b.Fatal(err)
	}
}

// peak is the most that both manage, in turns so that a slow moment of the machine hits both.
func (m *match) peak(b testing.TB, d time.Duration) (out [2]outcome) {
	b.Helper()
	expected := 4000.0
	for range rounds {
		for side, do := range m.sides() {
			last := m.next[side] + int(1.5*expected*d.Seconds())
			m.admit(b, last)
			o := closedLoop(b.Context(), m.next[side], last, d, do)
			m.next[side] += o.done
			expected = max(expected, o.rate())
			out[side].add(o)
		}
	}
	return out
}

// calm is half of each one's own peak.
func (m *match) calm(b testing.TB, d time.Duration, peak [2]outcome) (out [2]outcome) {
	b.Helper()
	for side, do := range m.sides() {
		rate := peak[side].rate() / 2
		first := m.next[side]
		m.admit(b, first+int(rate*d.Seconds())+1)
		out[side] = openLoop(b.Context(), first, m.people, rate, d, do)
		m.next[side] += out[side].done
	}
	return out
}

func compare(name string, peak, calm [2]outcome) []Row {
	faster := func(what string, ours, theirs float64) Row {
		return Row{name + ", " + what, "ms", ours, peerName, theirs, theirs / ours}
	}
	ours, theirs := &peak[0], &peak[1]
	return []Row{
		{name + ", 64 clients", "bookings/s", ours.rate(), peerName, theirs.rate(), ours.rate() / theirs.rate()},
		faster("p50 at the peak", ours.percentile(0.5), theirs.percentile(0.5)),
		faster("p99 at the peak", ours.percentile(0.99), theirs.percentile(0.99)),
		faster("p99 at half the peak", calm[0].percentile(0.99), calm[1].percentile(0.99)),
	}
}

// BenchmarkVersus books in 4 slots that everybody wants, and in 100,000.
func BenchmarkVersus(b *testing.B) {
	address := cmp.Or(*database, serverFor(b))
	var all []Row
	for _, c := range []struct {
		name  string
		slots int
	}{{"booking in 4 hot slots", 4}, {"booking in 100,000 slots", 100_000}} {
		b.Run(strconv.Itoa(c.slots), func(b *testing.B) {
			d := time.Duration(*seconds * float64(time.Second))
			m := newMatch(b, address, c.slots)
			peak := m.peak(b, d)
			calm := m.calm(b, 2*d, peak)
			for _, o := range []outcome{peak[0], peak[1], calm[0], calm[1]} {
				if o.err != nil {
					b.Fatal(o.err)
				}
			}
			for _, row := range compare(c.name, peak, calm) {
				b.Logf("%-40s %12.2f %-10s theirs %12.2f  ratio %.2f", row.Name, row.Ours, row.Unit, row.Theirs, row.Ratio)
				all = append(all, row)
			}
			b.ReportMetric(peak[0].rate(), "bookings/s")
			b.ReportMetric(peak[0].rate()/peak[1].rate(), "times-theirs")
			b.ReportMetric(calm[0].percentile(0.99), "p99-ms-at-half")
		})
	}
	writeRows(b, all)
}

func writeRows(b *testing.B, rows []Row) {
	if *rowsFile == "" {
		return
	}
	text, err := json.MarshalIndent(rows, "", "\t")
	if err == nil {
		err = os.WriteFile(*rowsFile, append(text, '\n'), 0o644)
	}
	if err != nil {
		b.Fatal(err)
	}
}

func serverFor(b testing.TB) string {
	b.Helper()
	if *database != "" {
		return ""
	}
	pg, err := pgtest.Start(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { pg.Close() })
	return pg.URL("postgres")
}

func withSchema(b testing.TB, address, schema string) string {
	b.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// TestPeerKeepsItsPromise: a peer that oversold or forgot would be no measure.
func TestPeerKeepsItsPromise(t *testing.T) {
	const seats, people = 7, 200
	p, err := newPeer(t.Context(), serverFor(t), "peer", storetest.Slots(1, seats, people))
	if err != nil {
		t.Fatal(err)
	}
	defer p.pool.Close()
	var booked atomic.Int64
	o := closedLoop(t.Context(), 0, people, time.Hour, func(ctx context.Context, n int) error {
		order := storetest.OrderOf(n, storetest.SlotID(0), "key")
		ok, err := p.Book(ctx, &order)
		if ok {
			booked.Add(1)
		}
		return err
	})
	if o.err != nil || o.done != people || booked.Load() != seats {
		t.Fatalf("%d of %d done, %d booked: %v", o.done, people, booked.Load(), o.err)
	}
	var bookings, records, taken int64
	const query = "SELECT (SELECT count(*) FROM bookings), (SELECT count(*) FROM ledger), (SELECT taken FROM slots)"
	if err := p.pool.QueryRow(t.Context(), query).Scan(&bookings, &records, &taken); err != nil || bookings != seats || records != seats || taken != seats {
		t.Fatalf("%d bookings, %d records, %d taken: %v", bookings, records, taken, err)
	}
}
