package wait

import "math"

// Half-lives of the measured speeds, in seconds during which people were being called.
const (
	shortLife  = 12.0
	middleLife = 180.0
	longLife   = 3600.0
)

// mean is an exponentially forgetting average of people over time; it has no bias at its start.
type mean struct {
	People  float64 `json:"p"`
	Seconds float64 `json:"s"`
}

func (m *mean) add(people, seconds, life float64) {
	keep := math.Exp2(-seconds / life)
	m.People, m.Seconds = m.People*keep+people, m.Seconds*keep+seconds
}

func (m *mean) value() float64 {
	if m.Seconds <= 0 {
		return 0
	}
	return m.People / m.Seconds
}

// speeds is how fast the cursor moves while it may, over three spans of time.
type speeds struct {
	Short  mean    `json:"short"`
	Middle mean    `json:"middle"`
	Long   mean    `json:"long"`
	Active float64 `json:"active"` // seconds measured
	Apart  float64 `json:"apart"`  // seconds for which short and middle have disagreed
}

// When the speed has changed for good: short and middle disagree by this much for so long.
const (
	apartBy    = 0.18 // of the logarithm
	apartFor   = 20.0
	freshTrust = 25.0 // seconds of measuring that the new speed then counts as
)

func (s *speeds) add(people, seconds float64) {
	s.Short.add(people, seconds, shortLife)
	s.Middle.add(people, seconds, middleLife)
	s.Long.add(people, seconds, longLife)
	s.Active += seconds
	if math.Abs(math.Log(max(s.Short.value(), 1e-3)/max(s.Middle.value(), 1e-3))) < apartBy {
		s.Apart = 0
		return
	}
	if s.Apart += seconds; s.Apart >= apartFor {
		s.Apart = 0
		s.Middle = mean{s.Short.value() * freshTrust, freshTrust}
	}
}

// atMost holds what was measured lately below a cap that has just been set. The long average stays: caps are lifted again.
func (s *speeds) atMost(perSecond float64) {
	for _, m := range []*mean{&s.Short, &s.Middle} {
		m.People = min(m.People, perSecond*m.Seconds)
	}
}

// hour is the wait from which on the long average has half of its say.
const hour = 3600.0

// middle is the expected wait in seconds behind so many people: for seconds the short speed, for minutes the middle
// one; with hours to go a speed far from the usual one is expected to come half of the way back.
func (s *speeds) middle(ahead float64) float64 {
	short, mid, long := s.Short.value(), s.Middle.value(), s.Long.value()
	if mid <= 0 {
		return math.Inf(1)
	}
	short, long = min(max(short, mid/2), mid*2), min(max(long, mid/2), mid*2)
	w := ahead / mid
	near := w / (w + 60)
	far := 0.5 * w / (w + hour)
	return ahead / math.Exp((1-near)*math.Log(short)+(near-near*far)*math.Log(mid)+near*far*math.Log(long))
}
