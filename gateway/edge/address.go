package edge

import (
	"context"
	"net"
	"net/http"
)

// addressOf is the address that a citizen comes from, as this gateway sees it.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

type addressKey struct{}

// remembering lets what a page asks the backend know for whom.
func remembering(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h(w, r.WithContext(context.WithValue(r.Context(), addressKey{}, addressOf(r))))
	}
}

func addressIn(ctx context.Context) string {
	address, _ := ctx.Value(addressKey{}).(string)
	return address
}
