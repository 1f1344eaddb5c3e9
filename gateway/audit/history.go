package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/queue"
)

// history is the ledger, read once and sorted by what the questions need.
type history struct {
	records    uint64
	endsAt     time.Time
	openings   map[string]*opening
	names      []string // of the openings, in the order of their first record
	admissions []admission
	rehearsals map[ledger.Hash]uint64 // passes that staff tried with → record
	supply     *supply
	bookings   []booked
	unreadable []Finding
	judged     func(record uint64) bool
}

// opening is what the ledger says of one opening.
type opening struct {
	id      string
	anchors []anchored
	seals   map[uint32]sealed
	first   uint64 // record of the first seal
	track   track
	events  []event
}

type anchored struct {
	ledger.Anchor
	seq uint64
}

type sealed struct {
	queue.Seal
	ranker queue.Ranker
	at     time.Time
	seq    uint64
	twice  uint64 // a record that says otherwise of the same epoch
}

// event is an operator's change.
type event struct {
	at     int64 // Unix ms at which it took effect
	seq    uint64
	action string
	after  standing
}

// standing is what operators have said about an opening, and how far time was noticed to have brought it.
type standing struct {
	State    string     `json:"state"`
	Reached  string     `json:"reached"`
	OpensAt  *time.Time `json:"opens_at"`
	ClosesAt *time.Time `json:"closes_at"`
}

// admission is somebody let in. Times are Unix milliseconds, which is what a store keeps.
type admission struct {
	seq                 uint64
	at, issued, expires int64
	opening             *opening
	subject             subject.ID
	place               place
	pass                ledger.Hash
	scheduleVersion     uint32
	again               bool
	why                 []reason // why it is not lawful
	untold              []reason // what could not be looked at
	used                bool     // a booking rests on it
}

type reason struct{ ko, en string }

// booked is a booking as it was made.
type booked struct {
	seq     uint64
	at      int64
	opening *opening
	no      string
	subject subject.ID
	place   place
	pass    ledger.Hash
}

// read goes through the ledger once.
func read(e *Evidence, o *Options) (*history, error) {
	h := &history{openings: map[string]*opening{}, rehearsals: map[ledger.Hash]uint64{}, supply: newSupply(), judged: o.judged}
	for r, err := range e.Records {
		var bad *Unreadable
		if errors.As(err, &bad) {
			h.unreadable = append(h.unreadable, sayf(Finding{What: Unprovable}, "%d번째 줄의 기록을 읽을 수 없습니다.", "The record on line %d cannot be read.", bad.Line))
			continue
		}
		if err != nil {
			return nil, err
		}
		h.records++
		h.endsAt = r.At
		if err := h.add(&r); err != nil {
			h.unreadable = append(h.unreadable, sayf(Finding{What: Unprovable, Record: r.Seq}, "기록 %d(%s)의 내용을 읽을 수 없습니다: %v", "What record %d (%s) says cannot be read: %v", r.Seq, r.Kind, err))
		}
		o.progress(h.records)
	}
	for id, moves := range e.Unrecorded {
		h.opening(id).track.add(&moves, 0)
	}
	for _, open := range h.openings {
		open.track.settle()
		sort.SliceStable(open.events, func(i, j int) bool { return open.events[i].at < open.events[j].at })
	}
	return h, nil
}

func (h *history) opening(id string) *opening {
	o := h.openings[id]
	if o == nil {
		o = &opening{id: id, seals: map[uint32]sealed{}}
		h.openings[id] = o
		h.names = append(h.names, id)
	}
	return o
}

func (h *history) add(r *ledger.Record) error {
	switch r.Kind {
	case ledger.KindAdmission, ledger.KindReadmission:
		return h.addAdmission(r)
	case ledger.KindBooking:
		return h.addBooking(r)
	case ledger.KindSeal:
		return h.addSeal(r)
	case ledger.KindCursor:
		var m ledger.Moves
		if err := json.Unmarshal(r.Data, &m); err != nil {
			return err
		}
		h.opening(m.Opening).track.add(&m, r.Seq)
		return nil
	case ledger.KindAnchor:
		a := anchored{seq: r.Seq}
		if err := json.Unmarshal(r.Data, &a.Anchor); err != nil {
			return err
		}
		o := h.opening(a.Opening)
		o.anchors = append(o.anchors, a)
		return nil
	case ledger.KindOpening:
		return h.addEvent(r)
	case "rehearsal":
		return h.addRehearsal(r)
	}
	return h.supply.add(r)
}

func (h *history) addAdmission(r *ledger.Record) error {
	var a ledger.Admission
	if err := json.Unmarshal(r.Data, &a); err != nil {
		return err
	}
	issued := a.IssuedAt
	if issued.IsZero() { // recorded before the time was
		issued = r.At
	}
	h.admissions = append(h.admissions, admission{
		seq: r.Seq, at: r.At.UnixMilli(), issued: issued.UnixMilli(), expires: a.ExpiresAt.UnixMilli(), opening: h.opening(a.Opening),
		subject: a.Subject, place: place{Epoch: a.Epoch, Rank: uint64(a.Rank)}, pass: a.PassSHA256, scheduleVersion: a.ScheduleVersion,
		again: r.Kind == ledger.KindReadmission,
	})
	return nil
}

func (h *history) addBooking(r *ledger.Record) error {
	var b ledger.Booking
	if err := json.Unmarshal(r.Data, &b); err != nil {
		return err
	}
	h.bookings = append(h.bookings, booked{
		seq: r.Seq, at: r.At.UnixMilli(), opening: h.opening(b.Opening), no: b.No, subject: b.Subject,
		place: place{Epoch: b.Epoch, Rank: uint64(b.Rank)}, pass: b.PassSHA256,
	})
	return h.supply.book(r, &b)
}

func (h *history) addSeal(r *ledger.Record) error {
	var s ledger.Seal
	if err := json.Unmarshal(r.Data, &s); err != nil {
		return err
	}
	o := h.opening(s.Opening)
	if o.first == 0 {
		o.first = r.Seq
	}
	seal := sealed{Seal: queue.Seal{Epoch: s.Epoch, Count: s.Count, Tally: s.Tally, Seed: s.Seed}, at: s.At, seq: r.Seq}
	if old, known := o.seals[s.Epoch]; known { // brought again: says the same
		if old.Seal != seal.Seal || !old.at.Equal(seal.at) {
			old.twice = r.Seq
			o.seals[s.Epoch] = old
		}
		return nil
	}
	seal.ranker = seal.Ranker()
	o.seals[s.Epoch] = seal
	return nil
}

func (h *history) addEvent(r *ledger.Record) error {
	var n ledger.Opening
	if err := json.Unmarshal(r.Data, &n); err != nil {
		return err
	}
	at := n.At
	if at.IsZero() { // recorded before the time was
		at = r.At
	}
	e := event{at: at.UnixMilli(), seq: r.Seq, action: n.Action}
	if len(n.After) > 0 {
		if err := json.Unmarshal(n.After, &e.after); err != nil {
			return fmt.Errorf("the state after it: %w", err)
		}
	}
	o := h.opening(n.Opening)
	o.events = append(o.events, e)
	return nil
}

func (h *history) addRehearsal(r *ledger.Record) error {
	var n struct {
		Pass ledger.Hash `json:"pass_sha256"`
	}
	if err := json.Unmarshal(r.Data, &n); err != nil {
		return err
	}
	if n.Pass != (ledger.Hash{}) {
		h.rehearsals[n.Pass] = r.Seq
	}
	return nil
}
