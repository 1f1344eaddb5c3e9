package web

import (
	"encoding/json"
	"net/http"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
)

// maxSchedule bounds a schedule with what goes with it, in bytes: the file may have 64 KiB, and JSON escapes some of it.
const maxSchedule = 512 << 10

// schedule answers POST /internal/schedule: a schedule came into force.
func (s *server) schedule(w http.ResponseWriter, r *http.Request) error {
	var l ledger.Schedule
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxSchedule)).Decode(&l); err != nil {
		return &booking.Error{Kind: booking.BadRequest, Field: "body", Err: err}
	}
	if err := s.service.Schedule(r.Context(), l, s.clock()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
