// Package oidc speaks to identity providers by OpenID Connect: authorization code flow with PKCE (S256), state and nonce.
//
// Discovery and keys are cached: only the exchange of a code, and now and then a probe, goes to the provider. Which claims
// say who somebody is differs from provider to provider and is configured (Claims).
package oidc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/daemun/daemun/backend/identity"
	"github.com/daemun/daemun/backend/subject"
)

// Config is one provider. ID, Name, Issuer, ClientID, RedirectURL and Claims are needed.
type Config struct {
	ID, Name, NameEn string
	Issuer           string // https; http only on this machine
	ClientID         string
	ClientSecret     string
	PostSecret       bool     // send the secret in the body and not as HTTP basic authentication
	RedirectURL      string   // fixed: the way back, as it is registered with the provider
	Scopes           []string // besides openid
	Prompt           string   // of the authorization request; empty: login, so that nobody is taken for who sat there before
	Claims           Claims
	UserInfo         bool // what the ID token leaves out stands at the userinfo endpoint
	Subjects         *subject.Key
	Links            Links            // where Claims.CI is used
	Clock            func() time.Time //
	Transport        http.RoundTripper
}

// Provider is an identity.Away.
type Provider struct {
	c       Config
	client  *http.Client
	scopes  []string
	current atomic.Pointer[metadata]
}

var _ identity.Away = (*Provider)(nil)

// metadata is what the provider last said of itself.
type metadata struct {
	provider *oidc.Provider
	raw      string
	verifier *oidc.IDTokenVerifier
	oauth    oauth2.Config
}

// New returns a Provider; it is not asked anything yet.
func New(c Config) (*Provider, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	scopes := []string{oidc.ScopeOpenID}
	for _, s := range c.Scopes {
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	if c.Prompt == "" {
		c.Prompt = "login"
	}
	return &Provider{c: c, client: newClient(c.Transport), scopes: scopes}, nil
}

// Description implements identity.Provider.
func (p *Provider) Description() identity.Description {
	return identity.Description{ID: p.c.ID, Kind: identity.KindOIDC, Name: p.c.Name, NameEn: p.c.NameEn, Typed: p.c.Claims.typed()}
}

// Address implements identity.Away.
func (p *Provider) Address(a identity.Attempt) (string, error) {
	m := p.current.Load()
	if m == nil {
		return "", identity.ErrNotReady
	}
	return m.oauth.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier),
		oauth2.SetAuthURLParam("prompt", p.c.Prompt)), nil
}

// Probe implements identity.Away: it reads the provider's discovery document.
func (p *Provider) Probe(ctx context.Context) error {
	found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.c.Issuer)
	if err != nil {
		return fault("its discovery document cannot be had", err)
	}
	var raw json.RawMessage
	var said struct {
		Authorization string   `json:"authorization_endpoint"`
		Token         string   `json:"token_endpoint"`
		Keys          string   `json:"jwks_uri"`
		Challenges    []string `json:"code_challenge_methods_supported"`
	}
	if err := errors.Join(found.Claims(&raw), found.Claims(&said)); err != nil {
		return fault("its discovery document cannot be read", err)
	}
	for _, endpoint := range []string{said.Authorization, said.Token, said.Keys} {
		if err := p.sameSecurity(endpoint); err != nil {
			return fault("its discovery document names an endpoint that is not safe to use", err)
		}
	}
	if len(said.Challenges) > 0 && !slices.Contains(said.Challenges, "S256") {
		return fault("it does not take PKCE with S256", nil)
	}
	if known := p.current.Load(); known != nil && known.raw == string(raw) {
		return nil // what is known stays, with the keys that were read
	}
	p.install(found, string(raw))
	return nil
}

