package node

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/queue"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/upstream"
)

// AlreadyOpen is the Refusal's code for a rehearsal of an opening that has begun.
const AlreadyOpen = "already_open"

// MayRehearse tells who a person is and whether they could book in an opening that has not begun, as a Refusal if not.
func (n *Node) MayRehearse(number subject.Number, opening string, now time.Time) (subject.ID, *queue.Line, error) {
	id := n.subjects.Subject(number)
	snapshot := n.Snapshot()
	o := snapshot.plan.schedule.Opening(opening)
	if o == nil {
		return id, nil, &Refusal{Code: NotFound}
	}
	line := snapshot.LineByID(opening)
	if line.Begun(now) {
		return id, nil, &Refusal{Code: AlreadyOpen}
	}
	if member, refused := o.Match(number.Birth(), snapshot.plan.lists.Of(id)); member == nil || refused != "" {
		return id, nil, &Refusal{Code: NotEligible, Decision: n.decide(snapshot, number.Birth(), &id, now)}
	}
	return id, line, nil
}

// RehearsalOrder is what two people agreed on.
type RehearsalOrder struct {
	Name   string
	By     [2]string
	Reason string
}

// Rehearse signs a rehearsal pass and has the backend record it; only then may anybody have it.
func (n *Node) Rehearse(ctx context.Context, id subject.ID, line *queue.Line, o RehearsalOrder, now, until time.Time) (string, error) {
	text := pass.Sign(pass.Pass{
		KeyID: n.signer.id, Rehearsal: true, Opening: line.Number, Subject: id,
		ScheduleVersion: n.Snapshot().plan.schedule.Version, IssuedAt: now, ExpiresAt: until,
	}, n.signer.key)
	body, err := json.Marshal(map[string]any{"pass": text, "name": o.Name, "by": o.By, "reason": o.Reason})
	if err != nil {
		return "", err
	}
	answer, err := n.backend.Do(ctx, shed.At(shed.P0), upstream.Request{
		Method: http.MethodPost, Path: "/internal/rehearsals", ContentType: "application/json", Body: body,
	})
	if err != nil {
		return "", err
	}
	if answer.Status != http.StatusNoContent {
		return "", ReadProblem(answer)
	}
	return text, nil
}
