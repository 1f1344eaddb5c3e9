package web

import (
	"encoding/json"
	"io"
	"iter"
	"net/http"
	"strconv"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

// maxJournal bounds what a gateway brings at once, in bytes.
const maxJournal = 256 << 10

func (s *server) journal(w http.ResponseWriter, r *http.Request) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxJournal))
	if err != nil {
		return problemTooLarge
	}
	var j ledger.Journal
	if err := json.Unmarshal(body, &j); err != nil {
		return &booking.Error{Kind: booking.BadRequest, Field: "body", Err: err}
	}
	if err := s.service.Journal(r.Context(), &j, s.clock()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *server) checkpoints(w http.ResponseWriter, r *http.Request) error {
	after, err := unsigned(r, "after", 0)
	if err != nil {
		return err
	}
	return stream(s, w, "checkpoints", s.store.Checkpoints(r.Context(), after), func(b []byte, c *ledger.Checkpoint) []byte { return c.AppendLine(b) })
}

// passes gives out passes that expired: what they were good for once is what an auditor looks at.
func (s *server) passes(w http.ResponseWriter, r *http.Request) error {
	after, err := unsigned(r, "after", 0)
	if err != nil {
		return err
	}
	limit, err := unsigned(r, "limit", defaultRecords)
	if err != nil {
		return err
	}
	// A minute more: clocks differ, and a pass must never be good anywhere once it is read here.
	expired := s.clock().Add(-time.Minute)
	return stream(s, w, "passes", s.store.SpentPasses(r.Context(), after, expired, int(min(limit, maxPasses))), appendPass)
}

const maxPasses = 100_000

// stream sends a line for each of a sequence. Once it has begun it cannot turn into a problem document: a failure cuts
// the connection, so that nobody takes part of it for all.
func stream[T any](s *server, w http.ResponseWriter, what string, all iter.Seq2[T, error], line func([]byte, *T) []byte) error {
	var buf []byte
	begun := false
	for v, err := range all {
		if err != nil && !begun {
			return err
		}
		if err != nil {
			s.log.failed(what, err, s.clock())
			panic(http.ErrAbortHandler)
		}
		begin(w, &begun)
		buf = line(buf[:0], &v)
		if _, err := w.Write(buf); err != nil {
			return nil // the reader went away
		}
	}
	begin(w, &begun)
	return nil
}

// appendPass appends one line of an api.SpentPass; the text of a pass needs no escape.
func appendPass(b []byte, p *booking.SpentPass) []byte {
	b = strconv.AppendUint(append(b, `{"number":`...), p.Number, 10)
	b = append(append(b, `,"pass":"`...), p.Text...)
	return append(b, "\"}\n"...)
}
