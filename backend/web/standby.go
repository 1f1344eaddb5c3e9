package web

import (
	"crypto/hmac"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/route"
)

// Standby answers for a backend that waits until another one leaves the bookings to it: to gateways that it stands by, and to
// everything else that it takes nothing yet.
func Standby(gatewayToken []byte, clock func() time.Time) http.Handler {
	want := hex.EncodeToString(gatewayToken)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/healthz":
			writeJSON(w, http.StatusOK, []byte(`{"ok":true}`))
		case !hmac.Equal([]byte(r.Header.Get(route.TokenHeader)), []byte(want)):
			standing(w, problemGatewayOnly)
		case r.URL.Path == "/internal/status":
			_ = encode(w, http.StatusOK, api.BackendReport{At: clock(), Standby: true, Openings: map[string]api.OpeningReport{}}) // always marshals
		default:
			standing(w, problemStandby)
		}
	})
}

var problemStandby = problem(http.StatusServiceUnavailable, "standby", "대기 중인 예약 서버입니다. 다른 서버가 예약을 받고 있습니다.", "This backend stands by; another one takes bookings.")

func standing(w http.ResponseWriter, p *api.Problem) {
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "2")
	}
	_ = encode(w, p.Status, p)
}
