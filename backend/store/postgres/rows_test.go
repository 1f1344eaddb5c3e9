package postgres

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/store/storetest"
)

// TestOneGroupOrMany plays random histories twice, every operation in a transaction of its own and many in one: the
// tables must hold the same.
func TestOneGroupOrMany(t *testing.T) {
	pg := newServer(t)
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		script := rapid.SliceOfN(rapid.SliceOfN(rapid.Custom(step), 1, 12), 1, 4).Draw(rt, "groups")
		var read [2]string
		for i, together := range []bool{false, true} {
			address := fmt.Sprintf("%s&search_path=r%d_%d", pg.URL("postgres"), round, i)
			if err := playGroups(t, address, script, together); err != nil {
				rt.Fatal(err)
			}
			read[i] = ask(t, address, `SELECT (SELECT coalesce(json_agg(a ORDER BY subject, opening), '[]')::text FROM admissions a)
				|| (SELECT coalesce(json_agg(b ORDER BY no), '[]')::text FROM bookings b)
				|| (SELECT coalesce(json_agg(h ORDER BY subject, opening), '[]')::text FROM holds h)
				|| (SELECT coalesce(json_agg(o ORDER BY number), '[]')::text FROM outbox o)
				|| (SELECT json_agg(l ORDER BY seq)::text FROM ledger l)`)
		}
		if read[0] != read[1] {
			rt.Fatalf("one by one:\n%s\ntogether:\n%s", read[0], read[1])
		}
	})
}

type action struct {
	what         string
	person, slot int
	n            int
}

func step(t *rapid.T) action {
	if rapid.IntRange(0, 9).Draw(t, "settle") == 0 {
		return action{"settle", 0, rapid.IntRange(0, 2).Draw(t, "end"), 1024 * rapid.IntRange(5, 12).Draw(t, "event")}
	}
	return action{
		rapid.SampledFrom([]string{"admit", "renew", "hold", "hold", "release", "book", "book", "change", "cancel"}).Draw(t, "what"),
		rapid.IntRange(0, 2).Draw(t, "person"), rapid.IntRange(0, 1).Draw(t, "slot"), rapid.IntRange(0, 1<<30).Draw(t, "n"),
	}
}

func playGroups(t *testing.T, address string, script [][]action, together bool) error {
	tg, err := parse(address)
	if err != nil {
		return err
	}
	d, err := openDisk(t.Context(), tg)
	if err != nil {
		return err
	}
	defer d.close()
	state, _, err := d.Load(t.Context())
	if err != nil {
		return err
	}
	first := &booking.Effect{Record: state.Genesis(storetest.Now)}
	if err := d.Write([]*booking.Effect{first}); err != nil {
		return err
	}
	prepared, err := state.PrepareImport(storetest.WithSecond(storetest.Slots(2, 2, 3), 2, 2, 0, 1))
	if err != nil {
		return err
	}
	if err := d.Import(prepared); err != nil {
		return err
	}
	state.Install(prepared)
	active := map[int]string{}
	for _, group := range script {
		var effects []*booking.Effect
		for _, a := range group {
			if e := decide(state, a, active); e != nil {
				effects = append(effects, e)
			}
		}
		if e := state.Sweep(); e != nil && len(effects) > 0 {
			effects = append(effects, e)
		}
		for len(effects) > 0 {
			n := 1
			if together {
				n = untilSettled(effects)
			}
			if err := d.Write(effects[:n]); err != nil {
				return err
			}
			effects = effects[n:]
		}
	}
	again, _, err := d.Load(t.Context())
	if err == nil && again.Head() != state.Head() {
		err = fmt.Errorf("read again, the ledger goes to %+v, not %+v", again.Head(), state.Head())
	}
	return err
}

// untilSettled is how many effects go into one group: what became of messages comes at no particular time, so here it
// comes alone.
func untilSettled(effects []*booking.Effect) int {
	n := slices.IndexFunc(effects, func(e *booking.Effect) bool { return e.Settled != nil })
	if n < 0 {
		return len(effects)
	}
	return max(1, n)
}

func decide(state *booking.State, a action, active map[int]string) *booking.Effect {
	var e *booking.Effect
	now := storetest.Now.Add(time.Duration(state.Head().Seq) * time.Second)
	switch a.what {
	case "admit":
		_, e, _ = state.Admit(storetest.AdmissionOf(a.person, 0, storetest.Now))
	case "renew":
		_, e, _ = state.Admit(storetest.AdmissionOf(a.person, a.n, now.Add(time.Hour)))
	case "book":
		o := storetest.TellingOrderOf(a.person, storetest.SlotID(a.slot), fmt.Sprint("key-", a.n))
		o.No = fmt.Sprint("no-", a.person, "-", state.Head().Seq)
		o.Second.No, o.Interval = o.No+"-second", a.n%2*storetest.Interval
		if _, e, _ = state.Book(o); e != nil {
			active[a.person] = o.No
		}
	case "hold":
		at := now.Add(time.Duration(a.n%4) * time.Minute)
		_, e, _ = state.Hold(storetest.ClaimOf(a.person, storetest.SlotID(a.slot), at))
	case "release":
		e = state.Release(storetest.Opening, storetest.Person(a.person), now)
	case "change":
		_, e, _ = state.Change(booking.Move{No: active[a.person], Slot: storetest.SlotID(a.slot), Interval: a.n % 2 * storetest.Interval, At: now, Tell: storetest.RecipientOf(a.person)})
	case "cancel":
		_, e, _ = state.Cancel(booking.Withdrawal{No: active[a.person], By: booking.ByPerson, At: now, Tell: storetest.RecipientOf(a.person)})
	case "settle":
		end := []booking.MessageState{booking.MessageSent, booking.MessageFailed, booking.MessagePending}[a.slot]
		m := booking.Message{Number: uint64(a.n), Body: booking.Body{
			Kind: booking.TellBooked, About: "no", Opening: storetest.Opening, Doses: []booking.DoseFact{{No: "no", Dose: 1, Slot: storetest.SlotID(0)}},
		}}
		settled := booking.Settlement{Number: m.Number, State: end, Attempts: 1, At: now, Reason: "why"}
		if end != booking.MessagePending { // what follows, follows an end
			settled.Then = booking.Reminders(&m, state.Catalog(), now)
		}
		e = state.Settle([]booking.Settlement{settled})
	}
	return e
}
