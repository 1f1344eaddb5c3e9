package node_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/node"
	machine "github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/state"
)

// drawn brings a site to its opening with so many people in the lobby, nobody called in, and gives their tickets.
func (g *gateway) drawn(people int) [][]byte {
	g.site.t.Helper()
	tickets := make([][]byte, people)
	for i := range tickets {
		tickets[i] = g.join(i, nil)
	}
	g.handedIn(uint64(people))
	g.pause(true)
	g.site.at(2 * time.Second)
	g.sealedTo(0)
	return tickets
}

// handedIn waits until the lobby's sketches hold so many people, give or take what a sketch errs: the clock is about to leap
// over the time that gateways have for it.
func (g *gateway) handedIn(people uint64) {
	g.site.t.Helper()
	until(g.site.t, "the lobby is handed in", func() bool {
		var counted uint64
		var err error
		g.shared.Read(func(m *state.Model) { counted, _, err = queue.Tally(m.Sketches[opening][queue.Lobby]) })
		return err == nil && counted*100 >= people*97
	})
}

// called lets the leader call in, until the newest of these tickets has had its turn.
func (g *gateway) called(tickets ...[]byte) {
	g.site.t.Helper()
	g.pause(false)
	for _, text := range tickets {
		g.untilState(text, api.PlaceTurn)
	}
}

func TestJoiningAgainInTheLobbyIsTheSamePlace(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	a, b := s.gateway("a"), s.gateway("b")
	first := a.join(1, nil)
	if again := a.join(1, first); !bytes.Equal(again, first) {
		t.Error("joining again with the ticket gave another one")
	}
	s.at(-30 * time.Minute)
	lost := b.join(1, nil) // another gateway, half an hour later, the cookie lost
	others := b.drawn(50)
	p, q := a.place(first), b.place(lost)
	if p.Epoch != q.Epoch || p.Rank != q.Rank {
		t.Errorf("the first ticket stands at %+v, the one after the lost cookie at %+v", p, q)
	}
	if n := b.Snapshot().LineByID(opening).Seals.Total(); n < 48 || n > 52 {
		t.Errorf("%d people are counted of %d", n, len(others))
	}
}

