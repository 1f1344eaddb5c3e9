package model

import (
	"time"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// doorsSilent is how long ago the doors may have been tried, by the server's own clock.
const doorsSilent = 10 * time.Minute

// DoorsOld tells whether what is known about the doors is too old to rely on.
func DoorsOld(s *api.Snapshot) bool {
	return !s.Doors.TriedAt.IsZero() && s.At.Sub(s.Doors.TriedAt) > doorsSilent
}

// doorAlarms comes before every other: an open door lets people past the queue while everything else looks well.
func doorAlarms(s *api.Snapshot) []Alarm {
	var list []Alarm
	for _, d := range s.Doors.Open {
		list = append(list, Alarm{
			Key: "door:" + d.Name, Severity: Critical,
			Message: words.M("alarm.door", d.Name, words.Name{Ko: d.Ko, En: d.En}),
		})
	}
	if len(list) == 0 && DoorsOld(s) {
		list = append(list, Alarm{Key: "doors.late", Severity: Warning, Message: words.M("alarm.doors.late")})
	}
	return list
}
