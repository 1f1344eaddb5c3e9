package opening

import (
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// Standing is all that the phase of an opening follows from, but the instant.
type Standing struct {
	Times            // that hold
	State     string // said by operators: paused, closed, or empty
	Reached   string // noticed: empty, lobby, open, closed
	Noticed   string // the phase noticed last; counts only while the stock is unknown
	Postponed bool
	Stock     int64 // doses left; below zero: unknown
}

// reached is how far time has brought an opening, which is never less than what has been noticed.
func (s *Standing) reached(now time.Time) string {
	switch {
	case s.Reached == api.OpeningClosed || !now.Before(s.ClosesAt):
		return api.OpeningClosed
	case s.Reached == api.OpeningOpen || !now.Before(s.OpensAt):
		return api.OpeningOpen
	case s.Reached == api.OpeningLobby || !now.Before(s.LobbyAt):
		return api.OpeningLobby
	}
	return ""
}

// Phase is the phase at an instant: one of the api.Opening… states, api.PhasePostponed or api.PhaseExhausted. A gateway
// that hears nothing from the others still opens and closes in time.
func (s *Standing) Phase(now time.Time) string {
	if s.State == api.OpeningClosed {
		return api.OpeningClosed
	}
	switch s.reached(now) {
	case api.OpeningClosed:
		return api.OpeningClosed
	case api.OpeningOpen:
		return s.whileOpen()
	case api.OpeningLobby:
		return s.waiting(api.OpeningLobby)
	}
	if s.Postponed {
		return api.PhasePostponed
	}
	return api.OpeningScheduled
}

func (s *Standing) whileOpen() string {
	switch {
	case s.Stock == 0 || s.Stock < 0 && s.Noticed == api.PhaseExhausted:
		return api.PhaseExhausted
	case s.State == api.OpeningPaused:
		return api.OpeningPaused
	}
	return api.OpeningOpen
}

func (s *Standing) waiting(otherwise string) string {
	switch {
	case s.State == api.OpeningPaused:
		return api.OpeningPaused
	case s.Postponed:
		return api.PhasePostponed
	}
	return otherwise
}

// Shown is the phase as one of the five states that the outside knows.
func (s *Standing) Shown(now time.Time) string {
	switch phase := s.Phase(now); phase {
	case api.PhaseExhausted:
		return api.OpeningClosed
	case api.PhasePostponed:
		if s.reached(now) == api.OpeningLobby {
			return api.OpeningLobby
		}
		return api.OpeningScheduled
	default:
		return phase
	}
}

// Over tells whether the opening has closed for good.
func (s *Standing) Over(now time.Time) bool { return s.Phase(now) == api.OpeningClosed }

// Begun tells whether turns have begun: from then on the line is a matter of its cursor.
func (s *Standing) Begun(now time.Time) bool {
	at := s.reached(now)
	return at == api.OpeningOpen || at == api.OpeningClosed
}
