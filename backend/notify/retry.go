package notify

import (
	"errors"
	"time"

	"github.com/daemun/daemun/backend/booking"
)

const (
	// FirstRetry is how long after a first try that failed the second comes; each further pause is twice as long.
	FirstRetry = 10 * time.Second
	// LongestRetry caps the pauses.
	LongestRetry = 30 * time.Minute
	// GiveUpAfter is how long a message is tried for: what happened days ago is news no more.
	GiveUpAfter = 3 * 24 * time.Hour
)

// Pause is how long to wait after a number of tries that failed, from 1. A jitter in [0, 1) takes up to half of it off, so
// that letters which failed together do not come again together.
func Pause(tries int, jitter float64) time.Duration {
	d := LongestRetry
	if tries = max(tries, 1); tries < 16 {
		d = min(FirstRetry<<(tries-1), LongestRetry)
	}
	return d - time.Duration(jitter*float64(d)/2)
}

// Deadline is when a message is given up: GiveUpAfter it was due, when the last of its doses is given, or when what it offers
// ends. Who is reminded is reminded until the dose.
func Deadline(m *booking.Message, c *booking.Catalog) time.Time {
	end := m.DueAt.Add(GiveUpAfter)
	switch m.Kind {
	case booking.TellCancelled:
		return end
	case booking.TellOffer:
		return m.Until
	}
	var last time.Time
	for _, d := range m.Doses {
		if slot := slotOf(m, &d, c); slot != nil && slot.At().After(last) {
			last = slot.At()
		}
	}
	if !last.IsZero() && (last.Before(end) || m.Kind == booking.TellReminder) {
		return last
	}
	return end
}

func slotOf(m *booking.Message, d *booking.DoseFact, c *booking.Catalog) *booking.SlotSupply {
	supply := c.Opening(m.Opening)
	if supply == nil {
		return nil
	}
	return supply.Slot(d.Slot)
}

// TooLate is the reason of a message that nobody is told any more.
const TooLate = "too_late"

// Settle says what follows from a try that ended with err: sent, given up, or to be tried again.
func Settle(m *booking.Message, c *booking.Catalog, err error, now time.Time, jitter float64) booking.Settlement {
	s := booking.Settlement{Number: m.Number, State: booking.MessageSent, Attempts: m.Attempts + 1, At: now}
	var refused *Refused
	switch {
	case err == nil:
		s.Then = booking.Reminders(m, c, now)
	case errors.As(err, &refused):
		s.State, s.Reason = booking.MessageFailed, refused.Reason
	default:
		s.State, s.Reason, s.At = booking.MessagePending, reasonOf(err), now.Add(pauseOf(err, s.Attempts, jitter))
		if deadline := Deadline(m, c); s.At.After(deadline) {
			return GiveUp(m, c, s.Attempts, s.Reason, now)
		}
	}
	return s
}

// GiveUp says that a message is not tried any more because its time is over. What was to follow it follows all the same.
func GiveUp(m *booking.Message, c *booking.Catalog, attempts int, reason string, now time.Time) booking.Settlement {
	return booking.Settlement{
		Number: m.Number, State: booking.MessageFailed, Attempts: attempts, At: now, Reason: reason, Then: booking.Reminders(m, c, now),
	}
}

func pauseOf(err error, tries int, jitter float64) time.Duration {
	pause := Pause(tries, jitter)
	var later *Later
	if errors.As(err, &later) {
		pause = max(pause, min(later.After, LongestRetry))
	}
	return pause
}

func reasonOf(err error) string {
	var later *Later
	if errors.As(err, &later) {
		return later.Reason
	}
	return "error"
}
