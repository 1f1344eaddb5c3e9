package invariant

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"sort"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/loadlab/citizen"
)

func ledgerChain(h *History, p *problems) int64 {
	*p = h.Ledger.chain
	return h.Ledger.Records
}

func noOversell(h *History, p *problems) int64 {
	*p = h.Ledger.oversold
	return int64(len(h.Ledger.Bookings))
}

// noLoss: what was acknowledged stands in the ledger, in the slot that was told, and can be looked up.
func noLoss(h *History, p *problems) int64 {
	for i := range h.Client.Acked {
		a := &h.Client.Acked[i]
		slot, ok := h.Ledger.slots[a.No]
		switch {
		case !ok:
			p.add("booking %s, acknowledged at %.3f s, is not in the ledger", a.No, a.At.Seconds())
		case slot != a.Slot:
			p.add("booking %s was acknowledged for %s and stands in %s", a.No, a.Slot, slot)
		}
	}
	p.tell(h.ReadBack.Asked-h.ReadBack.Found, "acknowledged booking could not be looked up", h.ReadBack.Notes)
	return int64(len(h.Client.Acked)) + h.ReadBack.Asked
}

// oneBooking: one active booking per person and dose, one per idempotency key, and none that nobody asked for.
func oneBooking(h *History, p *problems) int64 {
	*p = h.Ledger.double
	p.tell(h.Client.SecondAnswers, "first booking refused as if it were a second one", h.Client.Notes[citizen.SecondAnswer])
	keys := make(map[Digest]string, len(h.Ledger.Bookings))
	for i := range h.Ledger.Bookings {
		b := &h.Ledger.Bookings[i]
		other, ok := keys[b.Key]
		if b.Dose == secondDose {
			if !ok {
				p.add("booking %s of a second dose has another key than any first one", b.No)
			}
			continue
		}
		if ok {
			p.add("bookings %s and %s have one idempotency key", other, b.No)
		}
		keys[b.Key] = b.No
	}
	for i := range h.Client.Acked {
		a := &h.Client.Acked[i]
		k := Digest(sha256.Sum256([]byte(a.Key)))
		if no, ok := keys[k]; ok && no != a.No {
			p.add("the key of booking %s made booking %s", a.No, no)
		}
		delete(keys, k)
	}
	if extra := int64(len(keys)) - h.ReadBack.Unsettled; extra > 0 && !h.Ledger.lostAcks(h, keys) {
		p.tell(extra, "booking in the ledger that nobody was told of", nil)
	}
	return int64(len(h.Ledger.Bookings) + len(h.Client.Acked))
}

// lostAcks says whether the client lost as many booking answers as there are bookings that nobody was told of: each of
// those people may have left before asking again.
func (j *Journal) lostAcks(h *History, keys map[Digest]string) bool {
	lost := 0
	for i := range h.Client.Lost {
		if l := &h.Client.Lost[i]; l.Kind == citizen.Book && !l.Try {
			lost++
		}
	}
	return len(keys) <= lost+int(h.ReadBack.Unsettled)
}

// lawful joins each booking to the admission it rests on, each admission to the cursor, and the draw to the anchor that
// was published before it.
func lawful(h *History, p *problems) int64 {
	type person struct {
		opening string
		subject Subject
	}
	passes := make(map[Digest]*Admission, len(h.Ledger.Admissions))
	first := make(map[person]*Admission, len(h.Ledger.Admissions))
	for i := range h.Ledger.Admissions {
		a := &h.Ledger.Admissions[i]
		k := person{a.Opening, a.Subject}
		switch f := first[k]; {
		case f == nil && a.Again:
			p.add("record %d readmits somebody who was never admitted", a.Seq)
		case f != nil && !a.Again:
			p.add("records %d and %d both admit one person", f.Seq, a.Seq)
		case f != nil && (f.Epoch != a.Epoch || f.Rank != a.Rank):
			p.add("record %d readmits somebody at another place", a.Seq)
		}
		if first[k] == nil {
			first[k] = a
		}
		passes[a.Pass] = a
		h.beforeCursor(a, p)
	}
	for i := range h.Ledger.Bookings {
		b := &h.Ledger.Bookings[i]
		switch a := passes[b.Pass]; {
		case a == nil:
			p.add("booking %s rests on a pass that admitted nobody", b.No)
		case a.Subject != b.Subject || a.Opening != b.Opening:
			p.add("booking %s rests on somebody else's admission", b.No)
		case a.Seq > b.Seq:
			p.add("booking %s came before its admission", b.No)
		case a.Epoch != b.Epoch || a.Rank != b.Rank:
			p.add("booking %s states another place than its admission", b.No)
		}
	}
	h.ownPasses(p)
	h.sealChain(p)
	return int64(len(h.Ledger.Bookings) + len(h.Ledger.Admissions) + len(h.Seals))
}

// ownPasses: the pass that a client showed is the one that the ledger joins to its booking.
func (h *History) ownPasses(p *problems) {
	for i := range h.Client.Acked {
		a := &h.Client.Acked[i]
		if n, ok := h.Ledger.byNo[a.No]; ok && h.Ledger.Bookings[n].Pass != Digest(sha256.Sum256([]byte(a.Pass))) {
			p.add("booking %s was made with another pass than the client's", a.No)
		}
	}
}

