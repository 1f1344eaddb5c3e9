package upstream

import (
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
)

// leastShare is what an instance in slow start begins with.
const leastShare = 0.1

// health is what the state of an instance follows from.
type health struct {
	away     *words    // nobody was there, and nobody has answered since
	unasked  bool      // came while the pool was at work, and has not said yet how it is
	heardAt  time.Time // when it said so last, or came
	standby  bool      // its own word
	draining bool
	drainBy  time.Time
	ramp     time.Time // when it came back; zero: it never was away
	share    float64
	standing *standing // of its breaker, when its state was settled last
}

// condition is the state of an instance, since when and why.
type condition struct {
	state string
	since time.Time
	why   words
}

var (
	saidUnasked  = words{"아직 상태를 묻지 않았습니다", "it has not been asked yet"}
	saidDraining = words{"하던 일을 마치고 빠집니다", "it finishes what it has and leaves"}
	saidStandby  = words{"대기 중입니다: 다른 백엔드가 맡고 있습니다", "it stands by: another one does the work"}
	saidWarming  = words{"돌아와서 천천히 늘리는 중입니다", "it has just come and is given more and more"}
	saidSilent   = words{"상태를 알려 오지 않습니다", "it does not say how it is"}
)

// settle brings every instance's state up to date with what is known of it. The caller holds the pool's lock.
func (p *Pool) settle(now time.Time) {
	list := p.members.Load().list
	c := p.config.Load().Health
	for _, i := range list {
		i.standing = i.breaker.shown.Load()
		p.become(i, i.judged(now, c, p.anotherSpeaks(list, i, now, c)), now, c)
	}
}

// anotherSpeaks tells whether an instance besides this one takes work and has said lately how it is.
func (p *Pool) anotherSpeaks(list []*instance, than *instance, now time.Time, c HealthConfig) bool {
	for _, i := range list {
		if i != than && i.takes() && now.Sub(i.heardAt) < c.silence() && i.report.Load() != nil {
			return true
		}
	}
	return false
}

// silence is never shorter than a few questions.
func (c HealthConfig) silence() time.Duration { return max(c.Silence, 3*c.ProbeEvery) }

// judged is the state in which an instance is, were it not for the slow start.
func (i *instance) judged(now time.Time, c HealthConfig, anotherSpeaks bool) condition {
	down := func(why words) condition { return condition{state: api.InstanceDown, why: why} }
	switch {
	case i.draining:
		return condition{state: api.InstanceDraining, why: saidDraining}
	case i.breaker.refuses():
		return down(i.breaker.shown.Load().why)
	case i.away != nil:
		return down(*i.away)
	case i.unasked:
		return down(saidUnasked)
	case anotherSpeaks && now.Sub(i.heardAt) >= c.silence():
		return down(saidSilent)
	case i.standby:
		return condition{state: api.InstanceStandby, why: saidStandby}
	}
	return condition{state: api.InstanceReady}
}

// become puts an instance in a state, by way of the slow start where it comes from elsewhere.
func (p *Pool) become(i *instance, next condition, now time.Time, c HealthConfig) {
	was := i.shown.Load()
	share := 0.0
	if next.state == api.InstanceReady {
		if was != nil && !i.takes() {
			i.ramp = now
		}
		share = 1
		if passed := now.Sub(i.ramp); passed < c.SlowStart && p.another(i) { // alone it is needed whole, and its limit sees to it
			share = max(leastShare, passed.Seconds()/c.SlowStart.Seconds())
			next.state, next.why = api.InstanceSlowStart, saidWarming
		}
	}
	if was == nil || was.state != next.state || was.why != next.why {
		next.since = now
		if was != nil && was.state == next.state {
			next.since = was.since
		}
		i.shown.Store(&next)
		if was != nil {
			p.log.Info("backend instance", zap.String("url", i.url), zap.String("state", next.state), zap.String("reason", next.why.en))
		}
	}
	if share != i.share {
		i.share = share
		i.site.SetShare(share)
	}
}

// turned settles the instances where a breaker has moved since. It is asked after every request, and costs two loads.
func (p *Pool) turned(i *instance) {
	if i.breaker.shown.Load() != i.seen.Load() {
		p.mu.Lock()
		if i.standing != i.breaker.shown.Load() {
			p.settle(p.clock())
		}
		i.seen.Store(i.standing)
		p.mu.Unlock()
	}
}

// missed notes that nobody was there to take a request.
func (p *Pool) missed(i *instance, why words) {
	p.mu.Lock()
	i.away = &why
	p.settle(p.clock())
	p.mu.Unlock()
}

// heard takes an instance's report.
func (p *Pool) heard(i *instance, r *report) {
	i.report.Store(r)
	i.site.ReportQueueWait(time.Duration(r.QueueWaitMS * float64(time.Millisecond)))
	p.mu.Lock()
	i.away, i.unasked, i.heardAt, i.standby = nil, false, r.received, r.Standby
	p.settle(p.clock())
	p.mu.Unlock()
}
