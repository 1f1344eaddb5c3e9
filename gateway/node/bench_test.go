package node_test

import (
	"testing"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/subject"
)

func BenchmarkJoin(b *testing.B) {
	s := newSite(b, cohort.OrderDraw)
	g := s.gateway("a")
	people := make([]subject.Number, 10_000)
	for i := range people {
		people[i] = number(b, i)
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if _, _, _, err := g.Join(people[i%len(people)], "", nil, s.opens); err != nil {
			b.Fatal(err)
		}
		i++
	}
}

func BenchmarkTicketCheckAndPlace(b *testing.B) {
	s := newSite(b, cohort.OrderDraw)
	g := s.gateway("a")
	text := g.drawn(100)[0]
	now := s.now()
	buf := make([]byte, 0, 1024)
	b.ReportAllocs()
	for b.Loop() {
		t, line, err := g.Locate(text)
		if err != nil {
			b.Fatal(err)
		}
		p := line.Place(&t, now)
		buf = line.AppendPlace(buf[:0], text, &t, &p, now)
	}
}

func TestJoinsAllocateNothing(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	g := s.gateway("a")
	who := number(t, 1)
	g.join(1, nil)
	g.stop() // its rounds allocate
	if n := testing.AllocsPerRun(1000, func() { _, _, _, _ = g.Join(who, "", nil, s.opens) }); n != 0 {
		t.Errorf("a join allocates %v times", n)
	}
}
