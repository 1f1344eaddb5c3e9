package model

import (
	"time"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// PhaseOf is where an opening stands: its state, or more finely postponed or exhausted.
func PhaseOf(o *api.OpeningStatus) string {
	if o.Phase == "" {
		return o.State
	}
	return o.Phase
}

// PhaseLine says where an opening stands and since when; it says nothing of when where that is not known.
func PhaseLine(o *api.OpeningStatus, now time.Time) words.Message {
	phase := words.M("state." + PhaseOf(o))
	if o.PhaseSince.IsZero() || now.Before(o.PhaseSince) {
		return phase
	}
	return words.M("phase.since", phase, words.Clock(o.PhaseSince), now.Sub(o.PhaseSince))
}
