package audit

import (
	"crypto/ed25519"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"iter"
	"math/rand/v2"
	"sort"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/queue"
)

const theOpening = "2021-07-19"

var opens = time.Date(2021, 7, 19, 11, 0, 0, 0, time.UTC)

// site is an opening that was played to its end, with everything that it left behind. Its records are made by real
// hashes, seals, passes and signatures.
type site struct {
	records     []ledger.Record
	checkpoints []ledger.Checkpoint
	published   Published
	sketches    map[uint32]map[string][]byte
	passes      []string
	ledgerKeys  map[byte]ed25519.PublicKey
	passKeys    map[byte]ed25519.PublicKey
	bookings    int

	now          time.Time
	rng          *rand.Rand
	ledgerSecret ed25519.PrivateKey
	passSecret   ed25519.PrivateKey
	moved        uint64
	standing     []ledger.Booking // of first doses
	seconds      []ledger.Booking
}

func (s *site) head() ledger.Head {
	if len(s.records) == 0 {
		return ledger.Head{}
	}
	return s.records[len(s.records)-1].Head()
}

func (s *site) add(kind string, data any) uint64 {
	encoded, err := json.Marshal(data)
	if err != nil {
		panic(err)
	}
	s.records = append(s.records, ledger.Next(s.head(), s.now.UTC(), kind, encoded))
	if len(s.records)%23 == 0 {
		s.sign()
	}
	return s.head().Seq
}

func (s *site) sign() {
	s.checkpoints = append(s.checkpoints, ledger.SignCheckpoint(s.head(), s.now, 1, s.ledgerSecret))
}

func key(seed byte) (ed25519.PrivateKey, ed25519.PublicKey) {
	b := make([]byte, ed25519.SeedSize)
	b[0] = seed
	secret := ed25519.NewKeyFromSeed(b)
	return secret, secret.Public().(ed25519.PublicKey)
}

// play lets so many people join over some epochs, draws them, calls them in and lets most of them book.
func play(people, epochs int, seed uint64) *site {
	s := &site{now: opens.Add(-time.Hour), rng: rand.New(rand.NewPCG(seed, 1)), sketches: map[uint32]map[string][]byte{}}
	var public ed25519.PublicKey
	s.ledgerSecret, public = key(1)
	s.ledgerKeys = map[byte]ed25519.PublicKey{1: public}
	s.passSecret, public = key(2)
	s.passKeys = map[byte]ed25519.PublicKey{1: public}
	chain := queue.NewChain([32]byte{9})
	s.published = Published{Opening: theOpening}
	anchor := chain.Anchor()
	s.published.Anchor = fmt.Sprintf("%x", anchor)

	s.add(ledger.KindGenesis, ledger.Genesis{Format: 1})
	s.add(ledger.KindStock, ledger.Stock{Opening: theOpening, Doses: int64(people)})
	clinic := ledger.Clinic{Clinic: "c1", Opening: theOpening}
	for i := range people/4 + 1 {
		clinic.Slots = append(clinic.Slots, ledger.SlotCapacity{Slot: fmt.Sprintf("s%d", i), Capacity: 5})
	}
	for i := range earlyBookings {
		clinic.Slots = append(clinic.Slots, ledger.SlotCapacity{Slot: fmt.Sprintf("s%d-2", i), Capacity: 5, Dose: 2})
	}
	s.add(ledger.KindClinic, clinic)
	s.add(ledger.KindAnchor, ledger.Anchor{Opening: theOpening, Anchor: anchor, Order: "draw", LobbyAt: opens.Add(-time.Hour), OpensAt: opens, ClosesAt: opens.Add(24 * time.Hour)})
	s.now = opens
	s.run(people, epochs, chain)
	s.sign()
	return s
}

type guest struct {
	id subject.ID
	at place
}

func (s *site) run(people, epochs int, chain *queue.Chain) {
	served := map[place]bool{}
	var batch []ledger.Move
	for e := range epochs {
		s.now = opens.Add(time.Duration(e)*time.Second + 600*time.Millisecond)
		guests := s.seal(uint32(e), people/epochs, chain)
		batch = batch[:0]
		for i, g := range guests { // the cursor passes them one by one; most of them come in at once
			s.now = s.now.Add(time.Millisecond)
			served[g.at] = true
			batch = append(batch, ledger.Move{At: s.now.UTC(), Epoch: g.at.Epoch, Rank: ledger.Rank(g.at.Rank + 1)})
			if len(batch) == 10 || i == len(guests)-1 {
				s.add(ledger.KindCursor, ledger.Moves{Opening: theOpening, From: s.moved + 1, Moves: batch})
				s.moved += uint64(len(batch))
				batch = batch[:0]
			}
		}
		if e == epochs/2 {
			s.pause()
		}
		for _, g := range guests {
			s.now = s.now.Add(time.Millisecond)
			s.enter(g)
		}
	}
}

