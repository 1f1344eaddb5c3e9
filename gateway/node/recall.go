package node

import (
	"time"

	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/state"
)

// BadCode refuses a short code that is not of the person and the opening.
const BadCode = "bad_code"

// AppendCode appends the short code of a ticket, by which Recall makes it again; nothing where it has none.
func (n *Node) AppendCode(dst []byte, t *queue.Ticket) []byte { return n.tickets.AppendCode(dst, t) }

// Code is AppendCode as a text.
func (n *Node) Code(t *queue.Ticket) string { return n.tickets.Code(t) }

// Recall makes a person's ticket again from the short code that they were told: the same place, neither better nor worse. The
// opening is the one that admits them where it is empty.
func (n *Node) Recall(number subject.Number, opening, code string, now time.Time) (queue.Text, queue.Ticket, *queue.Line, error) {
	id := n.subjects.Subject(number)
	snapshot := n.Snapshot()
	line, member, err := n.admitting(snapshot, number.Birth(), id, opening, now)
	if err != nil {
		return queue.Text{}, queue.Ticket{}, nil, err
	}
	t, ok := n.tickets.Recall(code, queue.Ticket{Opening: line.Number, Cohort: member.Number(), Subject: id})
	if !ok || t.Epoch > line.EpochAt(now) {
		return queue.Text{}, queue.Ticket{}, nil, &Refusal{Code: BadCode}
	}
	t.IssuedAt = now
	text := n.tickets.Sign(t)
	signed, err := n.tickets.Check(text[:]) // under the current key
	return text, signed, line, err
}

// Pace is how many people a second are called in, all open lines together, and how many gateways let them in.
func (n *Node) Pace(now time.Time) (perSecond float64, gateways int) {
	for _, l := range n.Snapshot().Lines {
		if l.StateAt(now) == api.OpeningOpen {
			perSecond += l.Speed
		}
	}
	n.shared.Read(func(m *state.Model) { gateways = shared(m, now).Gateways })
	return perSecond, gateways
}
