package invariant

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/measure"
)

// world is a run in which everything went well, before a test breaks something.
type world struct {
	h       *History
	records []api.LedgerRecord
}

const opening = "demo"

var start = time.Date(2026, 7, 19, 19, 59, 50, 0, time.UTC)

func (w *world) add(at time.Duration, kind string, data map[string]any) {
	b, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	w.records = append(w.records, api.LedgerRecord{At: start.Add(at), Kind: kind, Data: b})
}

// seal numbers and chains the records.
func (w *world) seal() {
	var prev Digest
	for i := range w.records {
		r := &w.records[i]
		r.Seq = uint64(i + 1)
		prev = Sum(prev, *r)
		r.Hash = hex.EncodeToString(prev[:])
	}
}

func (w *world) check(t testing.TB) map[string]Result {
	t.Helper()
	j := NewJournal()
	for _, r := range w.records {
		if err := j.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	w.h.Ledger = j
	out := map[string]Result{}
	for _, r := range Check(w.h) {
		out[r.Name] = r
	}
	return out
}

func digest(s string) string { d := sha256.Sum256([]byte(s)); return hex.EncodeToString(d[:]) }

func subjectOf(i int) string { return fmt.Sprintf("%032x", i*7919+1) }

// Two epochs at the end of a hash chain; everybody is of the first.
var (
	seeds    = chain(3)
	theSeal  = api.Seal{Epoch: 0, Count: 200, Tally: strings.Repeat("ab", 32), Seed: seeds[1]}
	nextSeal = api.Seal{Epoch: 1, Tally: strings.Repeat("ef", 32), Seed: seeds[2]}
)

// chain is n values of which each is the hash of the next, in hex; the first is the anchor.
func chain(n int) []string {
	out, d := make([]string, n), sha256.Sum256([]byte("root"))
	for i := n - 1; i >= 0; i-- {
		out[i] = hex.EncodeToString(d[:])
		d = sha256.Sum256(d[:])
	}
	return out
}

func rankOf(subject string) uint64 {
	key, err := sealKey(theSeal)
	if err != nil {
		panic(err)
	}
	id, err := hex.DecodeString(subject)
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(id)
	return binary.BigEndian.Uint64(mac.Sum(nil))
}

// good is n people who joined in the lobby, were drawn, let in from 11 s on and booked, two to a slot.
func good(n int) *world {
	w := &world{h: &History{Client: &citizen.History{}, Opening: opening, Order: "draw", Started: start, Lobby: 10 * time.Second,
		Anchor: seeds[0], Seals: []api.Seal{theSeal, nextSeal}, Recovery: 10 * time.Second}}
	w.add(0, "genesis", map[string]any{"format": 1})
	w.add(0, "stock", map[string]any{"opening": opening, "doses": n})
	for i := range (n + 1) / 2 {
		w.add(0, "clinic", map[string]any{"clinic": fmt.Sprintf("c%d", i), "opening": opening,
			"slots": []map[string]any{{"slot": slotName(2 * i), "capacity": 2}}})
	}
	for i := range n {
		s, at := subjectOf(i), 11*time.Second+time.Duration(i)*time.Millisecond
		pass := fmt.Sprintf("pass-%d", i)
		place := map[string]any{"opening": opening, "subject": s, "epoch": 0, "rank": fmt.Sprintf("%016x", rankOf(s)), "pass_sha256": digest(pass)}
		w.add(at, "admission", place)
		key := fmt.Sprintf("key-%d", i)
		w.add(at+time.Second, "booking", map[string]any{"no": fmt.Sprintf("B%d", i), "opening": opening, "subject": s, "dose": 1,
			"slot": slotName(i), "epoch": 0, "rank": place["rank"], "pass_sha256": digest(pass), "key_sha256": digest(key)})
		w.h.Client.Acked = append(w.h.Client.Acked, citizen.Acked{Who: int32(i), No: fmt.Sprintf("B%d", i), Slot: slotName(i), Key: key, Pass: pass, At: at})
		w.h.Arrivals = append(w.h.Arrivals, Arrival{At: time.Duration(i*37%9000) * time.Millisecond, Pass: pass})
	}
	for _, kind := range []string{"anchor", "seal", "cursor", "schedule", "rehearsal", "of the future"} { // nothing to the lab
		w.add(0, kind, map[string]any{"opening": opening, "at": 1})
	}
	w.h.Client.Cursors = []citizen.Seen{{Sent: 9 * time.Second, Done: 9 * time.Second}, {Sent: 13 * time.Second, Done: 13 * time.Second, Epoch: 1}, {Sent: 60 * time.Second, Epoch: 1}}
	w.h.Client.Funnel.Joined = n
	w.h.Client.Answers, w.h.Client.Sheds, w.h.Client.Refusals = 1000, 10, 20
	w.h.Client.Tried[citizen.ForgedTicket], w.h.Client.PlacesAcross, w.h.Client.CursorSteps = 50, 100, 100
	w.h.Client.Lost = []citizen.LostAnswer{{Sent: 30 * time.Second, Done: 30*time.Second + time.Millisecond, Kind: citizen.Place, Cause: "reset"}}
	w.h.Windows = []Window{{Process: "gateway", From: 30 * time.Second, Ready: 32 * time.Second, To: 33 * time.Second},
		{Process: "backend", From: 45 * time.Second, Ready: 46 * time.Second, To: 47 * time.Second}}
	for range 70 {
		w.h.Seconds = append(w.h.Seconds, measure.Second{Offered: 100, Answered: 100, Good: 95, Entered: 20, Booked: 20})
	}
	w.h.ReadBack = ReadBack{Asked: 5, Found: 5}
	w.h.Audit.Add("verify", AuditReport{Checked: 100})
	w.seal()
	return w
}

func slotName(i int) string { return fmt.Sprintf("s%d", i/2) }

func TestAGoodRunBreaksNothing(t *testing.T) {
	for name, r := range good(200).check(t) {
		if !r.OK || r.Checked == 0 {
			t.Errorf("%s: ok %v, checked %d, %v", name, r.OK, r.Checked, r.Notes)
		}
	}
}

// edit changes the data of the n-th record of a kind and chains the ledger anew: a server that lies consistently.
func (w *world) edit(kind string, n int, change func(map[string]any)) {
	for i := range w.records {
		if w.records[i].Kind != kind {
			continue
		}
		if n > 0 {
			n--
			continue
		}
		var data map[string]any
		if err := json.Unmarshal(w.records[i].Data, &data); err != nil {
			panic(err)
		}
		change(data)
		w.records[i].Data, _ = json.Marshal(data)
		w.seal()
		return
	}
	panic("no such record")
}

func (w *world) drop(kind string) {
	for i := range w.records {
		if w.records[i].Kind == kind {
			w.records = append(w.records[:i], w.records[i+1:]...)
			w.seal()
			return
		}
	}
}

func set(key string, value any) func(map[string]any) {
	return func(m map[string]any) { m[key] = value }
}

// Each row breaks one thing; the named invariants must see it and all others must not.
func TestEachBreakIsCaught(t *testing.T) {
	for _, c := range []struct {
		name  string
		broke func(w *world)
		want  string // invariants that break, separated by spaces
	}{
		{"a booking is lost", func(w *world) { w.drop("booking") }, "no_loss"},
		{"a booking moved by itself", func(w *world) { w.edit("booking", 3, set("slot", "s40")); w.edit("clinic", 40, doubled) }, "no_loss"},
		{"a booking cannot be looked up", func(w *world) { w.h.ReadBack.Found-- }, "no_loss"},
		{"a cancel that nobody asked for", func(w *world) {
			w.add(time.Minute, "cancel", map[string]any{"no": "B1", "opening": opening, "slot": "s0"})
			w.seal()
		}, "no_loss"},
		{"a slot is oversold", func(w *world) { w.edit("clinic", 0, halved) }, "no_oversell"},
		{"the stock is oversold", func(w *world) { w.edit("stock", 0, set("doses", 199)) }, "no_oversell"},
		{"a slot that no clinic has", func(w *world) { w.drop("clinic") }, "no_oversell"},
		{"one person books twice", func(w *world) { w.again(func(b map[string]any) { b["no"] = "X"; b["key_sha256"] = digest("x") }) }, "no_oversell one_booking"},
		{"a number is given twice", func(w *world) { w.again(func(b map[string]any) { b["dose"] = 2; b["key_sha256"] = digest("x") }) }, "no_oversell one_booking"},
		{"a key makes two bookings", func(w *world) { w.again(func(b map[string]any) { b["dose"] = 2; b["no"] = "X" }) }, "no_oversell one_booking"},
		{"a first booking is refused as a second", func(w *world) { w.h.Client.SecondAnswers = 1 }, "one_booking"},
		{"a booking that nobody was told of", func(w *world) { w.h.Client.Acked = w.h.Client.Acked[1:] }, "one_booking"},
		{"a booking without admission", func(w *world) { w.drop("admission") }, "lawful"},
		{"a booking with another's pass", func(w *world) { w.edit("booking", 0, set("pass_sha256", digest("pass-1"))) }, "lawful"},
		{"a booking with an unknown pass", func(w *world) { w.edit("booking", 0, set("pass_sha256", digest("none"))) }, "lawful"},
		{"a booking states a better place", func(w *world) { w.edit("booking", 0, set("rank", "0000000000000001")) }, "lawful"},
		{"a person admitted twice", func(w *world) { w.edit("admission", 1, set("subject", subjectOf(0))) }, "draw lawful"},
		{"an admission beyond the cursor", func(w *world) { w.h.Client.Cursors[1].Epoch = 0; w.h.Client.Cursors[1].Rank = 1 }, "lawful"},
		{"an admission before the opening", func(w *world) { w.records[102].At = start.Add(8 * time.Second); w.seal() }, "lawful"},
		{"a rank that the draw did not give", func(w *world) {
			w.edit("admission", 0, set("rank", "0000000000000001"))
			w.edit("booking", 0, set("rank", "0000000000000001"))
		}, "draw"},
		{"no anchor", func(w *world) { w.h.Anchor = "" }, "lawful"},
		{"another anchor", func(w *world) { w.h.Anchor = seeds[1] }, "lawful"},
		{"a seed that is not on the chain", func(w *world) { w.h.Seals[1].Seed = strings.Repeat("cd", 32) }, "lawful"},
		{"a seal skipped", func(w *world) { w.h.Seals[1].Epoch = 2 }, "lawful"},
		{"a seal twice", func(w *world) { w.h.Seals[1] = w.h.Seals[0] }, "lawful"},
		{"an endless seal", func(w *world) { w.h.Seals[1].Epoch = math.MaxUint32 }, "lawful"},
		{"an epoch without seal", func(w *world) { w.h.Seals = nil }, "draw"},
		{"a seal that is not hexadecimal", func(w *world) { w.h.Seals[0].Seed = "zz" }, "draw lawful"},
		{"a changed record", func(w *world) { w.records[5].Data = json.RawMessage(`{"changed":1}`) }, "ledger_chain no_oversell"},
		{"a missing record", func(w *world) { w.records = append(w.records[:102:102], w.records[103:]...) }, "lawful ledger_chain"},
		{"a ledger that begins late", func(w *world) { w.records = w.records[1:] }, "ledger_chain"},
		{"a cheat is admitted", func(w *world) { w.h.Client.Through[citizen.EarlyEnter] = 1 }, "no_cheats"},
		{"an unanswered request outside the windows", func(w *world) { w.h.Client.Lost[0].Done = 34 * time.Second }, "answered"},
		{"a reset while the backend is away", func(w *world) { w.h.Client.Lost[0].Done = 46 * time.Second }, "answered"},
		{"a blank page", func(w *world) { w.h.Client.BlankPages = 1 }, "answered"},
		{"a 500", func(w *world) { w.h.Client.BadAnswers = 1 }, "answered"},
		{"a rude 503", func(w *world) { w.h.Client.RudeSheds = 1 }, "polite_503"},
		{"a refusal without reason", func(w *world) { w.h.Client.Unstated = 1 }, "explained"},
		{"a wrong refusal", func(w *world) { w.h.Client.WrongRefusals = 1 }, "eligible"},
		{"somebody off the roster books", func(w *world) { w.h.Client.BookedOffRoster = 1 }, "eligible"},
		{"the filter lets everybody in", func(w *world) { w.h.Client.Funnel.SlippedIn, w.h.Client.Funnel.RefusedAtJoin = 100, 900 }, "eligible"},
		{"a place is lost", func(w *world) { w.h.Client.PlacesLost = 1 }, "place_kept"},
		{"a ticket changes", func(w *world) { w.h.Client.TicketsChanged = 1 }, "place_kept"},
		{"a turn is taken back", func(w *world) { w.h.Client.TurnsTakenBack = 1 }, "place_kept"},
		{"the cursor goes back", func(w *world) { w.h.Client.CursorBack = 1 }, "cursor"},
		{"the lobby is served by arrival", func(w *world) { w.byRank() }, "order"},
		{"goodput stays away after a fault", func(w *world) { w.dip(31, 70, func(s *measure.Second) { s.Good = 60 }) }, "recovery"},
		{"nobody moves on after the backend's fault", func(w *world) { w.dip(45, 70, func(s *measure.Second) { s.Entered, s.Booked = 1, 1 }) }, "recovery"},
		{"the audit finds something", func(w *world) {
			w.h.Audit.Add("draw", AuditReport{Code: 1, Checked: 9, Found: 3, Findings: []AuditEntry{{En: "Record 7 was changed."}}})
		}, "audit"},
		{"the audit lacks evidence", func(w *world) {
			w.h.Audit.Add("draw", AuditReport{Code: 2, Checked: 9, Lacking: 1, Missing: []AuditEntry{{En: "no sketches"}}})
		}, "audit"},
		{"the audit ends badly", func(w *world) { w.h.Audit.Add("draw", AuditReport{Code: 2, Checked: 9}) }, "audit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := good(200)
			c.broke(w)
			var broken []string
			results := w.check(t)
			for _, r := range []string{"answered", "audit", "cursor", "draw", "eligible", "explained", "lawful", "ledger_chain", "no_cheats", "no_loss",
				"no_oversell", "one_booking", "order", "place_kept", "polite_503", "recovery"} {
				got, ok := results[r]
				if !ok {
					t.Fatalf("%s is not checked", r)
				}
				if !got.OK {
					broken = append(broken, r)
					if got.Broken == 0 || len(got.Notes) == 0 {
						t.Errorf("%s does not say what broke", r)
					}
				}
			}
			if got := strings.Join(broken, " "); got != c.want {
				t.Errorf("broke %q, want %q", got, c.want)
			}
		})
	}
}