// seal draws an epoch of so many people and returns them in their order.
func (s *site) seal(epoch uint32, people int, chain *queue.Chain) []guest {
	sketches := map[string]*queue.Sketch{"gw-a": {}, "gw-b": {}}
	var ids []subject.ID
	for i := range people {
		var id subject.ID
		binary.BigEndian.PutUint64(id[:], s.rng.Uint64())
		binary.BigEndian.PutUint64(id[8:], s.rng.Uint64())
		sketches[[]string{"gw-a", "gw-b"}[i%2]].Add(id)
		ids = append(ids, id)
	}
	handedIn := map[string][]byte{}
	for name, sketch := range sketches {
		if b, err := sketch.Bytes(); err != nil {
			panic(err)
		} else if b != nil {
			handedIn[name] = b
		}
	}
	count, tally, err := queue.Tally(handedIn)
	if err != nil {
		panic(err)
	}
	seed, err := chain.Seed(epoch)
	if err != nil {
		panic(err)
	}
	seal := queue.Seal{Epoch: epoch, Count: count, Tally: tally, Seed: seed}
	s.sketches[epoch] = handedIn
	s.published.Seals = append(s.published.Seals, seal.Wire())
	s.add(ledger.KindSeal, ledger.Seal{Opening: theOpening, Epoch: epoch, Count: count, Tally: tally, Seed: seed, At: s.now.UTC()})
	ranker := seal.Ranker()
	guests := make([]guest, len(ids))
	for i, id := range ids {
		guests[i] = guest{id, place{Epoch: epoch, Rank: ranker.Rank(id)}}
	}
	sort.Slice(guests, func(i, j int) bool { return guests[i].at.Before(guests[j].at) })
	return guests
}

func (s *site) event(action string, after string) {
	s.now = s.now.Add(time.Millisecond)
	s.add(ledger.KindOpening, ledger.Opening{
		ID: fmt.Sprint("event.", s.now.UnixNano()), At: s.now.UTC(), Opening: theOpening, Action: action, By: "홍길동", Role: "operator",
		Reason: "점검", After: json.RawMessage(after),
	})
}

func (s *site) pause() {
	s.event("pause", `{"state":"paused","reason":"점검"}`)
	s.now = s.now.Add(50 * time.Millisecond)
	s.event("resume", `{}`)
	s.now = s.now.Add(time.Millisecond)
}

// enter lets somebody in who books, mostly, and changes or cancels now and then.
func (s *site) enter(g guest) {
	issued := s.now.Truncate(time.Millisecond).UTC()
	text := pass.Sign(pass.Pass{
		KeyID: 1, Opening: number(theOpening), Subject: g.id, Epoch: g.at.Epoch, Rank: g.at.Rank, ScheduleVersion: 3,
		IssuedAt: issued, ExpiresAt: issued.Add(15 * time.Minute),
	}, s.passSecret)
	s.passes = append(s.passes, text)
	s.add(ledger.KindAdmission, ledger.Admission{
		Opening: theOpening, Subject: g.id, Epoch: g.at.Epoch, Rank: ledger.Rank(g.at.Rank), ScheduleVersion: 3,
		IssuedAt: issued, ExpiresAt: issued.Add(15 * time.Minute), PassSHA256: hashText(text),
	})
	if s.rng.IntN(10) == 0 {
		return
	}
	slot := s.bookings / 5
	b := ledger.Booking{
		No: fmt.Sprintf("B%05d", s.bookings), Opening: theOpening, Subject: g.id, Dose: 1, Slot: fmt.Sprintf("s%d", slot),
		Epoch: g.at.Epoch, Rank: ledger.Rank(g.at.Rank), PassSHA256: hashText(text),
	}
	s.bookings++
	s.add(ledger.KindBooking, b)
	s.standing = append(s.standing, b)
	if s.bookings < earlyBookings && s.bookings%3 == 1 {
		b.No, b.Dose, b.Slot = fmt.Sprintf("B%05d", s.bookings), 2, b.Slot+"-2"
		s.bookings++
		s.add(ledger.KindBooking, b)
		s.seconds = append(s.seconds, b)
	}
	if s.rng.IntN(8) == 0 {
		i := s.rng.IntN(len(s.standing))
		b := s.standing[i]
		s.standing = append(s.standing[:i], s.standing[i+1:]...)
		s.cancel(b)
		for _, second := range s.seconds {
			if second.Subject == b.Subject {
				s.cancel(second)
			}
		}
	}
}

// earlyBookings are those of which some have a second dose.
const earlyBookings = 20

func (s *site) cancel(b ledger.Booking) {
	s.add(ledger.KindCancel, ledger.Cancel{No: b.No, Opening: b.Opening, Subject: b.Subject, Slot: b.Slot, By: "person"})
}

func each[T any](all []T) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for _, v := range all {
			if !yield(v, nil) {
				return
			}
		}
	}
}

// evidence hands the site over as it is now.
func (s *site) evidence() *Evidence {
	return &Evidence{
		Records: each(s.records), Checkpoints: each(s.checkpoints), LedgerKeys: s.ledgerKeys, PassKeys: s.passKeys,
		Published: []Published{s.published}, Passes: each(s.passes),
		Sketches: func(_ string, epoch uint32) (map[string][]byte, bool, error) {
			b, ok := s.sketches[epoch]
			return b, ok, nil
		},
	}
}

// relink computes the whole chain anew from a record on, as somebody with the store in their hands would.
func (s *site) relink(from int) {
	head := ledger.Head{}
	if from > 0 {
		head = s.records[from-1].Head()
	}
	for i := from; i < len(s.records); i++ {
		r := &s.records[i]
		s.records[i] = ledger.Next(head, r.At, r.Kind, r.Data)
		head = s.records[i].Head()
	}
}
