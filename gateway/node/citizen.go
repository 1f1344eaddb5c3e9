package node

import (
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/upstream"
)

// passLife is how long a pass lets its person book.
const passLife = 15 * time.Minute

// keyLen is how much of a pass serves as the key under which its admission may be asked for again.
const keyLen = 64

// signer signs passes.
type signer struct {
	key ed25519.PrivateKey
	id  byte
}

func newSigner(r *keyring.Ring) signer {
	key, id := r.PassSigner()
	return signer{key, id}
}

// Refusal says why somebody gets no place or no pass. Decision is set where eligibility is the reason, Place where the
// place is.
type Refusal struct {
	Code     string // a problem code of the API
	Decision cohort.Decision
	Place    queue.Place
}

func (r *Refusal) Error() string { return "refused: " + r.Code }

// Codes of a Refusal.
const (
	NotEligible = "not_eligible"
	NotOpenYet  = "not_open_yet"
	Closed      = "closed"
	NotFound    = "not_found"
	BadTicket   = "bad_ticket"
	NotYourTurn = "not_your_turn"
	Paused      = "paused"
)

// Decide says what a person born on that day may do. Without a subject they are taken to be on the
// lists that are asked for and on none that is left out.
func (n *Node) Decide(birth subject.Date, id *subject.ID, now time.Time) cohort.Decision {
	return n.decide(n.Snapshot(), birth, id, now)
}

func (n *Node) decide(snapshot *Snapshot, birth subject.Date, id *subject.ID, now time.Time) cohort.Decision {
	var lists cohort.Lists
	if id != nil {
		lists = snapshot.plan.lists.Of(*id)
	}
	return snapshot.plan.schedule.Decide(birth, lists, now, func(o *cohort.Opening) cohort.Window {
		return window(snapshot.LineByID(o.ID), now)
	})
}

func window(l *queue.Line, now time.Time) cohort.Window {
	state := l.StateAt(now)
	w := cohort.Window{LobbyAt: l.LobbyAt, OpensAt: l.OpensAt, ClosesAt: l.ClosesAt, Closed: state == api.OpeningClosed}
	if state != api.OpeningScheduled && now.Before(w.LobbyAt) { // it has begun all the same: the clock was set back
		w.LobbyAt = now
	}
	if l.Begun(now) && now.Before(w.OpensAt) {
		w.OpensAt = now
	}
	return w
}

// Subject is the pseudonym of a registration number.
func (n *Node) Subject(number subject.Number) subject.ID { return n.subjects.Subject(number) }

// Join gives a person a place in an opening, the one that admits them where opening is empty. Who holds a ticket of
// the same opening keeps it: a later place is never better.
func (n *Node) Join(number subject.Number, opening string, held []byte, now time.Time) (queue.Text, queue.Ticket, *queue.Line, error) {
	id := n.subjects.Subject(number)
	snapshot := n.Snapshot()
	line, member, err := n.admitting(snapshot, number.Birth(), id, opening, now)
	if err != nil {
		return queue.Text{}, queue.Ticket{}, nil, err
	}
	if t, err := n.tickets.Check(held); err == nil && t.Subject == id && t.Opening == line.Number && !t.Rehearsal {
		return queue.Text(held), t, line, nil
	}
	t := queue.Ticket{Opening: line.Number, Cohort: member.Number(), Epoch: line.EpochAt(now), Subject: id, IssuedAt: now}
	snapshot.plan.rolls[line.ID].add(t.Epoch, t.Cohort, id)
	return n.tickets.Sign(t), t, line, nil
}

// admitting finds the line that the person may join, or says why there is none.
func (n *Node) admitting(snapshot *Snapshot, birth subject.Date, id subject.ID, opening string, now time.Time) (*queue.Line, *cohort.Cohort, error) {
	if opening != "" {
		return n.admittingTo(snapshot, birth, id, opening, now)
	}
	d := n.decide(snapshot, birth, &id, now)
	switch d.Code {
	case cohort.CodeOpenNow, cohort.CodeLobbyNow:
		return snapshot.LineByID(d.Opening.ID), d.Cohort, nil
	case cohort.CodeLater:
		return nil, nil, &Refusal{Code: NotOpenYet, Decision: d}
	case cohort.CodeClosed:
		return nil, nil, &Refusal{Code: Closed, Decision: d}
	}
	return nil, nil, &Refusal{Code: NotEligible, Decision: d}
}

