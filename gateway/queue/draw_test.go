package queue

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
)

// drawSeeds are tried each; a p-value is held against 0.01 / their number (Bonferroni), so that all of them together
// would fail a fair draw once in a hundred choices of seeds. They are fixed: a test that passes once always passes.
var drawSeeds = []byte{1, 19, 77, 204}

const significance = 0.01

// person is the i-th subject: a counter, the least random subjects that there can be.
func person(i int) (id subject.ID) {
	binary.BigEndian.PutUint64(id[8:], uint64(i))
	return id
}

func TestDrawIsUniformAndBlindToArrival(t *testing.T) {
	for _, seed := range drawSeeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			seal := Seal{Count: drawPeople, Seed: [32]byte{seed}, Tally: [32]byte{seed, 1}}
			ranker := seal.Ranker()
			places := make([]float64, drawPeople) // in order of arrival
			for i := range places {
				places[i] = float64(ranker.Rank(person(i))) / (1 << 64)
			}
			r := pearson(places)
			if limit := 5 / math.Sqrt(drawPeople); math.Abs(r) >= limit { // 0.005 for a million
				t.Errorf("rank and order of arrival are correlated: r = %.5f, limit %.5f", r, limit)
			}
			p := ksUniform(places)
			if p <= significance/float64(len(drawSeeds)) {
				t.Errorf("ranks of %d people are not uniform: p = %.5f", drawPeople, p)
			}
			t.Logf("%d people: Kolmogorov–Smirnov p = %.3f, correlation with arrival %.5f", drawPeople, p, r)
		})
	}
}

var gateways = []string{"a", "b", "c"}

func sealOf(t *testing.T, chain *Chain, epoch uint32, byGateway map[string]*Sketch) Seal {
	t.Helper()
	handedIn := map[string][]byte{}
	for name, sketch := range byGateway {
		b, err := sketch.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		if b != nil {
			handedIn[name] = b
		}
	}
	count, tally, err := Tally(handedIn)
	if err != nil {
		t.Fatal(err)
	}
	seed, err := chain.Seed(epoch)
	if err != nil {
		t.Fatal(err)
	}
	return Seal{Epoch: epoch, Count: count, Tally: tally, Seed: seed}
}

// A gateway is stopped and started again in the lobby, another dies and takes its newest people along; the people are
// spread over all of them. The seal that follows gives everybody one place, at every gateway that has read it.
func TestRestartsMoveNobody(t *testing.T) {
	sketches := map[string]*Sketch{"a": {}, "b": {}, "c": {}}
	var kept []byte // what c had handed in before it died
	for i := range drawPeople {
		sketches[gateways[i%3]].Add(person(i))
		switch i {
		case drawPeople / 3:
			b, err := sketches["b"].Bytes()
			if err != nil {
				t.Fatal(err)
			}
			sketches["b"] = &Sketch{}
			if err := sketches["b"].Restore(b); err != nil {
				t.Fatal(err)
			}
		case drawPeople / 2:
			var err error
			if kept, err = sketches["c"].Bytes(); err != nil {
				t.Fatal(err)
			}
		case drawPeople/2 + drawPeople/1000: // a second's worth of people is lost to the count
			sketches["c"] = &Sketch{}
			if err := sketches["c"].Restore(kept); err != nil {
				t.Fatal(err)
			}
		}
	}
	seal := sealOf(t, NewChain([32]byte{5}), Lobby, sketches)
	if off := math.Abs(float64(seal.Count)/drawPeople - 1); off > 3*sketchError+0.001 {
		t.Errorf("counted %d of %d people: %.2f %% off", seal.Count, drawPeople, 100*off)
	}
	published, err := json.Marshal(seal.Wire())
	if err != nil {
		t.Fatal(err)
	}
	first, second := testLine(), testLine()
	for _, l := range []*Line{first, second} {
		var wire api.Seal
		if err := json.Unmarshal(published, &wire); err != nil {
			t.Fatal(err)
		}
		read, err := SealFromWire(wire)
		if err != nil {
			t.Fatal(err)
		}
		l.Seals = Seals{}
		l.Seals.Append(read)
	}
	ranker, keys := seal.Ranker(), testKeys()
	for i := range drawPeople {
		ticket := Ticket{KeyID: 2, Opening: 7, Cohort: 9, Subject: person(i), IssuedAt: opensAt}
		if i%100 == 0 { // the ticket comes back as text
			text := keys.Sign(ticket)
			if ticket, err = keys.Check(text[:]); err != nil {
				t.Fatal(err)
			}
		}
		p, q := first.Place(&ticket, opensAt.Add(time.Second)), second.Place(&ticket, opensAt.Add(time.Hour))
		if p.Rank != ranker.Rank(person(i)) || p.Rank != q.Rank || p.Epoch != q.Epoch || p.Ahead != q.Ahead {
			t.Fatalf("person %d stands at %+v here and %+v there", i, p, q)
		}
	}
}

