package model

import "time"

// Level grades how far the data shown can be trusted.
type Level int

// Levels of freshness. None: nothing has arrived yet.
const (
	None Level = iota
	Fresh
	Late
	Stale
)

// Data older than these is late (decide with care) or stale (do not decide on it).
const (
	LateAfter  = 3 * time.Second
	StaleAfter = 10 * time.Second
)

func levelOf(age time.Duration) Level {
	switch {
	case age >= StaleAfter:
		return Stale
	case age >= LateAfter:
		return Late
	}
	return Fresh
}

// freshness tells the age of the data without trusting that the two machines' clocks agree: the quickest of the
// recent deliveries counts as delay zero, and later ones are late by what they took longer than that one.
type freshness struct {
	delays   []time.Duration // received minus server time, newest last
	server   time.Time       // server time of the newest data
	received time.Time       // local, monotonic
}

func (f *freshness) arrived(server, received time.Time) {
	f.server, f.received = server, received
	f.delays = append(f.delays, received.Round(0).Sub(server))
	if len(f.delays) > historyLength {
		f.delays = f.delays[1:]
	}
}

// restart forgets the deliveries of a server that is gone: its successor may have another clock.
func (f *freshness) restart() { f.delays = f.delays[:0] }

func (f *freshness) age(now time.Time) (time.Duration, Level) {
	if len(f.delays) == 0 {
		return 0, None
	}
	quickest := f.delays[0]
	for _, d := range f.delays {
		quickest = min(quickest, d)
	}
	age := max(0, now.Sub(f.received)+f.delays[len(f.delays)-1]-quickest)
	return age, levelOf(age)
}

// serverTime estimates the server's clock now; zero before the first data.
func (f *freshness) serverTime(now time.Time) time.Time {
	age, level := f.age(now)
	if level == None {
		return time.Time{}
	}
	return f.server.Add(age)
}