// admittingTo is admitting for an opening that the person named.
func (n *Node) admittingTo(snapshot *Snapshot, birth subject.Date, id subject.ID, opening string, now time.Time) (*queue.Line, *cohort.Cohort, error) {
	o := snapshot.plan.schedule.Opening(opening)
	if o == nil {
		return nil, nil, &Refusal{Code: NotFound}
	}
	line := snapshot.LineByID(opening)
	member, refused := o.Match(birth, snapshot.plan.lists.Of(id))
	d := cohort.Decision{Opening: o, Cohort: member, LobbyAt: line.LobbyAt, OpensAt: line.OpensAt, ClosesAt: line.ClosesAt}
	switch {
	case member == nil:
		return nil, nil, &Refusal{Code: NotEligible, Decision: n.decide(snapshot, birth, &id, now)}
	case refused != "":
		d.Code = refused
		return nil, nil, &Refusal{Code: NotEligible, Decision: d}
	}
	switch line.StateAt(now) {
	case api.OpeningScheduled:
		d.Code = cohort.CodeLater
		return nil, nil, &Refusal{Code: NotOpenYet, Decision: d}
	case api.OpeningClosed:
		d.Code = cohort.CodeClosed
		return nil, nil, &Refusal{Code: Closed, Decision: d}
	}
	return line, member, nil
}

// Locate reads a ticket and finds its line; a Refusal with BadTicket where it is none of ours.
func (n *Node) Locate(text []byte) (queue.Ticket, *queue.Line, error) {
	return n.locate(n.Snapshot(), text)
}

func (n *Node) locate(snapshot *Snapshot, text []byte) (queue.Ticket, *queue.Line, error) {
	t, err := n.tickets.Check(text)
	if err != nil {
		return t, nil, errBadTicket
	}
	line := snapshot.Line(t.Opening)
	if line == nil || t.Rehearsal {
		return t, nil, errBadTicket
	}
	return t, line, nil
}

var errBadTicket = &Refusal{Code: BadTicket}

// Enter exchanges a ticket whose turn has come for a pass, recorded by the backend. The errors are a Refusal, an
// *api.Problem of the backend's, or one of upstream's.
func (n *Node) Enter(ctx context.Context, text []byte, now time.Time) (api.Entry, error) {
	return n.EnterAs(ctx, shed.P1, text, now)
}

// EnterAs is Enter in the class given, for whoever has a lane of their own. It changes nothing about whose turn has come.
func (n *Node) EnterAs(ctx context.Context, class shed.Class, text []byte, now time.Time) (api.Entry, error) {
	snapshot := n.Snapshot()
	t, line, err := n.locate(snapshot, text)
	if err != nil {
		return api.Entry{}, err
	}
	place := line.Place(&t, now)
	switch place.State {
	case api.PlaceTurn:
	case api.PlacePaused:
		return api.Entry{}, &Refusal{Code: Paused, Place: place}
	case api.PlaceClosed:
		return api.Entry{}, &Refusal{Code: Closed, Place: place}
	default:
		return api.Entry{}, &Refusal{Code: NotYourTurn, Place: place}
	}
	proposal := pass.Sign(pass.Pass{
		KeyID: n.signer.id, Opening: t.Opening, Subject: t.Subject, Epoch: t.Epoch, Rank: place.Rank,
		ScheduleVersion: snapshot.plan.schedule.Version, IssuedAt: now, ExpiresAt: now.Add(passLife),
	}, n.signer.key)
	answer, err := n.backend.Do(ctx, shed.Of(class, t.Subject, now), upstream.Request{
		Method: http.MethodPost, Path: "/internal/admissions", ContentType: "text/plain", Body: []byte(proposal),
		IdempotencyKey: proposal[:keyLen], // the admission is recorded once however often it is asked for
	})
	if err != nil {
		return api.Entry{}, err
	}
	entry, err := readEntry(answer)
	if err == nil {
		snapshot.plan.rolls[line.ID].entered(t.Cohort)
	}
	return entry, err
}

func readEntry(a upstream.Answer) (api.Entry, error) {
	if a.Status != http.StatusOK {
		return api.Entry{}, ReadProblem(a)
	}
	var entry api.Entry
	if err := json.Unmarshal(a.Body, &entry); err != nil {
		return entry, fmt.Errorf("%w: read the admission: %w", upstream.ErrUnknown, err)
	}
	return entry, nil
}

// ReadProblem makes an error of a problem that the backend answered.
func ReadProblem(a upstream.Answer) error {
	var p api.Problem
	if err := json.Unmarshal(a.Body, &p); err != nil || p.Code == "" {
		return fmt.Errorf("%w: backend answered %d", upstream.ErrUnknown, a.Status)
	}
	return &p
}

// IsRefusal tells a Refusal from other errors.
func IsRefusal(err error) (*Refusal, bool) {
	var r *Refusal
	ok := errors.As(err, &r)
	return r, ok
}
