package edge

import (
	"context"
	"net/http"
	"net/url"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/upstream"
)

// Identity tells the pages how a person stands with the identity check.
func (s service) Identity(ctx context.Context, pass string) (v api.Identity, err error) {
	err = s.ask(ctx, shed.P2, http.MethodGet, "/v1/identity", passScheme+pass, "", nil, &v)
	return v, err
}

// StartIdentity begins a check.
func (s service) StartIdentity(ctx context.Context, pass, provider string, claim *api.IdentityClaim) (v api.IdentityStart, err error) {
	var body any
	if claim != nil {
		body = claim
	}
	err = s.ask(ctx, shed.P1, http.MethodPost, "/v1/identity/"+url.PathEscape(provider), passScheme+pass, "", body, &v)
	return v, err
}

// EndIdentity hands on what came back from a provider's page, aside from everybody else's way.
func (s service) EndIdentity(ctx context.Context, pass, provider string, back api.IdentityReturn) (v api.Identity, err error) {
	target := "/v1/identity/" + url.PathEscape(provider) + "/return"
	err = s.askBy(ctx, func(r upstream.Request) (upstream.Answer, error) { return s.e.backend.Aside(ctx, r) },
		shed.P1, http.MethodPost, target, passScheme+pass, "", back, &v)
	return v, err
}