func halved(m map[string]any) {
	m["slots"].([]any)[0].(map[string]any)["capacity"] = 1
}

func doubled(m map[string]any) {
	m["slots"].([]any)[0].(map[string]any)["capacity"] = 4
}

// again books a second time with the first booking's data, changed.
func (w *world) again(change func(map[string]any)) {
	for _, r := range w.records {
		if r.Kind == "booking" {
			var data map[string]any
			if err := json.Unmarshal(r.Data, &data); err != nil {
				panic(err)
			}
			change(data)
			w.add(time.Minute, "booking", data)
			w.h.ReadBack.Unsettled = 1
			w.seal()
			return
		}
	}
}

// byRank lets people have come in the order of their ranks.
func (w *world) byRank() {
	for i := range w.h.Arrivals {
		w.h.Arrivals[i].At = time.Duration(float64(rankOf(subjectOf(i))) / (1 << 64) * 9e9)
	}
}

func (w *world) dip(from, to int, f func(*measure.Second)) {
	for i := from; i < to; i++ {
		f(&w.h.Seconds[i])
	}
}

// A short dip is no failure: service may be away while the process is.
func TestAShortDipIsNoFailure(t *testing.T) {
	w := good(200)
	w.dip(30, 36, func(s *measure.Second) { s.Good, s.Answered = 0, 0 })
	if r := w.check(t)["recovery"]; !r.OK {
		t.Error(r.Notes)
	}
}