// sketchError is the standard error of a count by 2^14 registers (Flajolet and others, 2007: 1.04 / √m).
const sketchError = 1.04 / 128

func TestCountIsWithinTheSketchsError(t *testing.T) {
	for _, people := range []int{1, 10, 100, 1000, 10_000, 100_000, drawPeople} {
		one, sketches := &Sketch{}, map[string]*Sketch{"a": {}, "b": {}, "c": {}}
		for i := range people {
			one.Add(person(i))
			sketches[gateways[i%3]].Add(person(i))
			sketches[gateways[i%2]].Add(person(i)) // half of all come by two gateways
		}
		chain := NewChain([32]byte{9})
		alone := sealOf(t, chain, Lobby, map[string]*Sketch{"a": one})
		spread := sealOf(t, chain, Lobby, sketches)
		for _, count := range []uint64{alone.Count, spread.Count} {
			if off := math.Abs(float64(count) - float64(people)); off > 3*sketchError*float64(people)+0.5 {
				t.Errorf("counted %d of %d people", count, people)
			}
		}
	}
}

// The order of turns is the order of places, whoever moves the cursor in whatever steps while epochs are still being
// sealed behind it: it never passes anybody by, and nobody whose turn has come is sent back.
func TestCursorServesInTheOrderOfPlaces(t *testing.T) {
	type place struct {
		epoch uint32
		rank  uint64
	}
	const epochs = 40
	r := rand.New(rand.NewPCG(3, 3))
	chain, sketches := NewChain([32]byte{3}), make([]Sketch, epochs)
	epochOf := make([]uint32, drawPeople)
	for i := range epochOf {
		if i%3 != 0 {
			epochOf[i] = uint32(r.IntN(epochs))
		}
		sketches[epochOf[i]].Add(person(i))
	}
	seals := make([]Seal, epochs)
	rankers := make([]Ranker, epochs)
	for e := range seals {
		seals[e] = sealOf(t, chain, uint32(e), map[string]*Sketch{"a": &sketches[e]})
		rankers[e] = seals[e].Ranker()
	}
	places := make([]place, drawPeople)
	for i, e := range epochOf {
		places[i] = place{e, rankers[e].Rank(person(i))}
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.epoch, b.epoch), cmp.Compare(a.rank, b.rank))
	})
	var line Seals
	var cursor Cursor
	served, called := 0, 0.0
	for e, step := 0, 0; served < len(places); step++ {
		if e < epochs && step%2 == 0 {
			line.Append(seals[e])
			e++
		}
		people := r.Float64() * drawPeople / 25
		next := line.Advance(cursor, people)
		if next.Before(cursor) {
			t.Fatalf("step %d: back from %+v to %+v", step, cursor, next)
		}
		called += float64(line.position(next.Epoch, next.Rank) - line.position(cursor.Epoch, cursor.Rank))
		cursor = next
		n := 0
		for i, p := range places {
			below := cursor.Below(p.epoch, p.rank)
			if below && n != i {
				t.Fatalf("step %d: the cursor %+v passed somebody by", step, cursor)
			}
			if below {
				n++
			}
		}
		if n < served {
			t.Fatalf("step %d: %d people had their turn, now %d", step, served, n)
		}
		served = n
		if off := math.Abs(called - float64(served)); off > 3*sketchError*drawPeople {
			t.Fatalf("step %d: %d people were called where %.0f were meant", step, served, called)
		}
		if step > 1000 {
			t.Fatalf("stuck at %+v with %d of %d people served", cursor, served, len(places))
		}
	}
}
