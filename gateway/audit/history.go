package audit

import (
	"errors"
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
	offers     offers
	shown      map[person]uint64 // who showed who they are → record
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
	asks    []asking
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

// event is a change of what an opening may do: an operator's, or time's, or another schedule's.
type event struct {
	at    int64 // Unix ms at which it took effect
	after standing
	hours *hours // those of a schedule that came into force; after says nothing then
}

// hours are when a schedule opens and closes an opening, in Unix ms.
type hours struct{ opens, closes int64 }

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
	dose    int
	slot    string
	subject subject.ID
	place   place
	pass    ledger.Hash
	via     string
}

// read goes through the ledger once.
func read(e *Evidence, o *Options) (*history, error) {
	h := &history{openings: map[string]*opening{}, rehearsals: map[ledger.Hash]uint64{}, supply: newSupply(), offers: newOffers(), shown: map[person]uint64{}, judged: o.judged}
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
