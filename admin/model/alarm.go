package model

import (
	"time"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// Severity grades alarms and lines of the log.
type Severity int

// Severities, worst last. Done marks an operator's change, which is neither good nor bad.
const (
	Info Severity = iota
	Done
	Warning
	Critical
)

// String names the severity in exports.
func (s Severity) String() string {
	return [...]string{"info", "done", "warning", "critical"}[s]
}

// Alarm is something that is wrong now. Key tells alarms apart over time.
type Alarm struct {
	Key      string
	Severity Severity
	Message  words.Message
	Since    time.Time
}

// Share of an opening's stock below which it is scarce.
const scarceStock = 0.10

// backendSilent is how old the backend's report may be, by the server's own clock.
const backendSilent = 3 * time.Second

// alarmsOf lists what is wrong in a snapshot. Since is left open.
func alarmsOf(s *api.Snapshot) []Alarm {
	if s == nil {
		return nil
	}
	var list []Alarm
	list = append(list, doorAlarms(s)...)
	list = append(list, backendAlarms(s)...)
	list = append(list, breakerAlarms(s.Breakers)...)
	list = append(list, overloadAlarms(&s.Overload)...)
	for i := range s.Openings {
		list = append(list, stockAlarms(&s.Openings[i])...)
	}
	if !s.Shared.Reachable {
		list = append(list, Alarm{Key: "shared", Severity: Critical, Message: words.M("alarm.shared")})
	} else if s.Shared.Leader == "" {
		list = append(list, Alarm{Key: "leader", Severity: Critical, Message: words.M("alarm.leader")})
	}
	return list
}

func backendAlarms(s *api.Snapshot) []Alarm {
	if !s.Backend.Reachable {
		return []Alarm{{Key: "backend", Severity: Critical, Message: words.M("alarm.backend")}}
	}
	if silent := s.At.Sub(s.Backend.ReportedAt); silent > backendSilent {
		return []Alarm{{Key: "backend.late", Severity: Warning, Message: words.M("alarm.backend.late")}}
	}
	return nil
}

func breakerAlarms(breakers []api.BreakerStatus) []Alarm {
	var list []Alarm
	for _, b := range breakers {
		switch b.State {
		case "open":
			list = append(list, Alarm{Key: "breaker:" + b.Name, Severity: Critical, Message: words.M("alarm.breaker", b.Name)})
		case "half-open":
			list = append(list, Alarm{Key: "breaker.half:" + b.Name, Severity: Warning, Message: words.M("alarm.breaker.half", b.Name)})
		}
	}
	return list
}

func stockAlarms(o *api.OpeningStatus) []Alarm {
	share, known := StockShare(o)
	if PhaseOf(o) == api.PhaseExhausted { // how an opening should end: said, but not shouted
		return []Alarm{{Key: "stock.gone:" + o.ID, Severity: Warning, Message: words.M("alarm.stock.gone", NameOf(o))}}
	}
	if !known || o.State == api.OpeningClosed || share >= scarceStock {
		return nil
	}
	if *o.StockLeft <= 0 {
		return []Alarm{{Key: "stock.gone:" + o.ID, Severity: Critical, Message: words.M("alarm.stock.gone", NameOf(o))}}
	}
	return []Alarm{{Key: "stock:" + o.ID, Severity: Warning, Message: words.M("alarm.stock", NameOf(o))}}
}

// StockShare is the part of an opening's doses that is left, 0 to 1, and whether it is known.
func StockShare(o *api.OpeningStatus) (float64, bool) {
	if o.StockLeft == nil || o.StockTotal <= 0 {
		return 0, false
	}
	return float64(*o.StockLeft) / float64(o.StockTotal), true
}

// NameOf is an opening's name in both languages.
func NameOf(o *api.OpeningStatus) words.Name { return words.Name{Ko: o.Name, En: o.NameEn} }

// CohortName is a cohort's name in both languages.
func CohortName(c *api.CohortStatus) words.Name { return words.Name{Ko: c.Name, En: c.NameEn} }
