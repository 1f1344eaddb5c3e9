package queue

import "time"

// Lobby is the epoch of everyone who joined before the opening of a line whose lobby is drawn.
const Lobby uint32 = 0

const forever = time.Duration(1<<63 - 1)

// stretches of an opening and how long an epoch lasts in each: a second while people stream in, longer when it is
// quiet, so that a month is about 9,000 seals and not 2.6 million. The lengths are fixed beforehand and public, because an
// epoch must be a function of the time alone: gateways that cannot hear each other still agree on it.
var stretches = []struct {
	until, length time.Duration
}{
	{10 * time.Minute, time.Second},
	{time.Hour, 5 * time.Second},
	{6 * time.Hour, 30 * time.Second},
	{forever, 5 * time.Minute},
}

// EpochAt returns the epoch of a join that arrives a time after the line's start: its opening, or its lobby where
// the lobby is ordered by arrival. Before the start it is the lobby epoch.
func EpochAt(sinceStart time.Duration) uint32 {
	if sinceStart < 0 {
		return Lobby
	}
	epoch, from := uint32(1), time.Duration(0)
	for _, s := range stretches {
		if sinceStart < s.until {
			return epoch + uint32((sinceStart-from)/s.length)
		}
		epoch += uint32((s.until - from) / s.length)
		from = s.until
	}
	return epoch
}

// EpochEnd returns when an epoch ends, as a time after the line's start.
func EpochEnd(epoch uint32) time.Duration {
	if epoch == Lobby {
		return 0
	}
	first, from := uint32(1), time.Duration(0)
	for _, s := range stretches {
		n := uint32(1<<32 - 1)
		if s.until != forever {
			n = uint32((s.until - from) / s.length)
		}
		if epoch-first < n {
			return from + time.Duration(epoch-first+1)*s.length
		}
		first += n
		from = s.until
	}
	return from
}
