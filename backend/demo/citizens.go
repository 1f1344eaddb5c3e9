package demo

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// Citizen is a synthetic person.
type Citizen struct {
	Number   subject.Number
	Name     string
	Phone    string // 010-0…: no operator gives out such numbers
	Birth    subject.Date
	OnRoster bool
}

// foreignersIn100 is about the share of foreign residents in Korea.
const foreignersIn100 = 4

// Citizens makes the people one after another. All on the roster are born in 1967 or 1968; of the others one half too
// (they stand for people covered elsewhere), the other half in other years from 1940 to 2005. Those on the roster are
// spread evenly. All numbers differ.
func Citizens(o Options) iter.Seq[Citizen] {
	o = o.filled()
	return func(yield func(Citizen) bool) {
		r, marks := o.random(streamCitizens), o.random(streamMarks)
		taken := make(map[subject.Number]struct{}, o.Citizens)
		others := 0
		for i := range o.Citizens {
			listed := (i+1)*o.OnRoster/o.Citizens > i*o.OnRoster/o.Citizens
			fits := listed
			if !listed {
				others++
				fits = others%2 == 0
			}
			c := citizen(r, fits, taken)
			c.Phone = fmt.Sprintf("010-0%03d-%04d", (i/10_000+1)%1000, i%10_000) // 010-0000 is for examples on pages
			c.OnRoster = listed
			if o.Marked {
				c.Name = marked(marks, c.Name)
			}
			if !yield(c) {
				return
			}
		}
	}
}

func citizen(r *rand.Rand, fits bool, taken map[subject.Number]struct{}) Citizen {
	c := Citizen{Birth: birth(r, fits)}
	woman, foreign := r.IntN(2) == 1, r.IntN(100) < foreignersIn100
	c.Name = koreanName(r, c.Birth.Year, woman)
	if foreign {
		c.Name = foreignName(r, woman)
	}
	for {
		c.Number = registrationNumber(r, c.Birth, woman, foreign)
		if _, again := taken[c.Number]; !again {
			taken[c.Number] = struct{}{}
			return c
		}
	}
}

var (
	cohortFrom = subject.Date{Year: 1967, Month: time.January, Day: 1}
	cohortTo   = subject.Date{Year: 1968, Month: time.December, Day: 31}
)

const cohortDays = 365 + 366

func birth(r *rand.Rand, fits bool) subject.Date {
	if fits {
		return cohortFrom.AddDays(r.IntN(cohortDays))
	}
	year := 1940 + r.IntN(2005-1940+1-2)
	if year >= cohortFrom.Year {
		year += 2
	}
	return subject.Date{Year: year, Month: time.January, Day: 1}.AddDays(r.IntN(365))
}

func registrationNumber(r *rand.Rand, b subject.Date, woman, foreign bool) subject.Number {
	century := 1
	if b.Year >= 2000 {
		century = 3
	}
	if foreign {
		century += 4
	}
	if woman {
		century++
	}
	text := fmt.Sprintf("%02d%02d%02d%d%05d", b.Year%100, int(b.Month), b.Day, century, r.IntN(100_000))
	n, err := subject.ParseNumber(text + string(wrongCheckDigit(text, r.IntN(10))))
	if err != nil {
		panic("demo: made a number of wrong structure: " + err.Error()) // every part above is in range
	}
	return n
}

// wrongCheckDigit returns a digit, from a given one on, that neither the rule for citizens nor the one for foreigners
// of the years up to 2020 would have put at the end, so that the number cannot be a real old one.
func wrongCheckDigit(first12 string, from int) byte {
	sum := 0
	for i, c := range []byte(first12) {
		sum += int(c-'0') * (i%8 + 2)
	}
	citizens, foreigners := (11-sum%11)%10, (13-sum%11)%10
	for from%10 == citizens || from%10 == foreigners {
		from++
	}
	return byte('0' + from%10)
}

// Roster returns the subjects of those on the roster, in the order in which they come.
func Roster(citizens iter.Seq[Citizen], key *subject.Key) []subject.ID {
	var ids []subject.ID
	for c := range citizens {
		if c.OnRoster {
			ids = append(ids, key.Subject(c.Number))
		}
	}
	return ids
}
