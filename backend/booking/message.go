package booking

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// MessageKind is what a message tells.
type MessageKind string

// Kinds of messages.
const (
	TellBooked    MessageKind = "booked"
	TellChanged   MessageKind = "changed"
	TellCancelled MessageKind = "cancelled"
	TellReminder  MessageKind = "reminder" // the day before a dose
	TellOffer     MessageKind = "offer"    // of a leftover dose; what opens it is in the Address
)

// Channel is a way to reach people.
type Channel string

// Channels.
const (
	ByText Channel = "text" // text message to a phone
	ByMail Channel = "mail"
)

// Channels lists all of them.
var Channels = []Channel{ByText, ByMail}

// Languages of messages.
const (
	Korean  = "ko"
	English = "en"
)

// MessageState is how far a message is.
type MessageState string

// States of a message. All but the first are final, and what was sealed is gone then.
const (
	MessagePending MessageState = "pending" // to be sent at NextAt
	MessageSent    MessageState = "sent"    // the next one down the line has it
	MessageFailed  MessageState = "failed"  // nobody will try again
	MessageDropped MessageState = "dropped" // no longer true: something newer is told instead
)

// Message is one row of the outbox: something that one person has to be told. It is written in the same commit as what
// it tells.
type Message struct {
	Number  uint64 // of the row, see numberMessage
	Channel Channel
	Body
	DueAt    time.Time // when it was to be sent
	NextAt   time.Time // the same, or when it is to be tried again
	Attempts int
	Sealed   []byte // an Address, see SealAddress
}

// ID names a message for ever: to those who pass it on as the idempotency key, so that they can tell a message that
// comes again from another one. It is made of a booking's number and of the event told, so an event has it once.
func (m *Message) ID() string { return fmt.Sprintf("%s.%d", m.About, m.Number) }

// Body is what a message tells, without anything about the person but the pseudonym.
type Body struct {
	Kind    MessageKind `json:"kind"`
	Lang    string      `json:"lang"`
	About   string      `json:"about"`   // number of the booking; of an offer the beginning of its code's hash
	Subject subject.ID  `json:"subject"` // who is told; what is sealed opens for them only
	Opening string      `json:"opening"`
	Doses   []DoseFact  `json:"doses"`          // the first dose first
	Until   time.Time   `json:"until,omitzero"` // of an offer
}

// DoseFact is one dose of a booking.
type DoseFact struct {
	No   string `json:"no"`
	Dose int    `json:"dose"`
	Slot string `json:"slot"`
}

// AppendJSON appends the bytes that json.Marshal gives.
func (m *Body) AppendJSON(b []byte) []byte {
	b = ledger.AppendString(append(b, `{"kind":`...), string(m.Kind))
	b = ledger.AppendString(append(b, `,"lang":`...), m.Lang)
	b = ledger.AppendString(append(b, `,"about":`...), m.About)
	b = hex.AppendEncode(append(b, `,"subject":"`...), m.Subject[:])
	b = ledger.AppendString(append(b, `","opening":`...), m.Opening)
	b = append(b, `,"doses":[`...)
	for i, d := range m.Doses {
		if i > 0 {
			b = append(b, ',')
		}
		b = ledger.AppendString(append(b, `{"no":`...), d.No)
		b = strconv.AppendInt(append(b, `,"dose":`...), int64(d.Dose), 10)
		b = append(ledger.AppendString(append(b, `,"slot":`...), d.Slot), '}')
	}
	b = append(b, ']')
	if !m.Until.IsZero() {
		b = append(m.Until.AppendFormat(append(b, `,"until":"`...), time.RFC3339Nano), '"')
	}
	return append(b, '}')
}

// Recipient is whom an operation tells of itself; nobody where there are no Channels.
type Recipient struct {
	Lang     string
	Channels []Channel
	Sealed   []byte // an Address, see SealAddress
}

// Settlement is what became of a message that was to be sent.
type Settlement struct {
	Number   uint64
	State    MessageState
	Attempts int
	At       time.Time // when State was reached; for MessagePending, when to try again
	Reason   string    // for operators: a code, nothing about the person
	Then     []Message // what is to be told next, only where the message was pending until now and is no longer; to the same address
}

