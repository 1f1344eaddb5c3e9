package node

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/state"
)

// publishedSeals is how many of the newest seals travel with a cursor.
const publishedSeals = 8

// Snapshot is everything that answers from memory are made of. It never changes; the next one replaces it.
type Snapshot struct {
	Lines    []*queue.Line // in the schedule's order
	Openings []api.Opening // the same as they are published
	Notices  []api.Notice

	OpeningsJSON []byte
	cursors      map[string][]byte // by opening ID
	plan         *plan             // that it was made by
	at           time.Time         // when

	byNumber map[uint32]*queue.Line
	byID     map[string]*queue.Line
}

// Line returns the line with an opening number, nil where there is none.
func (s *Snapshot) Line(number uint32) *queue.Line { return s.byNumber[number] }

// LineByID returns the line with an opening ID, nil where there is none.
func (s *Snapshot) LineByID(id string) *queue.Line { return s.byID[id] }

// CursorJSON returns the published cursor of an opening, nil where there is none.
func (s *Snapshot) CursorJSON(id string) []byte { return s.cursors[id] }

// build makes the snapshot of a moment from a plan and what the gateway knows.
func (n *Node) build(p *plan, now time.Time) *Snapshot {
	s := &Snapshot{
		plan: p, at: now, cursors: map[string][]byte{}, byNumber: map[uint32]*queue.Line{}, byID: map[string]*queue.Line{},
	}
	report, _, _ := n.backend.Report()
	n.shared.Read(func(m *state.Model) {
		s.Notices = m.Notices
		for i := range p.schedule.Openings {
			o := &p.schedule.Openings[i]
			l := n.line(o, p.rolls[o.ID], m, report)
			s.Lines = append(s.Lines, l)
			s.byNumber[l.Number], s.byID[l.ID] = l, l
			s.Openings = append(s.Openings, published(o, l, p.chains[o.ID].Anchor(), now))
		}
	})
	for _, l := range s.Lines {
		s.cursors[l.ID] = publishedCursor(l, now)
	}
	s.OpeningsJSON = mustJSON(s.Openings)
	return s
}

func (n *Node) line(o *cohort.Opening, r *roll, m *state.Model, report *api.BackendReport) *queue.Line {
	said, cursor := m.Openings[o.ID], m.Cursors[o.ID]
	times := said.Times(opening.Scheduled(o))
	l := &queue.Line{
		ID: o.ID, Number: o.Number(), Order: o.Order,
		State: said.State, Reason: said.Reason,
		LobbyAt: times.LobbyAt, OpensAt: times.OpensAt, ClosesAt: times.ClosesAt, Reached: said.Reached, Noticed: said.Noticed,
		Cohorts: make(map[uint32]queue.Cohort, len(o.Cohorts)),
		Cursor:  queue.Cursor{Epoch: cursor.Epoch, Rank: cursor.Rank}, Speed: cursor.Speed, RateCap: said.RateCap,
		StockLeft: -1, Pace: n.pace(),
	}
	if w := cursor.Waits; w != nil {
		l.Timetable, l.Doses = &w.Timetable, w.Doses
	}
	if said.StartedAt != nil {
		l.StartedAt = *said.StartedAt
	}
	if said.Postponed != nil {
		l.Moved = said.Postponed.Reason
	}
	for i := range o.Cohorts {
		c := &o.Cohorts[i]
		l.Cohorts[c.Number()] = queue.Cohort{ID: c.ID, Paused: said.Cohorts[c.ID].Paused, Reason: said.Cohorts[c.ID].Reason}
	}
	if seals := m.Seals[o.ID]; seals != nil {
		l.Seals = *seals
	}
	l.Unsealed = r.waitingFrom(l.Seals.Next(l.FirstEpoch()))
	if report != nil {
		if r, ok := report.Openings[o.ID]; ok {
			l.StockLeft = r.StockLeft
		}
	}
	return l
}

func published(o *cohort.Opening, l *queue.Line, anchor [32]byte, now time.Time) api.Opening {
	p := api.Opening{
		ID: o.ID, Name: o.Name, NameEn: o.NameEn, State: l.StateAt(now), Phase: l.PhaseAt(now), Reason: l.ReasonAt(now),
		LobbyAt: l.LobbyAt, OpensAt: l.OpensAt, ClosesAt: l.ClosesAt, Order: string(o.Order), Proxy: o.Proxy,
		IdentityRequired: len(o.Identity) > 0,
		Vaccine:          o.Vaccine, Cohorts: make([]api.Cohort, len(o.Cohorts)), Anchor: hex.EncodeToString(anchor[:]),
	}
	for i := range o.Cohorts {
		c := &o.Cohorts[i]
		said := l.Cohorts[c.Number()]
		p.Cohorts[i] = api.Cohort{ID: c.ID, Name: c.Name, NameEn: c.NameEn, Paused: said.Paused, Reason: said.Reason}
	}
	if l.StockLeft >= 0 {
		left := l.StockLeft
		p.StockLeft = &left
	}
	return p
}

func publishedCursor(l *queue.Line, now time.Time) []byte {
	return mustJSON(api.Cursor{
		Epoch: l.Cursor.Epoch, Rank: RankText(l.Cursor.Rank), State: l.StateAt(now), Speed: l.Speed,
		Seals: l.Seals.Newest(publishedSeals),
	})
}

// RankText writes a rank as it is published.
func RankText(rank uint64) string { return fmt.Sprintf("%016x", rank) }

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // shapes of our own: cannot fail but by a mistake in the program
	}
	return b
}
