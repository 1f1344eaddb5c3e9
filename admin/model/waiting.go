package model

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// confirmWithin is how long the server keeps an order for the second person.
const confirmWithin = 10 * time.Minute

// Waiting is an order that one person gave and that happens once another one gives the same.
type Waiting struct {
	Opening *api.OpeningStatus
	Verb    Verb
	PerS    float64 // of a rate
	By      string
	Reason  string
	At      time.Time
}

// WaitingAt is the order that waits for a second person at an opening; nil when there is none, when it has lapsed, or
// when the opening's state has left it behind.
func WaitingAt(o *api.OpeningStatus, now time.Time) *Waiting {
	if o == nil || o.Pending == nil || !now.Before(o.Pending.At.Add(confirmWithin)) {
		return nil
	}
	w := &Waiting{Opening: o, By: o.Pending.By, Reason: o.Pending.Reason, At: o.Pending.At}
	verb, perS, _ := strings.Cut(o.Pending.Action, " ")
	w.Verb = Verb(verb)
	if w.Verb == Rate {
		rate, err := strconv.ParseFloat(perS, 64)
		if err != nil {
			return nil
		}
		w.PerS = rate
	}
	if !slices.Contains(Verbs, w.Verb) || openingRefusal(w.Verb, o.State) != nil {
		return nil
	}
	return w
}

// AllWaiting lists what waits for a second person, in the order of the openings.
func AllWaiting(s *api.Snapshot, now time.Time) []*Waiting {
	var list []*Waiting
	if s != nil {
		for i := range s.Openings {
			if w := WaitingAt(&s.Openings[i], now); w != nil {
				list = append(list, w)
			}
		}
	}
	return list
}

// Until is when it lapses.
func (w *Waiting) Until() time.Time { return w.At.Add(confirmWithin) }

// Confirms tells whether an order of this person would be the second one, so that it happens.
func (w *Waiting) Confirms(o Order, name string) bool {
	return w.By != name && o.Verb == w.Verb && o.Opening == w.Opening.ID && o.Cohort == "" && (w.Verb != Rate || o.PerS == w.PerS)
}

// Name says what was ordered.
func (w *Waiting) Name() words.Message {
	verb := words.M("verb." + string(w.Verb))
	if w.Verb == Rate {
		return words.M("waiting.rate", verb, capMessage(w.PerS))
	}
	return verb
}
