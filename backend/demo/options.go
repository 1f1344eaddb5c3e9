// Package demo makes the synthetic people, clinics and half hours that Daemun shows itself with: the same ones for the
// same seed. None of the people is real: the old check digit of every number is wrong.
package demo

import (
	"math/rand/v2"

	"github.com/daemun/daemun/backend/subject"
)

// Options says how much to make. A zero field means its default.
type Options struct {
	Citizens int          // 200,000
	OnRoster int          // three quarters of Citizens: 150,000
	Clinics  int          // 1,000
	Days     int          // 10 days on which clinics are open
	Seed     uint64       // any value, 0 included
	Start    subject.Date // first day of the slots; 26 July 2021
	Interval int          // days to the second dose: 42. A multiple of 7, so that clinics are open on those days too
	Marked   bool         // names that stand nowhere by chance, so that a leak of one can be found; see marked
}

func (o Options) filled() Options {
	set := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	set(&o.Citizens, 200_000)
	set(&o.OnRoster, o.Citizens*3/4)
	set(&o.Clinics, 1000)
	set(&o.Days, 10)
	set(&o.Interval, Interval)
	o.OnRoster = min(o.OnRoster, o.Citizens)
	if o.Start.IsZero() {
		o.Start = subject.Date{Year: 2021, Month: 7, Day: 26}
	}
	return o
}

// Stock is the doses of an opening for so many people: fewer than those on the roster, so that a stock can be seen to end.
func (o Options) Stock() int64 { return int64(o.filled().OnRoster) * 14 / 15 }

// Each kind of data draws from a stream of its own, so that asking for more people does not change the clinics.
const (
	streamCitizens = iota + 1
	streamClinics
	streamSlots
	streamMarks
)

func (o Options) random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(o.Seed, stream)) }