// cursorAge is how old a public cursor may be: it is cacheable for a second.
const cursorAge = 1200 * time.Millisecond

// beforeCursor: somebody let in at t had a place below the cursor; the cursor only grows, so a look at it soon after t
// must show it beyond that place. The opening itself is a bound, too.
func (h *History) beforeCursor(a *Admission, p *problems) {
	at := a.At.Sub(h.Started)
	if at < h.Lobby-50*time.Millisecond {
		p.add("record %d admits somebody %.3f s before the opening", a.Seq, (h.Lobby - at).Seconds())
		return
	}
	looks := h.Client.Cursors
	i := sort.Search(len(looks), func(i int) bool { return looks[i].Sent >= at+cursorAge })
	if i == len(looks) {
		return
	}
	place := citizen.Seen{Epoch: a.Epoch, Rank: uint64(a.Rank)}
	if !place.Before(looks[i]) {
		p.add("record %d admits place %d/%016x, the cursor was at %d/%016x %.1f s later", a.Seq, a.Epoch, uint64(a.Rank),
			looks[i].Epoch, looks[i].Rank, (looks[i].Sent - at).Seconds())
	}
}

// maxEpoch bounds the hashing that a seal can ask for; no opening has as many epochs.
const maxEpoch = 1 << 20

// sealChain: the seed of epoch e, hashed e+1 times, is the anchor, so that no seed was chosen after people had joined.
// Each seed is hashed to the one before it, which is the same and linear.
func (h *History) sealChain(p *problems) {
	var before Digest
	if err := before.UnmarshalText([]byte(h.Anchor)); err != nil {
		p.add("the anchor published before the opening: %v", err)
		return
	}
	last := int64(-1)
	for _, s := range h.Seals {
		var seed Digest
		if err := seed.UnmarshalText([]byte(s.Seed)); err != nil {
			p.add("the seed of epoch %d: %v", s.Epoch, err)
			continue
		}
		if e := int64(s.Epoch); e <= last || e > maxEpoch {
			p.add("the seal of epoch %d follows that of epoch %d", s.Epoch, last)
			continue
		}
		sum := seed
		for ; last < int64(s.Epoch); last++ {
			sum = sha256.Sum256(sum[:])
		}
		if sum != before {
			p.add("the seed of epoch %d is not on the chain that ends in the anchor", s.Epoch)
		}
		before = seed // the stated seed goes on, so that one wrong seed is not a problem of every epoch
	}
}

// draw recomputes the rank of everybody admitted from the published seals.
func draw(h *History, p *problems) int64 {
	keys := make(map[uint32][]byte, len(h.Seals))
	for _, s := range h.Seals {
		key, err := sealKey(s)
		if err != nil {
			p.add("seal of epoch %d: %v", s.Epoch, err)
			continue
		}
		keys[s.Epoch] = key
	}
	checked := int64(0)
	for i := range h.Ledger.Admissions {
		a := &h.Ledger.Admissions[i]
		key := keys[a.Epoch]
		if a.Opening != h.Opening {
			continue
		}
		if key == nil {
			p.add("record %d admits epoch %d, which has no seal", a.Seq, a.Epoch)
			continue
		}
		checked++
		mac := hmac.New(sha256.New, key)
		mac.Write(a.Subject[:])
		if rank := binary.BigEndian.Uint64(mac.Sum(nil)); rank != uint64(a.Rank) {
			p.add("record %d admits rank %016x, the draw gave %016x", a.Seq, uint64(a.Rank), rank)
		}
	}
	return checked
}

func sealKey(s api.Seal) ([]byte, error) {
	seed, err := hex.DecodeString(s.Seed)
	if err != nil {
		return nil, err
	}
	tally, err := hex.DecodeString(s.Tally)
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, seed)
	mac.Write(tally)
	return mac.Sum(nil), nil
}

// order: among the people of the drawn lobby, when they came says nothing about their rank.
func order(h *History, p *problems) int64 {
	if h.Order != "" && h.Order != "draw" {
		return 0
	}
	byPass := make(map[Digest]*Admission, len(h.Ledger.Admissions))
	for i := range h.Ledger.Admissions {
		byPass[h.Ledger.Admissions[i].Pass] = &h.Ledger.Admissions[i]
	}
	var came, rank []float64
	for _, a := range h.Arrivals {
		ad := byPass[Digest(sha256.Sum256([]byte(a.Pass)))]
		if ad != nil && ad.Epoch == 0 && a.At < h.Lobby-time.Second {
			came = append(came, a.At.Seconds())
			rank = append(rank, float64(ad.Rank))
		}
	}
	n := len(came)
	if n < 100 {
		return int64(n)
	}
	if r, limit := correlation(came, rank), max(.02, 4/math.Sqrt(float64(n))); math.Abs(r) > limit {
		p.add("coming early and being drawn early go together: correlation %.3f over %d people, at most %.3f is chance", r, n, limit)
	}
	return int64(n)
}

func correlation(x, y []float64) float64 {
	var mx, my float64
	for i := range x {
		mx += x[i] / float64(len(x))
		my += y[i] / float64(len(y))
	}
	var xy, xx, yy float64
	for i := range x {
		dx, dy := x[i]-mx, y[i]-my
		xy, xx, yy = xy+dx*dy, xx+dx*dx, yy+dy*dy
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return xy / math.Sqrt(xx*yy)
}
