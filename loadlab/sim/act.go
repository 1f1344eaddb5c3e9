package sim

import (
	"math"
	"time"

	"github.com/daemun/daemun/gateway/admission/backendsim"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/queue"
)

func (d *day) join(i int32, p *person) {
	now := at(d.now)
	if d.line.StateAt(now) == api.OpeningClosed {
		p.state = refused
		return
	}
	p.state, p.joined, p.epoch = waiting, int32(d.now), max(d.line.EpochAt(now), d.line.FirstEpoch())
	for int(p.epoch) >= len(d.counts) {
		d.counts = append(d.counts, 0)
	}
	d.counts[p.epoch]++
	d.tally.Joined++
	d.look(i, p)
}

// look is one question of a person: how far am I?
func (d *day) look(i int32, p *person) {
	t := queue.Ticket{Opening: 1, Cohort: cohortNumber, Epoch: p.epoch, Subject: d.subject(i)}
	place := d.line.Place(&t, at(d.now))
	p.looks++
	switch place.State {
	case api.PlaceClosed:
		p.state = refused
		return
	case api.PlaceTurn:
		if p.state == waiting {
			d.called(i, p)
		}
		return // who has a place notices by itself: see reach
	}
	if p.state == waiting && place.Ahead != queue.Unknown {
		d.settle(i, p, d.served+uint64(place.Ahead))
	}
	pause := d.until(i, p, &place)
	d.told(p, &place, max(int64(pause/(place.NextPoll*second)), 1))
	if p.kind == noShow && d.chance(i, 100+uint64(p.looks)) < 0.12 {
		return // closes the page; nobody hears of it
	}
	d.schedule(i, d.now+pause)
}

// settle notes the place of a person in the line.
func (d *day) settle(i int32, p *person, place uint64) {
	p.state = placed
	d.places = nobody(d.places, int(place)+1)
	p.beside, d.places[place] = d.places[place], i
}

// until is how long a person waits before the next question: what they were told, and no more often than each 0.4
// of the time since they joined, so that a day of millions can be lived through. That hides no turn: see reach.
func (d *day) until(i int32, p *person, place *queue.Place) int {
	told := float64(place.NextPoll * second)
	pause := max(told, 0.4*float64(d.now-int(p.joined)))
	switch {
	case place.State == api.PlaceLobby:
		if open := float64(d.line.OpensAt.Sub(at(d.now)) / tick); open > told {
			pause = min(pause+30*second, open+(2+6*d.chance(i, 3))*second)
		}
	case place.WaitLow != queue.Unknown:
		pause = max(told, min(pause, 0.5*second*float64(place.WaitLow)))
	case place.Ahead == queue.Unknown: // until the epoch is sealed
		sealed := d.line.Start().Add(queue.EpochEnd(p.epoch) + time.Second)
		pause = max(told, float64(sealed.Sub(at(d.now))/tick))
	case place.State == api.PlaceWaiting && place.Outlook != "scarce" && !d.measured(): // it will not stay so for long
		pause = told
	}
	return int(pause)
}

// measured tells whether the line's speed is known.
func (d *day) measured() bool {
	return d.line.Timetable != nil && len(d.line.Timetable.At) > 0 && d.found
}

// called is what people do when they see that their turn has come.
func (d *day) called(i int32, p *person) {
	switch {
	case p.kind == noShow:
		p.state = gone
		return
	case p.kind == late && p.came == 0:
		d.tally.Came++
		p.state, p.came = coming, int32(d.now+int(-20*minute*math.Log(1-d.chance(i, 4))))
		d.plan(i, int(p.came))
		return
	}
	p.state, p.came = coming, int32(d.now)
	d.tally.Came++
	d.enter(i, p)
}

const again = 4 * second // after a request that failed or was shed

func (d *day) retry(i int32, p *person) {
	p.looks++
	d.plan(i, d.now+again+int(2*second*d.chance(i, 1000+uint64(p.looks))))
}

func (d *day) enter(i int32, p *person) {
	switch d.line.StateAt(at(d.now)) {
	case api.OpeningClosed:
		p.state = refused
		if d.line.StockLeft > 0 && int(p.came) < d.last-10*minute {
			d.tally.Lost++
		}
		return
	case api.OpeningOpen:
	default: // paused: the turn is kept
		d.plan(i, d.now+10*second+int(10*second*d.chance(i, 2000+uint64(d.now))))
		return
	}
	if !d.backend.Take(backendsim.EnterWork + 2*backendsim.ReadWork) {
		d.retry(i, p)
		return
	}
	p.state = inside
	d.entered++
	d.inside++
	d.tally.Entered++
	z := math.Sqrt(-2*math.Log(1-d.chance(i, 5))) * math.Cos(2*math.Pi*d.chance(i, 6))
	d.plan(i, d.now+int(75*second*math.Exp(0.5*z)))
}

func (d *day) book(i int32, p *person) {
	if !d.backend.Take(backendsim.BookWork + (backendsim.Reads-2)*backendsim.ReadWork) {
		d.retry(i, p)
		return
	}
	p.state = booked
	d.inside--
	if d.chance(i, 10) < 0.1 {
		return // found nothing that suited
	}
	if d.booked < d.stock {
		d.booked++
		d.tally.Booked++
	}
}
