package measure

import (
	"testing"
	"time"

	"github.com/daemun/daemun/loadlab/citizen"
)

func TestFiguresAreFromTheDueTime(t *testing.T) {
	r := NewRecorder(10 * time.Second)
	at := func(ms int) time.Duration { return time.Duration(ms) * time.Millisecond }
	r.Record(citizen.Place, citizen.Good, at(900), at(1000), at(1100))
	r.Record(citizen.Book, citizen.Good, at(1000), at(1000), at(1010))
	r.Record(citizen.Enter, citizen.Shed, at(1000), at(1000), at(1001))
	r.Trouble(true)
	r.Record(citizen.Place, citizen.Lost, at(2000), at(2000), at(2001))
	r.Record(citizen.Place, citizen.Good, at(2000), at(2000), at(9000))
	r.Trouble(false)
	f := r.Figures()
	if f.Waiting.Count != 1 || f.Waiting.P99 < 199 || f.Waiting.P99 > 202 {
		t.Errorf("the waiting room's calm latency is %+v, want one of 200 ms", f.Waiting)
	}
	if f.Lateness.Count != 5 || f.Lateness.Max < 99 || f.Lateness.Max > 101 {
		t.Errorf("lateness is %+v, want 100 ms at most", f.Lateness)
	}
	if f.Outcomes["good"] != 3 || f.Outcomes["shed"] != 1 || f.Outcomes["lost"] != 1 || f.Kinds["place"] != 3 {
		t.Errorf("outcomes %v, kinds %v", f.Outcomes, f.Kinds)
	}
	want := []Second{{Offered: 1}, {Offered: 2, Answered: 3, Good: 2, Shed: 1, Booked: 1}, {Offered: 2, Lost: 1}}
	for i, w := range want {
		if f.Seconds[i] != w {
			t.Errorf("second %d is %+v, want %+v", i, f.Seconds[i], w)
		}
	}
	if len(f.Seconds) != 10 || f.Took != at(9000) {
		t.Errorf("%d seconds, took %v", len(f.Seconds), f.Took)
	}
}

func TestOddTimesAreKeptInside(t *testing.T) {
	r := NewRecorder(time.Second)
	r.Record(citizen.Home, citizen.Good, 5*time.Second, 4*time.Second, 4*time.Second) // sent before it was due
	r.Record(citizen.Home, citizen.Good, 0, 0, time.Hour)
	if total, by := r.Counts(); total != 2 || by[citizen.Good] != 2 {
		t.Errorf("%d in all, %v", total, by)
	}
	if f := r.Figures(); f.Lateness.Max != 0 {
		t.Errorf("lateness %v", f.Lateness.Max)
	}
}

// A machine that stands still for some seconds is not a service that is slow; slow all the time is.
func TestASlowSecondIsNotASlowService(t *testing.T) {
	for slow, limit := range map[int]bool{0: true, 5: true, 6: false, 50: false} {
		r := NewRecorder(100 * time.Second)
		for s := range 100 {
			due, took := time.Duration(s)*time.Second, 10*time.Millisecond
			if s < slow {
				took = 4 * time.Second
			}
			r.Record(citizen.Place, citizen.Good, due, due, due+took)
			r.Record(citizen.Book, citizen.Good, due, due, due+took)
		}
		f := r.Figures()
		if (f.WaitingP99 < 100) != limit || (f.BookingP99 < 100) != limit {
			t.Errorf("%d slow seconds of 100: waiting room %.0f ms, bookings %.0f ms", slow, f.WaitingP99, f.BookingP99)
		}
	}
}

func TestWhatIsSentAfterTheGraceIsNotInTime(t *testing.T) {
	r := NewRecorder(10 * time.Second)
	for _, sent := range []time.Duration{9 * time.Second, 10*time.Second + Grace, 10*time.Second + Grace + 1} {
		r.Record(citizen.Place, citizen.Good, 9*time.Second, sent, sent)
	}
	if n := r.Figures().InTime; n != 2 {
		t.Errorf("%d of 3 were in time, want 2", n)
	}
}
