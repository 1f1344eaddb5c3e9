package operator

import (
	"encoding/hex"
	"net/http"
	"time"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/subject"
)

// AccessesRequest asks for a part of the log of accesses. Whose is a booking's number; what is empty does not matter.
type AccessesRequest struct {
	Whose  string    `json:"whose,omitempty"`
	Who    string    `json:"who,omitempty"`
	From   time.Time `json:"from,omitzero"`
	To     time.Time `json:"to,omitzero"`
	Reason string    `json:"reason"`
}

// AccessLine is a line of the answer.
type AccessLine struct {
	Seq    uint64    `json:"seq"`
	At     time.Time `json:"at"`
	Who    string    `json:"who"`
	Role   string    `json:"role"`
	From   string    `json:"from"`
	Whose  string    `json:"whose,omitempty"` // subject
	Task   string    `json:"task"`
	Reason string    `json:"reason,omitempty"`
	Hash   string    `json:"hash"`
}

func (s *server) accesses(w http.ResponseWriter, r *http.Request, o booking.Officer) error {
	var in AccessesRequest
	if err := read(r, &in); err != nil {
		return err
	}
	if err := because(&o, in.Reason); err != nil {
		return err
	}
	no := ""
	if in.Whose != "" {
		var ok bool
		if no, ok = booking.ParseNumber(in.Whose); !ok {
			return problem(http.StatusBadRequest, "bad_request", "예약번호를 확인해 주세요.", "That is no booking number.")
		}
	}
	all, err := s.Service.Accesses(r.Context(), o, access.Filter{Who: in.Who, From: in.From, To: in.To}, no, s.Clock())
	if err != nil {
		return err
	}
	tell := lines(w)
	for record, err := range all {
		if err != nil {
			return err
		}
		if err := tell(lineOf(&record)); err != nil {
			return err
		}
	}
	return nil
}

func lineOf(r *access.Record) AccessLine {
	l := AccessLine{Seq: r.Seq, At: r.At.In(subject.Seoul), Who: r.Who, Role: r.Role, From: r.From, Task: r.Task, Reason: r.Reason, Hash: hex.EncodeToString(r.Hash[:])}
	if r.Whose != (subject.ID{}) {
		l.Whose = r.Whose.String()
	}
	return l
}

func (s *server) verify(w http.ResponseWriter, r *http.Request, _ booking.Officer) error {
	v, err := s.Service.VerifyAccesses(r.Context())
	if err != nil {
		return err
	}
	return reply(w, v)
}
