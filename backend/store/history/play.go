package history

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/storetest"
)

// at is when an act takes place: holds of the one before are over by then.
func (g *game) at(act int) time.Time {
	return storetest.Now.Add(time.Duration(g.round*len(g.script.Acts)+act) * 10 * time.Minute)
}

// game is one history at play.
type game struct {
	site   *Site
	id     string
	first  int // number of the history in its store
	round  int
	script *Script
	start  time.Time

	mu      sync.Mutex
	tries   [people][keys]int
	seen    []porcupine.Operation
	expired bool // an expire was noted
}

// person is a person's number among those of all histories.
func (g *game) person(n int) int { return g.first*people + n }

// number is what a try brings along. ABCDE-23456 is what real ones look like.
func (g *game) number(person, key, try int) string {
	return fmt.Sprintf("%05d-%d%d%03d", g.first, person, key, try)
}

func (g *game) prepare(ctx context.Context) error {
	in := storetest.Slots(slots, 0, int64(g.script.Stock))
	in.Opening = g.id
	for i := range in.Slots {
		in.Slots[i].Capacity = g.script.Capacity[i]
	}
	if err := persist(func() error { return g.site.Store().Import(ctx, in) }); err != nil {
		return err
	}
	for n := range people {
		a := storetest.AdmissionOf(g.person(n), 0, g.at(0))
		a.Opening = g.id
		if err := persist(func() error { _, err := g.site.Store().Admit(ctx, a); return err }); err != nil {
			return err
		}
	}
	return nil
}

// persist asks again while nobody knows.
func persist(do func() error) error {
	for {
		err := do()
		if kind := booking.KindOf(err); kind != booking.Unavailable && kind != booking.Overloaded {
			return err
		}
		time.Sleep(time.Millisecond)
	}
}

// play has everybody do what the script says of one act.
func (g *game) play(ctx context.Context, act int) {
	var wg sync.WaitGroup
	for client, steps := range g.script.Acts[act] {
		wg.Go(func() {
			for _, a := range steps {
				if !g.step(ctx, client, act, a) {
					g.recover(ctx, act)
				}
			}
		})
	}
	wg.Wait()
}

// step takes a step and tells whether what became of it is known.
func (g *game) step(ctx context.Context, client, act int, a Action) (sure bool) {
	if a.Leave != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, a.Leave)
		defer cancel()
	}
	in := input{verb: a.Verb, person: a.Person, slot: a.Slot, key: a.Key, act: act, shape: g.script}
	g.mu.Lock()
	switch tries := &g.tries[a.Person][a.Key]; {
	case a.Verb == Book:
		*tries++
		in.number = *tries
	case *tries > 0:
		in.number = a.Pick%*tries + 1
	}
	g.mu.Unlock()
	from := time.Since(g.start)
	out, done := g.do(ctx, &in)
	if done {
		g.note(client, in, out, from, time.Since(g.start))
	}
	return done && !out.unsure
}

func (g *game) note(client int, in input, out output, from, to time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	op := porcupine.Operation{ClientId: client, Input: in, Output: out, Call: int64(from), Return: int64(to)}
	if !out.unsure {
		g.seen = append(g.seen, op)
		return
	}
	op.Return = forever
	if in.verb != Look && in.verb != Held && in.verb != Count {
		g.seen = append(g.seen, op)
	}
	if in.act > 0 && !g.expired { // what was over by then may have ended, whatever became of the rest; once is enough
		g.expired = true
		in.verb = expire
		op.Input = in
		g.seen = append(g.seen, op)
	}
}

// do asks the store; false means that it surely did nothing because too much was asked of it.
func (g *game) do(ctx context.Context, in *input) (output, bool) {
	out, err := g.ask(ctx, g.site.Store(), in)
	var refusal *booking.Error
	switch {
	case err == nil:
		return out, true
	case !errors.As(err, &refusal):
		return output{kind: booking.Kind(err.Error())}, true // which no clerk says
	case refusal.Kind == booking.Overloaded:
		return output{}, false
	case refusal.Kind == booking.Unavailable:
		return output{unsure: true}, true
	}
	return output{kind: refusal.Kind}, true
}

