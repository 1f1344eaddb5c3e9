package web

import (
	"math"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// Wrong look-ups within triesWindow after which no more are taken for the rest of it. Many people share an address where a
// telephone company has few of them, so an address may be wrong more often than a number.
const (
	numberTries = 5
	sourceTries = 50
	triesWindow = 10 * time.Minute
	triesKept   = 1 << 16 // numbers, or addresses, watched at once
)

// tries counts wrong look-ups by what they have in common, and locks that after too many. Nothing of it survives a restart.
type tries struct {
	most  int
	mu    sync.Mutex
	wrong map[string]*attempts
	order []string // by the time of their first wrong try
}

type attempts struct {
	first time.Time
	n     int
}

func newTries(most int) tries { return tries{most: most, wrong: map[string]*attempts{}} }

// allowed refuses look-ups of a number that is locked, whether or not there is such a booking, and those from an address that
// is.
func (s *server) allowed(no, source string, now time.Time) error {
	if left := s.numbers.locked(no, now); left > 0 {
		return tooManyTries(left, "맞지 않는 조회가 여러 번 있어 이 예약번호의 조회를 잠시 막았습니다. 잠시 후 다시 시도해 주세요. 문의: 1339",
			"Too many look-ups of this booking number did not match, so it is locked for a while. Questions: call 1339.")
	}
	if left := s.sources.locked(network(source), now); left > 0 {
		return tooManyTries(left, "이 인터넷 주소에서 맞지 않는 조회가 여러 번 있어 조회를 잠시 막았습니다. 잠시 후 다시 시도하시거나 다른 인터넷 연결을 이용해 주세요. 문의: 1339",
			"Too many look-ups from this internet address did not match, so look-ups from it are locked for a while. Try again later or from another connection. Questions: call 1339.")
	}
	return nil
}

// failed counts a wrong look-up.
func (s *server) failed(no, source string, now time.Time) {
	s.numbers.failed(no, now)
	if source := network(source); source != "" {
		s.sources.failed(source, now)
	}
}

// network is what wrong look-ups from an address are counted by: the address, or where one household has a whole network of
// them the network. Addresses of this machine or of an office are a proxy's, behind which stands everybody: empty.
func network(source string) string {
	address, err := netip.ParseAddr(source)
	if err != nil || address.IsLoopback() || address.IsPrivate() || address.IsLinkLocalUnicast() || address.IsUnspecified() {
		return ""
	}
	if address.Is6() {
		prefix, err := address.WithZone("").Prefix(64)
		if err != nil {
			return ""
		}
		return prefix.String()
	}
	return address.String()
}

func tooManyTries(left time.Duration, ko, en string) *api.Problem {
	p := problem(http.StatusTooManyRequests, "too_many_tries", ko, en)
	p.RetryAfterS = int(math.Ceil(left.Seconds()))
	return p
}

// locked is for how much longer something is locked.
func (t *tries) locked(what string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.wrong[what]
	if a == nil || a.n < t.most {
		return 0
	}
	return max(0, a.first.Add(triesWindow).Sub(now))
}

// failed counts a wrong try.
func (t *tries) failed(what string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget(now)
	a := t.wrong[what]
	if a == nil {
		a = &attempts{first: now}
		t.wrong[what] = a
		t.order = append(t.order, what)
	}
	a.n++
}

// forget drops what is over, and the oldest when too many are watched.
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
