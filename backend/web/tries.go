package web

import (
	"math"
	"net/http"
	"sync"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

const (
	triesMax    = 5
	triesWindow = 10 * time.Minute
	triesKept   = 1 << 16 // booking numbers watched at once
)

// tries locks a booking number after too many wrong look-ups, whether or not there is such a booking.
type tries struct {
	mu    sync.Mutex
	wrong map[string]*attempts
	order []string // numbers by the time of their first wrong try
}

type attempts struct {
	first time.Time
	n     int
}

// allowed refuses while a number is locked.
func (t *tries) allowed(no string, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.wrong[no]
	if a == nil || a.n < triesMax {
		return nil
	}
	left := a.first.Add(triesWindow).Sub(now)
	if left <= 0 {
		return nil
	}
	return tooManyTries(int(math.Ceil(left.Seconds())))
}

func tooManyTries(seconds int) *api.Problem {
	p := problem(http.StatusTooManyRequests, "too_many_tries",
		"맞지 않는 조회가 여러 번 있어 이 예약번호의 조회를 잠시 막았습니다. 잠시 후 다시 시도해 주세요. 문의: 1339",
		"Too many look-ups of this booking number did not match, so it is locked for a while. Questions: call 1339.")
	p.RetryAfterS = seconds
	return p
}

// failed counts a wrong look-up.
func (t *tries) failed(no string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(now)
	a := t.wrong[no]
	if a == nil {
		a = &attempts{first: now}
		t.wrong[no] = a
		t.order = append(t.order, no)
	}
	a.n++
}

// forget drops numbers whose window is over, and the oldest ones when too many are watched.
func (t *tries) forget(now time.Time) {
	for len(t.order) > 0 {
		oldest := t.order[0]
		if len(t.order) < triesKept && now.Sub(t.wrong[oldest].first) < triesWindow {
			return
		}
		delete(t.wrong, oldest)
		t.order = t.order[1:]
	}
}
