package versus

import (
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

// The sides of a match: ours, and the two that it is held against.
const (
	ours = iota
	theirs
	theirsInSteps
	sides
)

var peerNames = [sides]string{
	theirs:        "PostgreSQL, one statement for each booking, 64 connections",
	theirsInSteps: "PostgreSQL, one transaction of three statements for each booking, 64 connections",
}

// match is all ways of booking over the same slots.
type match struct {
	slots  int
	store  *postgres.Store
	peers  [sides]*peer
	people int // let in so far
	next   [sides]int
}

func newMatch(b testing.TB, address string, slots int) *match {
	b.Helper()
	schema := fmt.Sprintf("versus_%d_%d", slots, time.Now().UnixNano())
	in := storetest.Slots(slots, capacity, 1<<40)
	m := &match{slots: slots}
	var err error
	if m.store, err = postgres.Open(b.Context(), withSchema(b, address, schema), storetest.Now); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { m.store.Close() })
	if err := m.store.Import(b.Context(), in); err != nil {
		b.Fatal(err)
	}
	for side := theirs; side < sides; side++ {
		if m.peers[side], err = newPeer(b.Context(), address, fmt.Sprintf("%s_%d", schema, side), in); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(m.peers[side].pool.Close)
	}
	return m
}

func (m *match) order(n int) booking.Order {
	o := storetest.OrderOf(n, storetest.SlotID(n*7919%m.slots), "key-"+strconv.Itoa(n))
	o.Sealed = sealed(n)
	return o
}

// book books for the n-th person.
func (m *match) book(side int) func(context.Context, int) error {
	if side == ours {
		return m.bookOurs
	}
	book := m.peers[side].Book
	if side == theirsInSteps {
		book = m.peers[side].BookInSteps
	}
	return func(ctx context.Context, n int) error {
		o := m.order(n)
		ok, err := book(ctx, &o)
		if err == nil && !ok {
			err = errors.New("the slot is full")
		}
		return err
	}
}

func (m *match) bookOurs(ctx context.Context, n int) error {
	for {
		_, err := m.store.Book(ctx, m.order(n))
		if booking.KindOf(err) != booking.Overloaded {
			return err
		}
		time.Sleep(20 * time.Millisecond) // as people who are told so do; the wait counts
	}
}

// admit lets people in up to a number.
func (m *match) admit(b testing.TB, upTo int) {
	b.Helper()
	o := closedLoop(b.Context(), m.people, upTo, time.Hour, func(ctx context.Context, n int) error {
		_, err := m.store.Admit(ctx, storetest.AdmissionOf(n, 0, storetest.Now))
		return err
	})
	if o.err != nil {
		b.Fatal(o.err)
	}
	m.people = max(m.people, upTo)
}

// peak is the most that each manages, in turns so that a slow moment of the machine hits all.
func (m *match) peak(b testing.TB, d time.Duration) (out [sides]outcome) {
	b.Helper()
	expected := 8000.0
	for range rounds {
		for side := range sides {
			last := m.next[side] + int(2*expected*d.Seconds())
			if side == ours {
				m.admit(b, last)
			}
			o := closedLoop(b.Context(), m.next[side], last, d, m.book(side))
			m.next[side] += o.done
			expected = max(expected, o.rate())
			out[side].add(o)
		}
	}
	return out
}

// calm is half of each one's own peak.
func (m *match) calm(b testing.TB, d time.Duration, peak [sides]outcome) (out [sides]outcome) {
	b.Helper()
	for side := range sides {
		rate := peak[side].rate() / 2
		first := m.next[side]
		last := first + int(rate*d.Seconds()) + 1
		if side == ours {
			m.admit(b, last)
		}
		out[side] = openLoop(b.Context(), first, last, rate, d, m.book(side))
		m.next[side] += out[side].done
	}
	return out
}

func compare(name string, peak, calm [sides]outcome) []Row {
	var rows []Row
	for side := theirs; side < sides; side++ {
		add := func(what, unit string, mine, other, ratio float64) {
			rows = append(rows, Row{name + ", " + what, unit, mine, peerNames[side], other, ratio})
		}
		wait := func(what string, in *[sides]outcome, p float64) {
			mine, other := in[ours].percentile(p), in[side].percentile(p)
			add(what, "ms", mine, other, other/mine)
		}
		add("64 clients", "bookings/s", peak[ours].rate(), peak[side].rate(), peak[ours].rate()/peak[side].rate())
		wait("p50 at its peak", &peak, 0.5)
		wait("p99 at its peak", &peak, 0.99)
		wait("p99 at half its peak", &calm, 0.99)
	}
	return rows
}

// BenchmarkVersus books in 4 slots that everybody wants, and in 100,000.
func BenchmarkVersus(b *testing.B) {
	address := serverFor(b)
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
			for side := range sides {
				if err := errors.Join(peak[side].err, calm[side].err); err != nil {
					b.Fatal(err)
				}
			}
			for _, row := range compare(c.name, peak, calm) {
				b.Logf("%s: %.2f %s; %s: %.2f; ratio %.2f", row.Name, row.Ours, row.Unit, row.Peer, row.Theirs, row.Ratio)
				all = append(all, row)
			}
			b.ReportMetric(peak[ours].rate(), "bookings/s")
			b.ReportMetric(peak[ours].rate()/peak[theirs].rate(), "times-one-statement")
			b.ReportMetric(peak[ours].rate()/peak[theirsInSteps].rate(), "times-three-statements")
			b.ReportMetric(calm[ours].percentile(0.99), "p99-ms-at-half")
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

// serverFor is where the match takes place.
func serverFor(b testing.TB) string {
	b.Helper()
	if *database != "" {
		return *database
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

// TestPeersKeepTheirPromise: a peer that oversold or forgot would be no measure.
func TestPeersKeepTheirPromise(t *testing.T) {
	const seats, people = 7, 200
	address := serverFor(t)
	for side := theirs; side < sides; side++ {
		m := &match{slots: 1}
		p, err := newPeer(t.Context(), address, fmt.Sprint("peer", side), storetest.Slots(1, seats, people))
		if err != nil {
			t.Fatal(err)
		}
		defer p.pool.Close()
		m.peers[side] = p
		var booked atomic.Int64
		o := closedLoop(t.Context(), 0, people, time.Hour, func(ctx context.Context, n int) error {
			if m.book(side)(ctx, n) == nil {
				booked.Add(1)
			}
			return nil
		})
		if o.done != people || booked.Load() != seats {
			t.Fatalf("%d of %d done, %d booked: %v", o.done, people, booked.Load(), o.err)
		}
		var bookings, records, taken int64
		const query = "SELECT (SELECT count(*) FROM bookings), (SELECT count(*) FROM ledger), (SELECT taken FROM slots)"
		if err := p.pool.QueryRow(t.Context(), query).Scan(&bookings, &records, &taken); err != nil || bookings != seats || records != seats || taken != seats {
			t.Fatalf("%d bookings, %d records, %d taken: %v", bookings, records, taken, err)
		}
	}
}
