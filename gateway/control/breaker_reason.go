package control

import (
	"strings"

	"github.com/daemun/daemun/gateway/api"
)

// reasonKind tells what kind of failure opened a breaker. Reasons are messages with addresses and numbers in them; as a label
// each would be a series of its own.
func reasonKind(b *api.BreakerStatus) string {
	if b.State == "closed" {
		return "none"
	}
	for _, k := range []struct{ in, kind string }{
		{"refused", "refused"}, {"timeout", "timeout"}, {"timed out", "timeout"}, {"too long", "slow"}, {"slow", "slow"}, {"answered 5", "answered_5xx"},
		{"reset", "reset"}, {"EOF", "reset"}, {"closed", "reset"}, {"certificate", "tls"}, {"tls", "tls"}, {"probe", "probe"},
	} {
		if strings.Contains(b.Reason, k.in) {
			return k.kind
		}
	}
	return "other"
}