// Backlog is what waits in a channel.
type Backlog struct {
	Due       int64     // were to be sent by now, those included that have to be tried again
	Oldest    time.Time // since when the first of them is; zero where none is
	Scheduled int64     // to be sent later
	Failed    int64
}

const (
	// perEvent bounds how many messages one event can have, perMessage how many follow one of them.
	perEvent   = 1024
	perMessage = 16
)

// numberMessage makes the number of an event's n-th message from that of the event's ledger record, so that messages
// stand in the order of what they tell and nothing has to be looked up to find those of one event.
func numberMessage(seq uint64, n int) uint64 { return seq*perEvent + uint64(n) }

// numberFollowUp makes the number of what follows a message as the n-th: the event's too, and nobody else's.
func numberFollowUp(message uint64, n int) uint64 {
	event, i := message/perEvent, message%perEvent
	return event*perEvent + (i+1)*perMessage + uint64(n)
}

// MessagesOf is the range of numbers, its end excluded, that the messages of an event have.
func MessagesOf(seq uint64) (from, to uint64) { return seq * perEvent, (seq + 1) * perEvent }

// ReminderAt is when people are reminded of a dose: at ten in the morning, in Korea, of the day before.
func ReminderAt(slot time.Time) time.Time { return subject.DateOf(slot).AddDays(-1).At(10, 0).UTC() }

// Reminders are what follows a message that tells of doses, once it has gone out: people are reminded of each the day
// before. They are made then and not together with the message, because most of the writing comes all at once when an
// opening opens, and nobody is reminded on that day.
func Reminders(m *Message, c *Catalog, now time.Time) []Message {
	supply := c.Opening(m.Opening)
	if m.Kind != TellBooked && m.Kind != TellChanged || supply == nil {
		return nil
	}
	var then []Message
	for i, dose := range m.Doses {
		slot := supply.Slot(dose.Slot)
		if slot == nil || !ReminderAt(slot.At()).After(now) {
			continue
		}
		r := Message{Number: numberFollowUp(m.Number, len(then)), Channel: m.Channel, Body: m.Body}
		r.Kind, r.About, r.Doses = TellReminder, dose.No, m.Doses[i:i+1]
		r.NextAt = ReminderAt(slot.At())
		r.DueAt = r.NextAt
		then = append(then, r)
	}
	return then
}

// tell adds to an effect what it tells about doses that belong together, the first dose first. What was not told yet
// about them by then is dropped. The bookings must be the newest ones.
func (s *State) tell(e *Effect, to Recipient, kind MessageKind, doses ...*Booking) {
	seq, now := e.Record.Seq, e.Record.At
	for _, b := range doses {
		if b.told != 0 && (len(e.Dropped) == 0 || e.Dropped[len(e.Dropped)-1] != b.told) {
			e.Dropped = append(e.Dropped, b.told)
		}
		var pending uint64
		if len(to.Channels) > 0 {
			pending = seq
		}
		s.bookings.markTold(b, pending)
	}
	if len(to.Channels) == 0 {
		return
	}
	told := Body{
		Kind: kind, Lang: to.Lang, About: doses[0].No, Subject: doses[0].Subject, Opening: doses[0].Opening, Doses: make([]DoseFact, len(doses)),
	}
	for i, b := range doses {
		told.Doses[i] = DoseFact{No: b.No, Dose: b.Dose, Slot: b.Slot}
	}
	e.Messages = make([]Message, len(to.Channels))
	for i, channel := range to.Channels {
		e.Messages[i] = Message{Number: numberMessage(seq, i), Channel: channel, Body: told, DueAt: now, NextAt: now, Sealed: to.Sealed}
	}
}

// Settle makes the effect of what became of messages. Nothing is decided from it.
func (s *State) Settle(settled []Settlement) *Effect {
	if len(settled) == 0 {
		return nil
	}
	return &Effect{Settled: settled, undo: func() {}}
}

// RestoreTold puts back which event the pending messages of a booking, and of the other dose's, are of, given one of their
// numbers.
func (s *State) RestoreTold(no string, number uint64) {
	bs := &s.bookings
	i := bs.byNumber[numberOf(no)]
	if i == 0 {
		return
	}
	for _, i := range [...]uint32{i, bs.byNumber[bs.rows.at(i).pair]} {
		if i != 0 {
			r := bs.rows.at(i)
			r.told = max(r.told, number/perEvent)
		}
	}
}
