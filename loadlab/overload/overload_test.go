package overload

import (
	"bufio"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/loadlab/overload/load"
	"github.com/daemun/daemun/loadlab/overload/result"
)

// flat is a time line with a value in each cell.
func flat(n int, v float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func TestRecovered(t *testing.T) {
	for name, c := range map[string]struct {
		bend func([]float64)
		want time.Duration
	}{
		"at once":                {func([]float64) {}, 0},
		"after half a second":    {func(v []float64) { copy(v[30:35], flat(5, 0)) }, 500 * time.Millisecond},
		"falls again":            {func(v []float64) { copy(v[50:52], flat(2, 0)) }, 2200 * time.Millisecond},
		"what was before":        {func(v []float64) { copy(v[:25], flat(25, 0)) }, 0},
		"less than five percent": {func(v []float64) { copy(v[30:40], flat(10, 770)) }, 0},
	} {
		v := flat(90, 800)
		c.bend(v)
		if got := recovered(v, 3*time.Second, 9*time.Second, 0); got != c.want {
			t.Errorf("%s: %v, %v wanted", name, got, c.want)
		}
	}
}

func TestBackAfter(t *testing.T) {
	v := flat(100, 640)
	copy(v[:62], flat(62, 10))
	if got := backAfter(v, 5*time.Second, 10*time.Second, 640); got < 1100*time.Millisecond || got > 1300*time.Millisecond {
		t.Errorf("%v, about 1.2 s wanted", got)
	}
	if got := backAfter(flat(100, 500), 5*time.Second, 10*time.Second, 640); got != 5*time.Second {
		t.Errorf("never back: %v", got)
	}
}

func TestByLot(t *testing.T) {
	if got := byLot(1, 2); math.Abs(got-0.5) > 1e-6 {
		t.Errorf("one call at 2 C: %g", got)
	}
	// Two calls: p + p² = 1, the golden section; the journey is p².
	p := (math.Sqrt(5) - 1) / 2
	if got := byLot(2, 2); math.Abs(got-p*p) > 1e-6 {
		t.Errorf("two calls at 2 C: %g, %g wanted", got, p*p)
	}
	if got := byLot(3, 0.5); math.Abs(got-1) > 1e-6 {
		t.Errorf("with room for all: %g", got)
	}
}

func TestWalkCountsJourneysThatBeganInTime(t *testing.T) {
	w := &walk{calls: 2, from: time.Second, to: 2 * time.Second}
	go1 := func(n uint64, due time.Duration, outcomes ...load.Outcome) {
		r := load.Request{Number: n, Due: due}
		for i, o := range outcomes {
			next, ok := w.next(r, o, r.Due+time.Millisecond)
			if want := o == load.Good && i == 0; ok != want {
				t.Fatalf("journey %d goes on: %v", n, ok)
			}
			r = next
		}
	}
	go1(1, 1500*time.Millisecond, load.Good, load.Good)
	go1(2, 1500*time.Millisecond, load.Good, load.Shed)
	go1(3, 1500*time.Millisecond, load.Shed)
	go1(4, 500*time.Millisecond, load.Good, load.Good)
	go1(5, 1999*time.Millisecond, load.Good, load.Good) // ends after the time
	if got := w.completed(); got != 0.5 {
		t.Errorf("%g completed, 2 of 4 wanted", got)
	}
}

// TestPausesDiffer: people do not come back in step, but at the same times whoever is under test.
func TestPausesDiffer(t *testing.T) {
	seen := map[time.Duration]bool{}
	for n := range uint64(1000) {
		r := load.Request{Number: n, Step: uint8(n % 4)}
		p := pause(r)
		if p < leastPause || p > mostPause || p != pause(r) {
			t.Fatalf("%v", p)
		}
		seen[p/time.Millisecond] = true
	}
	if len(seen) < 150 {
		t.Errorf("%d different pauses", len(seen))
	}
}

// TestJourneysAreAsManyAsTheyAreLong: at every load at least as many begin in the time as there are requests at capacity, and
// the longest ones are made wherever not everybody gets through.
func TestJourneysAreAsManyAsTheyAreLong(t *testing.T) {
	all := goings([]float64{0.5, 1, 1.2, 2, 33})
	want := []going{{1, 2}, {2, 2}, {3, 2}, {4, 2}, {4, 1.2}, {4, 33}}
	if !slices.Equal(all, want) {
		t.Errorf("%v, %v wanted", all, want)
	}
	const measure, c = 3 * time.Second, 800.0
	for _, g := range all {
		lasts := g.lasts(measure, c)
		begun := g.load / float64(g.calls) * lasts.Seconds() // times C
		if lasts < measure || begun < 0.999*measure.Seconds() {
			t.Errorf("%v lasts %v", g, lasts)
		}
	}
}

// TestChanceDoesNotHideJourneys: calls let through by lot complete a share of their journeys that differs from one measurement to
// the next. Near capacity too it stays within a third of what order wins, nearly always.
func TestChanceDoesNotHideJourneys(t *testing.T) {
	const measure, c = 3 * time.Second, 800.0
	r := rand.New(rand.NewPCG(1, 2))
	for _, load := range []float64{1.2, 1.5, 2} {
		g := going{result.Longest, load}
		lot := byLot(g.calls, load)
		offered := load * c * g.lasts(measure, c).Seconds()
		apart := 0
		for range 1000 {
			came := offered + math.Sqrt(offered)*r.NormFloat64()
			if math.Abs(byLot(g.calls, load*came/offered)-lot) > (1/load-lot)/3 {
				apart++
			}
		}
		if apart > 10 {
			t.Errorf("%g ×: chance hid it %d times of 1000", load, apart)
		}
	}
	if got := (going{result.Longest, 1.01}).lasts(measure, c); got > longestWalk {
		t.Errorf("hardly too much is measured for %v", got)
	}
}

func TestLimitWatch(t *testing.T) {
	w := &limitWatch{}
	for i := range 100 {
		limit := 16.0
		if i < 60 {
			limit = 64
		}
		w.samples = append(w.samples, limitSample{time.Duration(i) * load.Grain, limit + float64(i%2)}) // probes
	}
	if got, ok := w.followed(5*time.Second, 10*time.Second); !ok || got < 700*time.Millisecond || got > time.Second {
		t.Errorf("%v, %v: about 0.9 s wanted", got, ok)
	}
	if cells := w.cells(); len(cells) != 100 || cells[0] != 64 || cells[99] != 17 {
		t.Errorf("%d cells", len(cells))
	}
	if _, ok := (&limitWatch{}).followed(0, time.Second); ok {
		t.Error("a limit that nobody saw was followed")
	}
}

func TestRequestsAreWellFormedAndAllDifferent(t *testing.T) {
	g := &ours{}
	g.passes.Store(&[]string{"first", "second"})
	for _, s := range []*system{{address: "127.0.0.1:1", ours: g}, {address: "127.0.0.1:2"}} {
		seen := map[string]bool{}
		for _, nonce := range []uint64{1, 2} {
			encode := s.encoder(nonce, false)
			for n := range uint64(8) {
				for step := range uint8(2) {
					text := string(encode(nil, &load.Request{Number: n, Class: uint8(n % 4), Step: step, Person: uint32(n)}))
					req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
					if err != nil {
						t.Fatalf("%v:\n%s", err, text)
					}
					if shows := strings.HasPrefix(req.Header.Get("Authorization"), "Pass "); shows != (s.ours != nil && n%4 < 3) {
						t.Errorf("class %d shows a pass: %v", n%4, shows)
					}
					if seen[text] {
						t.Errorf("twice the same:\n%s", text)
					}
					seen[text] = true
				}
			}
		}
		encode := s.encoder(3, false)
		first, again := encode(nil, &load.Request{Number: 4}), encode(nil, &load.Request{Number: 4, Attempt: 1, Due: time.Second})
		if string(first) != string(again) {
			t.Error("what is sent again is not the same")
		}
	}
}

func TestOptionsSayWhatIsWrong(t *testing.T) {
	right := func() Options {
		o := Options{Names: []string{"curve"}, Repeats: 1, Measure: time.Second}
		o.Site.Places, o.Site.ServiceMS, o.Site.Speed = 16, 20, 1
		return o
	}
	if o := right(); o.Settle() != nil || len(o.Points) != len(CurvePoints) {
		t.Error("usual options were refused")
	}
	for name, bend := range map[string]func(*Options){
		"experiment": func(o *Options) { o.Names = []string{"other"} },
		"system":     func(o *Options) { o.Systems = []string{"other"} },
		"points":     func(o *Options) { o.Points = []float64{-1, 2} },
		"repeats":    func(o *Options) { o.Repeats = 0 },
		"places":     func(o *Options) { o.Site.Places = 0 },
	} {
		o := right()
		bend(&o)
		if o.Settle() == nil {
			t.Errorf("%s: nothing was said", name)
		}
	}
}

func TestTurnsChangeWithTheRepeat(t *testing.T) {
	l := &Lab{systems: map[string]*system{}}
	for _, name := range []string{"ours", "none", "haproxy"} {
		l.systems[name] = &system{name: name}
	}
	var first []string
	for repeat := range 3 {
		turns := l.turns("curve", repeat)
		if len(turns) != 3 {
			t.Fatalf("%d systems", len(turns))
		}
		first = append(first, turns[0].name)
	}
	if strings.Join(first, " ") != "ours none haproxy" {
		t.Errorf("first are %v", first)
	}
}
