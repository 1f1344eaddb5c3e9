package load

import (
	"context"
	"errors"
	"math"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"
	"pgregory.net/rapid"

	"github.com/daemun/daemun/loadlab/overload/site"
)

func TestMixIsWhatItSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := rapid.Float64Range(10, 5000).Draw(t, "c")
		multiple := rapid.Float64Range(0.1, 40).Draw(t, "multiple")
		m := Mix(c, multiple)
		if math.Abs(m.Sum()-c*multiple) > 1e-6*c*multiple {
			t.Fatalf("%v is not %g × %g", m, multiple, c)
		}
		if multiple >= 0.5 && (math.Abs(m[0]-0.3*c) > 1e-9*c || math.Abs(m[1]-0.2*c) > 1e-9*c) {
			t.Fatalf("P0 and P1 are %v of %g", m[:2], c)
		}
		if multiple > 0.6 && math.Abs(m[2]/m[3]-0.75) > 1e-9 {
			t.Fatalf("P2 to P3 is %g", m[2]/m[3])
		}
	})
}

func TestTableKeepsRatesAndOrder(t *testing.T) {
	phases := []Phase{{10 * time.Second, Rates{100, 50, 0, 400}}, {5 * time.Second, Rates{0, 0, 1000, 0}}}
	table := Table(phases, 7)
	var counts [2][Classes]float64
	for i, d := range table {
		if i > 0 && d.At < table[i-1].At {
			t.Fatal("not in order")
		}
		counts[min(1, int(d.At/(10*time.Second)))][d.Class]++
	}
	for p, want := range [2][Classes]float64{{1000, 500, 0, 4000}, {0, 0, 5000, 0}} {
		for c, n := range want {
			if math.Abs(counts[p][c]-n) > 5*math.Sqrt(n) {
				t.Errorf("phase %d P%d: %g due, about %g wanted", p, c, counts[p][c], n)
			}
		}
	}
	if again := Table(phases, 7); !slices.Equal(table, again) {
		t.Error("the same seed gives another table")
	}
	if Length(phases) != 15*time.Second {
		t.Error("the phases last 15 s")
	}
}

const ms = time.Millisecond

func at(class uint8, due time.Duration) *Request { return &Request{Class: class, Due: due} }

func TestInversions(t *testing.T) {
	tally := NewTally(time.Second, 2*time.Second)
	record := func(class uint8, o Outcome, sent time.Duration) { tally.Record(at(class, sent), o, sent, sent+50*ms) }
	record(0, Shed, 1010*ms) // alone
	record(0, Shed, 1110*ms) // with a P3 that was admitted in the same grain
	record(1, TimedOut, 1150*ms)
	record(3, Good, 1199*ms)
	record(0, Good, 1210*ms)
	record(2, Late, 1220*ms) // late or not, it was admitted
	record(1, Shed, 1230*ms)
	record(1, Refused, 1240*ms) // with a reason of the person's own
	record(0, Shed, 1310*ms)
	record(1, Good, 1320*ms) // P1 before P0 is none
	record(0, Shed, 500*ms)  // warm-up
	record(3, Good, 510*ms)
	if got := tally.Figures().Inversions; got != 3 {
		t.Errorf("%d inversions, 3 wanted", got)
	}
}

func TestFiguresCountTheWindowOnly(t *testing.T) {
	tally := NewTally(time.Second, 3*time.Second)
	for i := range 40 { // ten a second, for four seconds
		due := time.Duration(i) * 100 * ms
		o := Good
		if i%4 == 0 {
			o = Shed
		}
		q := at(0, due)
		q.begun = due + 2*ms
		tally.Record(q, o, due+2*ms, due+30*ms)
	}
	again := Request{Class: 0, Due: 1500 * ms, Attempt: 1, begun: 1700 * ms}
	tally.Record(&again, Good, 1700*ms, 1800*ms) // tardy, and no original
	f := tally.Figures()
	if f.Originals != 20 || f.Attempts != 21 || f.Offered != 10 || f.Counts[0]["good"] != 16 || f.Counts[0]["shed"] != 5 || f.OK[1] != 1 {
		t.Errorf("%+v", f)
	}
	if want := 20.0 / 21; math.Abs(f.Achieved-want) > 1e-9 {
		t.Errorf("achieved %g, %g wanted", f.Achieved, want)
	}
	if f.Goodput != 8 {
		t.Errorf("goodput %g, 8 wanted", f.Goodput)
	}
}

func TestResendIsBounded(t *testing.T) {
	follow := Resend(4)
	r := Request{Number: 7, Due: time.Second}
	n := 0
	for {
		next, ok := follow(r, TimedOut, r.Due+3*time.Second)
		if !ok {
			break
		}
		if next.Due != r.Due+3*time.Second || next.Number != 7 {
			t.Fatalf("%+v", next)
		}
		r = next
		n++
	}
	if n != 4 {
		t.Errorf("sent again %d times", n)
	}
	for _, o := range []Outcome{Good, Late, Shed, Refused, Unsent} {
		if _, ok := follow(Request{}, o, 0); ok {
			t.Errorf("sent again after %v", o)
		}
	}
}

func TestFollowUpsComeInOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var f followUps
		dues := rapid.SliceOf(rapid.IntRange(0, 1000)).Draw(t, "dues")
		for _, d := range dues {
			f.push(Request{Due: time.Duration(d)})
		}
		slices.Sort(dues)
		for _, d := range dues {
			if d > 0 {
				if _, ok := f.due(time.Duration(d) - 1); ok {
					t.Fatal("came before it was due")
				}
			}
			if r, ok := f.due(time.Duration(d)); !ok || r.Due != time.Duration(d) {
				t.Fatalf("%v, %v at %d", r, ok, d)
			}
		}
	})
}