func (g *game) ask(ctx context.Context, s booking.Store, in *input) (output, error) {
	person := g.person(in.person)
	switch in.verb {
	case Book:
		o := storetest.OrderOf(person, storetest.SlotID(in.slot), fmt.Sprint("key-", in.key))
		o.Opening, o.No, o.BookedAt = g.id, g.number(in.person, in.key, in.number), g.at(in.act)
		p, err := s.Book(ctx, o)
		return g.told(&p.Booking, p.Replayed, in), err
	case Change:
		b, err := s.Change(ctx, booking.Move{No: g.number(in.person, in.key, in.number), Slot: storetest.SlotID(in.slot), At: g.at(in.act)})
		return g.told(&b, false, in), err
	case Cancel:
		b, err := s.Cancel(ctx, booking.Withdrawal{No: g.number(in.person, in.key, in.number), By: booking.ByPerson, At: g.at(in.act)})
		return g.told(&b, false, in), err
	case Look:
		b, err := s.Booking(ctx, g.number(in.person, in.key, in.number))
		return g.told(&b, false, in), err
	case Hold:
		c := storetest.ClaimOf(person, storetest.SlotID(in.slot), g.at(in.act))
		c.Opening = g.id
		h, err := s.Hold(ctx, c)
		return output{slot: slotNumber(h.Slot)}, err
	case Held:
		h, err := s.Holding(ctx, g.id, storetest.Person(person), g.at(in.act))
		return output{slot: slotNumber(h.Slot)}, err
	case Release:
		return output{}, s.Release(ctx, g.id, storetest.Person(person), g.at(in.act))
	}
	c, err := g.count(ctx, s, in.act)
	return output{left: c}, err
}

// told is what an answer says; -1 is what no clerk answers.
func (g *game) told(b *booking.Booking, replayed bool, in *input) output {
	out := output{number: -1, slot: slotNumber(b.Slot), ended: b.Status == booking.Cancelled, replayed: replayed}
	var first, rest int
	if _, err := fmt.Sscanf(b.No, "%05d-%05d", &first, &rest); err == nil && b.No == g.number(in.person, in.key, rest%1000) {
		out.number = rest % 1000
	}
	if b.Subject != storetest.Person(g.person(in.person)) || b.Opening != g.id {
		out.number = -1
	}
	return out
}

func slotNumber(id string) int {
	for n := range slots {
		if id == storetest.SlotID(n) {
			return n
		}
	}
	return -1
}

// count reads what the opening has left, once everything that is over has gone out of it.
func (g *game) count(ctx context.Context, s booking.Store, act int) (counts, error) {
	s.Expire(g.at(act))
	if err := s.Append(ctx, nil, g.at(act)); err != nil { // operations are taken in their order
		return counts{}, err
	}
	o := s.Catalog().Opening(g.id)
	if o == nil {
		return counts{left: -1}, nil
	}
	c := counts{left: int(o.Left()), held: int(o.Held()), booked: int(o.Booked())}
	for n := range slots {
		c.slots[n] = o.Slot(storetest.SlotID(n)).Left()
	}
	return c, nil
}

// end asks about everything that anybody may have been given, when all is quiet: each number, each key and what is left.
func (g *game) end(ctx context.Context) {
	last := len(g.script.Acts) - 1
	for person := range people {
		for key := range keys {
			tries := g.tries[person][key]
			for try := range tries {
				g.surely(ctx, last, Action{Verb: Look, Person: person, Key: key, Pick: try})
			}
			if tries > 0 {
				g.surely(ctx, last, Action{Verb: Book, Person: person, Key: key})
			}
		}
		g.surely(ctx, last, Action{Verb: Held, Person: person})
	}
	g.surely(ctx, last, Action{Verb: Count})
}

// surely takes a step again until somebody knows.
func (g *game) surely(ctx context.Context, act int, a Action) {
	for !g.step(ctx, ending, act, a) {
		g.recover(ctx, act)
	}
}

// recover waits until the store answers. Each step that nobody knows of doubles the orders there are to try.
func (g *game) recover(ctx context.Context, act int) {
	_ = persist(func() error { return g.site.Store().Append(ctx, nil, g.at(act)) })
}

// ending is the client that asks at the end.
const ending = 99
