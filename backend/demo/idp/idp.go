// Package idp is an OpenID provider for demonstrations and tests: the certified library github.com/zitadel/oidc with everything
// in memory and synthetic people, none of whom has a secret. It runs as a server of its own, as a real provider does, and
// must never be where real people are.
package idp

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"
)

// Options of a provider; all of them.
type Options struct {
	Issuer string // where it is reached, without a slash at the end
	Client Client
	// Person returns the claims of who signs in under a name, false where there is nobody.
	Person func(login string) (claims map[string]any, ok bool)
	Hint   string // on the sign-in page: which names there are
	Clock  func() time.Time
}

// Client is who may send people here.
type Client struct {
	ID, Secret string
	Redirect   string // where people go back to
}

// Server is a provider. Its methods may be called while it serves.
type Server struct {
	options  Options
	mux      *http.ServeMux
	provider op.OpenIDProvider
	store    *store
}

// New returns a provider.
func New(o Options) (*Server, error) {
	st, err := newStore(o)
	if err != nil {
		return nil, err
	}
	s := &Server{options: o, store: st, mux: http.NewServeMux()}
	config := &op.Config{CodeMethodS256: true, AuthMethodPost: true, SupportedUILocales: []language.Tag{language.Korean, language.English}}
	rand.Read(config.CryptoKey[:])
	s.provider, err = op.NewProvider(config, st, op.StaticIssuer(o.Issuer), op.WithAllowInsecure(), op.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, fmt.Errorf("make the demo's identity provider: %w", err)
	}
	callback := op.AuthCallbackURL(s.provider)
	inside := op.NewIssuerInterceptor(s.provider.IssuerFromRequest)
	s.mux.HandleFunc("GET /login", s.form)
	s.mux.HandleFunc("POST /login", inside.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.signIn(w, r, callback)
	}))
	s.mux.Handle("/", s.provider)
	return s, nil
}

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Rotate makes a new signing key. The old one is not published any more.
func (s *Server) Rotate() error { return s.store.rotate() }

// Live sets how long ID tokens are good from now on; negative: they have expired when they are made.
func (s *Server) Live(d time.Duration) { s.store.live(d) }

// Corrupt changes what the provider signs as the nonce of an attempt, as one that mixes attempts up would.
func (s *Server) Corrupt(nonce func(string) string) { s.store.corrupt(nonce) }

func loginURL(id string) string { return "/login?" + url.Values{"id": {id}}.Encode() }