func TestJoiningFromAnotherDeviceLaterIsNeverBetter(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	g := s.gateway("a")
	tickets := g.drawn(30)
	later := make([][]byte, len(tickets))
	for i := range later {
		text, _, _, err := g.Join(number(t, i), "", nil, s.opens.Add(time.Duration(3+i)*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		later[i] = text[:]
	}
	s.at(time.Minute)
	g.sealedTo(uint32(4 + len(later)))
	for i, text := range tickets {
		p, q := g.place(text), g.place(later[i])
		if q.Epoch <= p.Epoch || q.Ahead <= p.Ahead {
			t.Errorf("person %d came back %d s later and stands at %+v, before %+v", i, 3+i, q, p)
		}
		if kept := g.join(i, text); !bytes.Equal(kept, text) {
			t.Errorf("person %d joined again with the first ticket and lost it", i)
		}
	}
}

// Whoever drops the cookie and joins again in every epoch makes the line no longer for those behind.
func TestJoiningInEveryEpochCountsOnce(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	g := s.gateway("a")
	g.drawn(30)
	for i := range 30 {
		for epoch := range 20 {
			if _, _, _, err := g.Join(number(t, i), "", nil, s.opens.Add(time.Duration(3+epoch)*time.Second)); err != nil {
				t.Fatal(err)
			}
		}
	}
	s.at(time.Minute)
	g.sealedTo(24)
	if n := g.Snapshot().LineByID(opening).Seals.Total(); n < 28 || n > 32 {
		t.Errorf("%d people are counted of 30", n)
	}
}

// A ticket of another person in the cookie jar must not be handed to the one who joins now, nor one of another key.
func TestSomebodyElsesTicketIsNotKept(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	g := s.gateway("a")
	hers := g.join(1, nil)
	for name, held := range map[string][]byte{"hers": hers, "none": []byte("x"), "cut": hers[:60]} {
		his, ticket, _, err := g.Join(number(t, 3), "", held, g.Now())
		if err != nil || bytes.Equal(his[:], hers) || ticket.Subject != g.Subject(number(t, 3)) {
			t.Errorf("%s: %+v, %v", name, ticket, err)
		}
	}
}

func TestMissedTurnIsGoodUntilTheClose(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	g := s.gateway("a")
	tickets := g.drawn(20)
	g.called(tickets...)
	s.at(3*time.Hour - 10*time.Second) // long after their turn
	for i, text := range tickets[:10] {
		g.untilState(text, api.PlaceTurn)
		until(t, "the backend has reported", func() bool { _, err := g.Enter(context.Background(), text, g.Now()); return err == nil })
		if again, err := g.Enter(context.Background(), text, g.Now()); err != nil || again.Pass == "" {
			t.Errorf("person %d cannot enter a second time: %v", i, err)
		}
	}
	s.at(3 * time.Hour)
	if p := g.place(tickets[0]); p.State != api.PlaceClosed {
		t.Errorf("after the close: %+v", p)
	}
	if _, err := g.Enter(context.Background(), tickets[15], g.Now()); !isRefused(err, node.Closed) {
		t.Errorf("entering after the close: %v", err)
	}
}

func TestStockRunsOutAndComesBackWhileWaiting(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	g := s.gateway("a")
	tickets := g.drawn(40)
	before := g.standing(tickets)
	s.stock.Store(0)
	for _, text := range tickets {
		p := g.untilState(text, api.PlaceClosed)
		if p.Outlook != "gone" || !strings.Contains(p.Reason, "모두 예약") || !strings.Contains(p.Reason, "All doses") {
			t.Fatalf("who waits for doses that are gone is told %+v", p)
		}
	}
	if _, err := g.Enter(context.Background(), tickets[0], g.Now()); !isRefused(err, node.Closed) {
		t.Errorf("entering with nothing left: %v", err)
	}
	if _, _, _, err := g.Join(number(t, 99), "", nil, g.Now()); !isRefused(err, node.Closed) {
		t.Errorf("joining with nothing left: %v", err)
	}
	s.stock.Store(5) // cancellations
	for _, text := range tickets {
		g.untilState(text, api.PlacePaused)
	}
	for i, now := range g.standing(tickets) {
		if now != before[i] {
			t.Errorf("person %d stood at %+v and stands at %+v", i, before[i], now)
		}
	}
}

// The half of the people whose cohort is paused are passed by: their turn counts as come, and they enter when it goes on.
func TestCohortPausedWhileItsTurnComes(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	g := s.gateway("a")
	tickets := g.drawn(40)
	before := g.standing(tickets)
	g.pauseCohort("odd", true)
	g.pause(false)
	for i, text := range tickets {
		if i%2 == 0 {
			g.untilState(text, api.PlaceTurn)
		}
	}
	for i := 1; i < len(tickets); i += 2 {
		p := g.untilState(tickets[i], api.PlacePaused)
		if p.Reason != "백신 배송 지연" {
			t.Fatalf("person %d of the paused cohort is told %+v", i, p)
		}
		if _, err := g.Enter(context.Background(), tickets[i], g.Now()); !isRefused(err, node.Paused) {
			t.Fatalf("person %d of the paused cohort enters: %v", i, err)
		}
		if p.Epoch != before[i].epoch || p.Rank != before[i].rank {
			t.Errorf("person %d stood at %+v and stands at %+v", i, before[i], p)
		}
	}
	g.pauseCohort("odd", false)
	for _, text := range tickets {
		g.untilState(text, api.PlaceTurn)
		if _, err := g.Enter(context.Background(), text, g.Now()); err != nil {
			t.Fatalf("entering after the pause: %v", err)
		}
	}
}

func (g *gateway) pauseCohort(id string, paused bool) {
	g.site.t.Helper()
	action := machine.ActionResume
	if paused {
		action = machine.ActionPause
	}
	g.order(machine.Command{Action: action, Cohort: id, Reason: "백신 배송 지연"})
	g.Renew()
}

// The last instant of an epoch still belongs to it, the first of the next one does not. Who was stamped in that last
// instant and is counted only after the sketch has gone out keeps the place all the same.
func TestJoinInTheLastInstant(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	g := s.gateway("a")
	for i, c := range []struct {
		after time.Duration
		epoch uint32
	}{{-time.Nanosecond, 0}, {0, 1}, {time.Second - time.Nanosecond, 1}, {time.Second, 2}, {10*time.Minute - time.Nanosecond, 600}, {10 * time.Minute, 601}, {10*time.Minute + 5*time.Second, 602}} {
		_, ticket, _, err := g.Join(number(t, 900+i), "", nil, s.opens.Add(c.after))
		if err != nil || ticket.Epoch != c.epoch {
			t.Errorf("joined %v after the opening: epoch %d, want %d; %v", c.after, ticket.Epoch, c.epoch, err)
		}
	}
	g.drawn(30)
	slow, _, _, err := g.Join(number(t, 500), "", nil, s.opens.Add(-time.Nanosecond)) // stamped before the seal, counted after
	if err != nil {
		t.Fatal(err)
	}
	p := g.place(slow[:])
	if p.Epoch != 0 || p.Ahead == queue.Unknown {
		t.Errorf("stamped in the last instant: %+v", p)
	}
	g.called(slow[:])
	if _, err := g.Enter(context.Background(), slow[:], g.Now()); err != nil {
		t.Errorf("and cannot enter: %v", err)
	}
}

// A lobby by order of arrival is served second by second; a draw decides within a second.
func TestLobbyByArrival(t *testing.T) {
	s := newSite(t, cohort.OrderArrival)
	g := s.gateway("a")
	lobby := s.opens.Add(-2 * time.Hour)
	const seconds, each = 5, 8
	var tickets [][]byte
	for i := range seconds * each {
		at := lobby.Add(time.Duration(i/each)*time.Second + time.Duration(i%each)*time.Millisecond)
		text, ticket, _, err := g.Join(number(t, i), "", nil, at)
		if err != nil || ticket.Epoch != uint32(1+i/each) {
			t.Fatalf("person %d, second %d: epoch %d, %v", i, i/each, ticket.Epoch, err)
		}
		tickets = append(tickets, text[:])
	}
	again, ticket, _, err := g.Join(number(t, 0), "", nil, lobby.Add(time.Minute))
	if err != nil || ticket.Epoch != 61 {
		t.Errorf("the first person again, a minute later: epoch %d, %v", ticket.Epoch, err)
	}
	g.pause(true)
	s.at(time.Second)
	g.sealedTo(61)
	inOrder := true
	for i := 1; i < len(tickets); i++ {
		p, q := g.place(tickets[i-1]), g.place(tickets[i])
		if q.Epoch < p.Epoch {
			t.Errorf("person %d came before person %d and stands behind: %+v, %+v", i-1, i, p, q)
		}
		inOrder = inOrder && (q.Epoch != p.Epoch || q.Rank > p.Rank)
	}
	if inOrder {
		t.Error("within each second people stand in order of arrival: that is no draw")
	}
	if first, later := g.place(tickets[0]), g.place(again[:]); later.Epoch <= first.Epoch {
		t.Errorf("coming again made it better: %+v, %+v", first, later)
	}
}
