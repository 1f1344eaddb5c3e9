package model

import (
	"time"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// Impact is what an order will do: to how many people, and in which words.
type Impact struct {
	People    int64
	Sentences []words.Message
}

// ImpactOf says what the verb will do to the target as the snapshot shows it.
func ImpactOf(v Verb, t Target, s *api.Snapshot, now time.Time) Impact {
	switch {
	case v == Notice:
		return impact(everybody(s), "impact.notice")
	case v.protects():
		return protectionImpact(v, s, t)
	case t.Cohort != nil:
		people := max(0, t.Cohort.Joined-t.Cohort.Entered)
		return impact(people, "impact.cohort."+string(v), CohortName(t.Cohort), people, t.Cohort.Entered)
	}
	return openingImpact(v, t.Opening, now)
}

func openingImpact(v Verb, o *api.OpeningStatus, now time.Time) Impact {
	queued := inQueue(o)
	switch v {
	case Open:
		i := impact(queued, "impact.open."+o.Order, queued)
		if early := o.OpensAt.Sub(now); early > 0 {
			i.Sentences = append(i.Sentences, words.M("impact.open.early", words.Clock(o.OpensAt), early))
		}
		return i
	case Pause:
		return withEntered(impact(queued, "impact.pause", queued), o)
	case Resume:
		return impact(queued, "impact.resume", queued)
	case Postpone:
		i := withEntered(impact(queued, "impact.postpone", queued), o)
		i.Sentences = append(i.Sentences, words.M("impact.postpone.now", words.Clock(o.OpensAt)))
		return i
	case Close:
		return withEntered(impact(queued, "impact.close", queued), o)
	}
	return impact(queued, "impact.rate", queued, o.Speed, capMessage(o.RateCap))
}

func impact(people int64, key string, args ...any) Impact {
	if len(args) == 0 {
		args = []any{people}
	}
	return Impact{People: people, Sentences: []words.Message{words.M(key, args...)}}
}

// withEntered adds what becomes of those who are in already: a question every control room asks.
func withEntered(i Impact, o *api.OpeningStatus) Impact {
	i.Sentences = append(i.Sentences, words.M("impact.entered", o.Entered))
	return i
}

// inQueue counts everybody with a place who has not entered yet.
func inQueue(o *api.OpeningStatus) int64 { return max(0, o.Joined-o.Entered) }

func everybody(s *api.Snapshot) int64 {
	var n int64
	if s != nil {
		for i := range s.Openings {
			if s.Openings[i].State != api.OpeningClosed {
				n += inQueue(&s.Openings[i])
			}
		}
	}
	return n
}

// DrainTime is how long it takes to call everybody who waits at a pace; false when the pace is zero or unknown.
func DrainTime(o *api.OpeningStatus, perS float64) (time.Duration, bool) {
	if perS <= 0 {
		return 0, false
	}
	return time.Duration(float64(o.Waiting) / perS * float64(time.Second)), true
}

// ParseTime reads an operator's time, YYYY-MM-DD HH:MM or HH:MM of today, as KST. Zero when it is not one.
func ParseTime(text string, now time.Time) time.Time {
	kst := time.FixedZone("KST", 9*3600)
	if t, err := time.ParseInLocation("2006-01-02 15:04", text, kst); err == nil {
		return t
	}
	t, err := time.ParseInLocation("15:04", text, kst)
	if err != nil {
		return time.Time{}
	}
	today := now.In(kst)
	return time.Date(today.Year(), today.Month(), today.Day(), t.Hour(), t.Minute(), 0, 0, kst)
}
