package idp

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/subtle"
	"errors"
	"sync"
	"time"

	jose "github.com/go-jose/go-jose/v4"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

const (
	mostRequests = 10_000
	requestLives = 10 * time.Minute
	tokenLives   = 5 * time.Minute
)

// store is an op.Storage in memory. It holds what is under way and nothing longer.
type store struct {
	options Options

	mu       sync.Mutex
	requests map[string]*request // by id
	codes    map[string]string   // id of the request, by code
	tokens   map[string]string   // login, by id of the access token
	key      signingKey
	lifetime time.Duration
	nonce    func(string) string
}

func newStore(o Options) (*store, error) {
	s := &store{
		options: o, requests: map[string]*request{}, codes: map[string]string{}, tokens: map[string]string{},
		lifetime: tokenLives, nonce: func(n string) string { return n },
	}
	return s, s.rotate()
}

var errUnknown = errors.New("idp: unknown")

func (s *store) rotate() error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.key = signingKey{id: rand.Text(), key: key}
	return nil
}

func (s *store) live(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lifetime = d
}

func (s *store) corrupt(nonce func(string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nonce = nonce
}

// request is somebody who was sent here.
type request struct {
	*oidc.AuthRequest
	id     string
	nonce  string
	at     time.Time
	login  string
	signed time.Time
}

func (r *request) GetID() string                      { return r.id }
func (r *request) GetACR() string                     { return "" }
func (r *request) GetAMR() []string                   { return nil }
func (r *request) GetAudience() []string              { return []string{r.ClientID} }
func (r *request) GetAuthTime() time.Time             { return r.signed }
func (r *request) GetClientID() string                { return r.ClientID }
func (r *request) GetNonce() string                   { return r.nonce }
func (r *request) GetRedirectURI() string             { return r.RedirectURI }
func (r *request) GetScopes() []string                { return r.Scopes }
func (r *request) GetState() string                   { return r.State }
func (r *request) GetSubject() string                 { return r.login }
func (r *request) Done() bool                         { return r.login != "" }
func (r *request) GetResponseMode() oidc.ResponseMode { return r.ResponseMode }
func (r *request) GetResponseType() oidc.ResponseType { return r.ResponseType }
func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	if r.CodeChallenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: r.CodeChallenge, Method: r.CodeChallengeMethod}
}

func (s *store) CreateAuthRequest(_ context.Context, in *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.options.Clock()
	for id, r := range s.requests {
		if now.Sub(r.at) > requestLives {
			delete(s.requests, id)
		}
	}
	if len(s.requests) >= mostRequests {
		return nil, errors.New("idp: too many people at once")
	}
	r := &request{AuthRequest: in, id: rand.Text(), nonce: s.nonce(in.Nonce), at: now}
	s.requests[r.id] = r
	return r, nil
}

func (s *store) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.requests[id]; r != nil {
		copied := *r
		return &copied, nil
	}
	return nil, errUnknown
}

func (s *store) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	id := s.codes[code]
	delete(s.codes, code) // a code is good once, however that ends
	s.mu.Unlock()
	return s.AuthRequestByID(ctx, id)
}

func (s *store) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = id
	return nil
}

func (s *store) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
	return nil
}

// enter says who somebody is.
func (s *store) enter(id, login string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.requests[id]
	if r == nil {
		return false
	}
	r.login, r.signed = login, s.options.Clock()
	return true
}

func (s *store) CreateAccessToken(_ context.Context, r op.TokenRequest) (string, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tokens) >= mostRequests {
		clear(s.tokens)
	}
	id := rand.Text()
	s.tokens[id] = r.GetSubject()
	return id, s.options.Clock().Add(tokenLives), nil
}

func (s *store) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != s.options.Client.ID {
		return nil, errUnknown
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return &client{Client: s.options.Client, lifetime: s.lifetime}, nil
}

func (s *store) AuthorizeClientIDSecret(_ context.Context, id, secret string) error {
	if id != s.options.Client.ID || subtle.ConstantTimeCompare([]byte(secret), []byte(s.options.Client.Secret)) != 1 {
		return errUnknown
	}
	return nil
}

func (s *store) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, r op.IDTokenRequest, _ []string) error {
	return s.tell(info, r.GetSubject())
}

func (s *store) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, token, _, _ string) error {
	s.mu.Lock()
	login, ok := s.tokens[token]
	s.mu.Unlock()
	if !ok {
		return errUnknown
	}
	return s.tell(info, login)
}

func (s *store) tell(info *oidc.UserInfo, login string) error {
	claims, ok := s.options.Person(login)
	if !ok {
		return errUnknown
	}
	info.Subject = login
	for name, value := range claims {
		info.AppendClaims(name, value)
	}
	return nil
}

func (s *store) SigningKey(context.Context) (op.SigningKey, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.key, nil
}

func (s *store) KeySet(context.Context) ([]op.Key, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return []op.Key{publicKey{s.key}}, nil
}

func (s *store) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (s *store) Health(context.Context) error { return nil }