// Changes and cancels move doses; a ledger in which people change their minds lawfully is never called oversold, and
// one dose more than the capacity always is.
func TestSlotsAreCountedThroughChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := &world{h: &History{Client: &citizen.History{}}}
		capacity := rapid.IntRange(1, 3).Draw(t, "capacity")
		w.add(0, "stock", map[string]any{"opening": opening, "doses": 1000})
		w.add(0, "clinic", map[string]any{"opening": opening, "slots": []map[string]any{{"slot": "a", "capacity": capacity}, {"slot": "b", "capacity": capacity}}})
		at, load := map[string]string{}, map[string]int{}
		for i := range rapid.IntRange(1, 40).Draw(t, "steps") {
			no := fmt.Sprint("B", i)
			slot := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "slot")
			switch act := rapid.IntRange(0, 2).Draw(t, "act"); {
			case act == 0 && load[slot] < capacity:
				w.add(0, "booking", map[string]any{"no": no, "opening": opening, "subject": subjectOf(i), "slot": slot,
					"rank": "0000000000000000", "pass_sha256": digest("p"), "key_sha256": digest(no)})
				at[no] = slot
				load[slot]++
			case act > 0 && len(at) > 0:
				no = rapid.SampledFrom(keys(at)).Draw(t, "no")
				from := at[no]
				load[from]--
				if act == 1 {
					w.add(0, "cancel", map[string]any{"no": no, "opening": opening, "slot": from})
					delete(at, no)
				} else if load[slot] < capacity {
					w.add(0, "change", map[string]any{"no": no, "opening": opening, "from": from, "to": slot})
					at[no] = slot
					load[slot]++
				} else {
					load[from]++
				}
			}
		}
		for extra := range 2 {
			w.seal()
			j := NewJournal()
			for _, r := range w.records {
				if err := j.Add(r); err != nil {
					t.Fatal(err)
				}
			}
			if j.double.count > 0 || (j.oversold.count > 0) != (extra == 1) {
				t.Fatalf("with %d too many: oversold %v, double %v", extra, j.oversold.notes, j.double.notes)
			}
			for i := load["a"]; i <= capacity; i++ {
				w.add(0, "booking", map[string]any{"no": fmt.Sprint("X", i), "opening": opening, "subject": subjectOf(1000 + i), "slot": "a",
					"rank": "0000000000000000", "pass_sha256": digest("p"), "key_sha256": digest(fmt.Sprint("X", i))})
			}
		}
	})
}

func keys(m map[string]string) []string {
	var out []string
	for i := range 40 {
		if k := fmt.Sprint("B", i); m[k] != "" {
			out = append(out, k)
		}
	}
	return out
}

func TestUnreadableRecordsAreErrors(t *testing.T) {
	for _, kind := range []string{"clinic", "stock", "admission", "booking", "cancel", "change"} {
		if err := NewJournal().Add(api.LedgerRecord{Kind: kind, Data: json.RawMessage(`[1]`)}); err == nil {
			t.Errorf("%s: no error", kind)
		}
	}
}