func (p *Provider) install(found *oidc.Provider, raw string) {
	endpoint := found.Endpoint()
	endpoint.AuthStyle = oauth2.AuthStyleInHeader // never found out by trial: a code must not be sent twice
	if p.c.PostSecret || p.c.ClientSecret == "" {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	m := &metadata{provider: found, raw: raw, oauth: oauth2.Config{
		ClientID: p.c.ClientID, ClientSecret: p.c.ClientSecret, Endpoint: endpoint, RedirectURL: p.c.RedirectURL, Scopes: p.scopes,
	}}
	m.verifier = found.Verifier(&oidc.Config{ClientID: p.c.ClientID, Now: func() time.Time { return p.c.Clock().Add(-skew) }})
	p.current.Store(m)
}

// skew is how far the provider's clock may be behind ours, or ahead.
const skew = time.Minute

// sameSecurity refuses an endpoint without TLS of an issuer with it.
func (p *Provider) sameSecurity(endpoint string) error {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && !onThisMachine(u) {
		return errors.New("want an https address")
	}
	issuer, err := url.Parse(p.c.Issuer)
	if err != nil || issuer.Scheme == "https" && u.Scheme != "https" {
		return errors.New("want https like the issuer")
	}
	return nil
}

// Exchange implements identity.Away.
func (p *Provider) Exchange(ctx context.Context, a identity.Attempt, code string) (identity.Person, error) {
	m := p.current.Load()
	if m == nil {
		return identity.Person{}, identity.ErrNotReady
	}
	ctx = oidc.ClientContext(ctx, p.client)
	token, err := m.oauth.Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return identity.Person{}, exchangeError(err)
	}
	text, ok := token.Extra("id_token").(string)
	if !ok {
		return identity.Person{}, fault("it gave no ID token", nil)
	}
	claims, err := p.verified(ctx, m, text, a.Nonce)
	if err != nil {
		return identity.Person{}, err
	}
	if p.c.UserInfo && !p.c.Claims.told(claims) {
		if err := p.userInfo(ctx, m, token, claims); err != nil {
			return identity.Person{}, err
		}
	}
	return p.c.person(claims)
}

// exchangeError tells a code that is not good from a provider that is not.
func exchangeError(err error) error {
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		return fault("its token endpoint cannot be reached or does not make sense", err)
	}
	switch {
	case refused.Response.StatusCode >= 500:
		return fault(fmt.Sprintf("its token endpoint answered %d", refused.Response.StatusCode), nil)
	case refused.ErrorCode == "invalid_grant":
		return fmt.Errorf("%w: the code is not good", identity.ErrDenied)
	case refused.ErrorCode == "invalid_client", refused.ErrorCode == "unauthorized_client":
		return fault("it does not know us: check the client's id and secret", nil)
	}
	return fault(fmt.Sprintf("its token endpoint answered %d", refused.Response.StatusCode), nil)
}

// verified returns the claims of an ID token that is the provider's, for us, in force, and made for this attempt.
func (p *Provider) verified(ctx context.Context, m *metadata, text, nonce string) (map[string]any, error) {
	token, err := m.verifier.Verify(ctx, text)
	var expired *oidc.TokenExpiredError
	switch {
	case errors.As(err, &expired):
		return nil, fault("its ID tokens have expired when they come: compare the clocks", nil)
	case err != nil:
		return nil, fault("its ID token does not verify: signature, issuer, audience or algorithm", err)
	case token.IssuedAt.After(p.c.Clock().Add(skew)):
		return nil, fault("its ID tokens come from the future: compare the clocks", nil)
	case token.Nonce != nonce:
		return nil, fmt.Errorf("%w: the ID token is of another attempt", identity.ErrDenied)
	}
	claims := map[string]any{}
	if err := token.Claims(&claims); err != nil {
		return nil, fault("its ID token cannot be read", nil)
	}
	if azp, ok := claims["azp"]; ok && azp != p.c.ClientID || !ok && len(token.Audience) > 1 {
		return nil, fault("its ID token was made for somebody else", nil)
	}
	return claims, nil
}

// userInfo adds what the userinfo endpoint says to the claims. What the ID token said stays.
func (p *Provider) userInfo(ctx context.Context, m *metadata, token *oauth2.Token, claims map[string]any) error {
	info, err := m.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return fault("its userinfo endpoint cannot be reached or does not make sense", err)
	}
	if sub, _ := claims["sub"].(string); info.Subject != sub {
		return fault("its userinfo endpoint speaks of somebody else", nil)
	}
	more := map[string]any{}
	if err := info.Claims(&more); err != nil {
		return fault("what its userinfo endpoint says cannot be read", nil)
	}
	for name, value := range more {
		if _, known := claims[name]; !known {
			claims[name] = value
		}
	}
	return nil
}

// fault is a failure of the provider. What lies beneath may hold what the provider sent, so it is not shown.
func fault(reason string, err error) error { return &identity.Fault{Reason: reason, Err: err} }