func TestPeopleGetAboutTheSame(t *testing.T) {
	var counts [100]int
	for n := range uint64(100_000) {
		counts[person(n, 100)]++
	}
	if least, most := slices.Min(counts[:]), slices.Max(counts[:]); least < 800 || most > 1200 {
		t.Errorf("between %d and %d of 1000", least, most)
	}
}

// serve serves on a free port of this machine.
func serve(t *testing.T, h fasthttp.RequestHandler) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &fasthttp.Server{Handler: h, Logger: nolog{}}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

type nolog struct{}

func (nolog) Printf(string, ...any) {}

func plain(out []byte, r *Request) []byte {
	return append(strconv.AppendUint(append(out, "GET /v1/leftovers?page="...), r.Number, 10), " HTTP/1.1\r\nHost: test\r\n\r\n"...)
}

// Nothing is asserted of how fast it goes: only that everything that was due was sent and counted once, as what it was.
func TestRunCountsEverythingOnce(t *testing.T) {
	s := site.New(site.Setting{Places: 100, ServiceMS: 1, Speed: 1})
	kept := []byte(site.Stamp + `1,"filler":""}`)
	h := s.Server(200).Handler
	address := serve(t, func(ctx *fasthttp.RequestCtx) {
		switch ctx.QueryArgs().GetUintOrZero("page") % 5 {
		case 0:
			ctx.SetStatusCode(503)
		case 1:
			ctx.SetBody(kept)
		case 2:
			ctx.SetStatusCode(404)
		case 3:
			ctx.SetStatusCode(500)
		default:
			h(ctx)
		}
	})
	table := Table([]Phase{{time.Second, Rates{200, 200, 200, 400}}}, 1)
	tally := NewTally(0, time.Second)
	err := Run(t.Context(), Options{Conns: 100, Address: address, Table: table, End: time.Second, Level: time.Minute, Timeout: time.Minute, Encode: plain, Tally: tally})
	if err != nil {
		t.Fatal(err)
	}
	f := tally.Figures()
	sum := map[string]int64{}
	for _, c := range f.Counts {
		for o, n := range c {
			sum[o] += n
		}
	}
	n := int64(len(table))
	if f.Originals != n || f.Attempts != n {
		t.Errorf("%d due, %d originals, %d attempts", n, f.Originals, f.Attempts)
	}
	for i, o := range []string{"shed", "stale", "refused", "broken", "good"} {
		if want := (n - int64(i) + 4) / 5; sum[o] != want {
			t.Errorf("%d %s, %d wanted: %v", sum[o], o, want, sum)
		}
	}
}

func TestRunGivesUpAndSendsAgain(t *testing.T) {
	var asked atomic.Int64
	hold := make(chan struct{})
	address := serve(t, func(ctx *fasthttp.RequestCtx) {
		asked.Add(1)
		<-hold
	})
	defer close(hold)
	tally := NewTally(0, time.Minute)
	err := Run(t.Context(), Options{Conns: 100, Address: address, Table: Clients(3), End: time.Second, Level: 100 * ms, Timeout: 100 * ms, Encode: plain,
		Follow: Resend(2), Tally: tally})
	if err != nil {
		t.Fatal(err)
	}
	if f := tally.Figures(); f.Originals != 3 || f.Attempts != 9 || asked.Load() != 9 {
		t.Errorf("%d originals, %d attempts, %d asked", f.Originals, f.Attempts, asked.Load())
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := Run(ctx, Options{Conns: 100, Address: "127.0.0.1:1", Table: Clients(1), End: time.Hour, Timeout: time.Second, Encode: plain, Tally: NewTally(0, time.Hour)})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// A refused connection is an attempt that was lost, not one that never was.
func TestNobodyListens(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	tally := NewTally(0, time.Second)
	if err := Run(t.Context(), Options{Conns: 100, Address: l.Addr().String(), Table: Clients(4), End: 50 * ms, Level: time.Second, Timeout: time.Second, Encode: plain, Tally: tally}); err != nil {
		t.Fatal(err)
	}
	if f := tally.Figures(); f.Attempts != 4 || f.Counts[0]["lost"] != 1 {
		t.Errorf("%+v", f)
	}
}

func BenchmarkTable(b *testing.B) {
	for b.Loop() {
		Table([]Phase{{time.Second, Mix(800, 33)}}, 1)
	}
}

// Where all connections are held, requests wait and are given up in time; they were offered, and not sent.
func TestConnectionsAreBounded(t *testing.T) {
	hold := make(chan struct{})
	address := serve(t, func(*fasthttp.RequestCtx) { <-hold })
	defer close(hold)
	tally := NewTally(0, time.Minute)
	err := Run(t.Context(), Options{Conns: 2, Address: address, Table: Clients(5), End: 50 * ms, Level: time.Second, Timeout: 200 * ms, Encode: plain, Tally: tally})
	if err != nil {
		t.Fatal(err)
	}
	sum := map[string]int64{}
	for _, c := range tally.Figures().Counts {
		for o, n := range c {
			sum[o] += n
		}
	}
	// Who waits for a connection may get one of those that others gave up, just before giving up as well.
	if sum["timed_out"]+sum["unsent"] != 5 || sum["timed_out"] < 2 {
		t.Errorf("%v", sum)
	}
}
