// Package model is what the console knows and may do, without a toolkit and without I/O: snapshots in, a picture to
// draw out. Time is an argument everywhere. A Console may be used by several goroutines.
package model

import (
	"sort"
	"sync"
	"time"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

const logLength = 500

// Link is the state of the connection to the control API.
type Link struct {
	Up      bool
	Problem words.Message // why it is down; zero while the first attempt runs
	RetryAt time.Time     // when the next attempt starts, local
}

// Entry is a line of the log. At is the server's time where that is known, else the console's.
type Entry struct {
	At       time.Time
	Severity Severity
	Message  words.Message
}

// Look is a picture of the console at an instant. It is not changed once made.
type Look struct {
	Now      time.Time     // server time as estimated; zero before the first data
	Age      time.Duration // of the data
	Level    Level
	Link     Link
	Who      api.WhoAmI
	Snapshot *api.Snapshot      // nil before the first
	Focus    *api.OpeningStatus // the opening that tiles and charts show; nil when there is none
	History  []Sample           // oldest first
	Alarms   []Alarm            // worst first
	Log      []Entry            // newest first
}

// Latest is the newest sample, or an empty one.
func (l *Look) Latest() Sample {
	if len(l.History) == 0 {
		return Sample{}
	}
	return l.History[len(l.History)-1]
}

// Console collects what arrives.
type Console struct {
	mu        sync.Mutex
	who       api.WhoAmI
	link      Link
	fresh     freshness
	snapshots ring[*api.Snapshot]
	samples   ring[Sample]
	log       ring[Entry]
	alarms    []Alarm
	focus     string
}

// New is an empty console.
func New() *Console {
	return &Console{
		snapshots: ring[*api.Snapshot]{n: historyLength},
		samples:   ring[Sample]{n: historyLength},
		log:       ring[Entry]{n: logLength},
	}
}

// Connected says that the control API answers and as whom it knows us.
func (c *Console) Connected(who api.WhoAmI, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.who, c.link = who, Link{Up: true}
	c.note(now, Info, words.M("log.connected", who.Name, words.M("role."+who.Role)))
}

// Disconnected says why the connection is down and when it is tried again. The same reason in a row is logged once.
func (c *Console) Disconnected(problem words.Message, retryAt, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.link.Up || c.link.Problem.Key != problem.Key {
		c.note(now, Warning, words.M("log.disconnected", problem))
	}
	c.link = Link{Problem: problem, RetryAt: retryAt}
}

// Apply takes a snapshot in. One that is not newer than the last of the same run of the server is ignored.
func (c *Console) Apply(s *api.Snapshot, received time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	prev := c.last()
	if prev != nil {
		if restarted(prev, s) {
			c.fresh.restart()
		}
		if !s.At.After(prev.At) && !restarted(prev, s) {
			return
		}
	}
	c.fresh.arrived(s.At, received)
	c.samples.push(sampleOf(prev, s))
	c.snapshots.push(s)
	for _, ch := range changesBetween(prev, s) {
		c.log.push(Entry{At: s.At, Severity: ch.severity, Message: ch.message})
	}
	c.watch(received)
}

// Did writes an operator's act into the log.
func (c *Console) Did(severity Severity, m words.Message, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note(now, severity, m)
}

// SetFocus chooses the opening that tiles and charts show; "" leaves the choice to the console.
func (c *Console) SetFocus(opening string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.focus = opening
}

// Look is the picture now. Alarms that time alone brings, such as stale data, are raised here.
func (c *Console) Look(now time.Time) *Look {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.watch(now)
	age, level := c.fresh.age(now)
	look := &Look{
		Now: c.fresh.serverTime(now), Age: age, Level: level, Link: c.link, Who: c.who,
		Snapshot: c.last(), History: c.samples.all(), Alarms: c.alarms, Log: newestFirst(c.log.items),
	}
	look.Focus = focusOf(look.Snapshot, c.focus)
	return look
}

func (c *Console) last() *api.Snapshot {
	if n := len(c.snapshots.items); n > 0 {
		return c.snapshots.items[n-1]
	}
	return nil
}

func (c *Console) note(now time.Time, severity Severity, m words.Message) {
	at := c.fresh.serverTime(now)
	if at.IsZero() {
		at = now
	}
	c.log.push(Entry{At: at, Severity: severity, Message: m})
}

// watch compares the alarms with those before and logs each that came or went.
func (c *Console) watch(now time.Time) {
	alarms := append(c.ageAlarms(now), alarmsOf(c.last())...)
	sort.SliceStable(alarms, func(i, j int) bool { return alarms[i].Severity > alarms[j].Severity })
	for i := range alarms {
		if old := findAlarm(c.alarms, alarms[i].Key); old != nil {
			alarms[i].Since = old.Since
			continue
		}
		alarms[i].Since = now
		c.note(now, alarms[i].Severity, alarms[i].Message)
	}
	for _, old := range c.alarms {
		if findAlarm(alarms, old.Key) == nil && old.Key != "late" {
			c.note(now, Info, words.M("alarm.over", old.Message))
		}
	}
	c.alarms = alarms
}

func (c *Console) ageAlarms(now time.Time) []Alarm {
	switch _, level := c.fresh.age(now); level {
	case Stale:
		return []Alarm{{Key: "stale", Severity: Critical, Message: words.M("alarm.stale")}}
	case Late:
		return []Alarm{{Key: "late", Severity: Warning, Message: words.M("alarm.late")}}
	}
	return nil
}

func findAlarm(list []Alarm, key string) *Alarm {
	for i := range list {
		if list[i].Key == key {
			return &list[i]
		}
	}
	return nil
}

func newestFirst(log []Entry) []Entry {
	out := make([]Entry, len(log))
	for i, e := range log {
		out[len(log)-1-i] = e
	}
	return out
}

// liveliness orders openings by how much they need eyes.
var liveliness = map[string]int{
	api.OpeningOpen: 4, api.OpeningPaused: 3, api.OpeningLobby: 2, api.OpeningScheduled: 1, api.OpeningClosed: 0,
}

// focusOf is the chosen opening or else the liveliest, the sooner to open first.
func focusOf(s *api.Snapshot, chosen string) *api.OpeningStatus {
	if s == nil {
		return nil
	}
	if o := findOpening(s, chosen); o != nil {
		return o
	}
	var best *api.OpeningStatus
	for i := range s.Openings {
		o := &s.Openings[i]
		if best == nil || liveliness[o.State] > liveliness[best.State] ||
			liveliness[o.State] == liveliness[best.State] && o.OpensAt.Before(best.OpensAt) {
			best = o
		}
	}
	return best
}
