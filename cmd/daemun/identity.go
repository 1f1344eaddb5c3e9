package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/pflag"
	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/identity"
	"github.com/daemun/daemun/backend/identity/oidc"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/keyring"
)

// providersFile is the file of --identity. Names of files in it are relative to its folder.
type providersFile struct {
	Site      string          `yaml:"site"` // where citizens reach the gateway: the ways back begin with it
	Providers []providerEntry `yaml:"providers"`
}

type providerEntry struct {
	ID          string        `yaml:"id"`
	Kind        identity.Kind `yaml:"kind"`
	Name        string        `yaml:"name"`
	NameEn      string        `yaml:"name_en"`
	Concurrency int           `yaml:"concurrency"`
	Patience    time.Duration `yaml:"patience"`

	// Of kind oidc.
	Issuer           string      `yaml:"issuer"`
	ClientID         string      `yaml:"client_id"`
	ClientSecretFile string      `yaml:"client_secret_file"`
	PostSecret       bool        `yaml:"post_secret"`
	Scopes           []string    `yaml:"scopes"`
	Prompt           string      `yaml:"prompt"`
	Claims           claimsEntry `yaml:"claims"`
	UserInfo         bool        `yaml:"userinfo"`

	// Of kind roster.
	List string `yaml:"list"`
}

type claimsEntry struct {
	Number    string `yaml:"number"`
	CI        string `yaml:"ci"`
	Links     string `yaml:"links"` // file
	BirthDate string `yaml:"birth_date"`
	Name      string `yaml:"name"`
}

// identityFile is the file's name in the data folder where --identity names none.
const identityFile = "identity.yaml"

func identityFlag(f *pflag.FlagSet, into *string) {
	f.StringVar(into, "identity", "", "`file` of the identity providers (default: identity.yaml in the data folder, where there is one)")
}

// readProviders reads the file given, else the data folder's own, else none.
func (f folder) readProviders(given string) (*providersFile, string, error) {
	path := given
	if path == "" {
		path = f.path(identityFile)
	}
	text, err := os.ReadFile(path)
	if given == "" && errors.Is(err, fs.ErrNotExist) {
		return &providersFile{}, path, nil
	}
	if err != nil {
		return nil, path, fmt.Errorf("read --identity: %w", err)
	}
	var file providersFile
	if err := yaml.UnmarshalWithOptions(text, &file, yaml.Strict()); err != nil {
		return nil, path, fmt.Errorf("read the identity providers %s: %w", path, err)
	}
	if err := file.check(); err != nil {
		return nil, path, fmt.Errorf("the identity providers %s: %w", path, err)
	}
	return &file, path, nil
}

var providerID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

func (f *providersFile) check() error {
	var errs []error
	fail := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	known := map[string]bool{}
	away := false
	for i, p := range f.Providers {
		switch {
		case !providerID.MatchString(p.ID) || len(p.ID) > 64:
			fail("provider %d: write its id in lower-case letters, digits and single hyphens, such as pass-app", i+1)
		case known[p.ID]:
			fail("there are two providers %q", p.ID)
		case p.Name == "":
			fail("provider %s has no name", p.ID)
		case p.Kind != identity.KindOIDC && p.Kind != identity.KindRoster:
			fail("provider %s: kind is %q; want oidc or roster", p.ID, p.Kind)
		case p.Kind == identity.KindRoster && (p.Issuer != "" || p.ClientID != "" || p.Claims != claimsEntry{}):
			fail("provider %s: a roster has no issuer, client_id or claims", p.ID)
		case p.Kind == identity.KindOIDC && p.List != "":
			fail("provider %s: list belongs to kind roster", p.ID)
		case p.Concurrency < 0 || p.Concurrency > 256:
			fail("provider %s: concurrency %d; want 1 to 256 people at once", p.ID, p.Concurrency)
		case p.Patience != 0 && (p.Patience < 500*time.Millisecond || p.Patience > 6*time.Second):
			fail("provider %s: patience %s; want 500ms to 6s", p.ID, p.Patience)
		}
		known[p.ID] = true
		away = away || p.Kind == identity.KindOIDC
	}
	if u, err := url.Parse(f.Site); away && (err != nil || u.Host == "" || u.Path != "" || u.Scheme != "https" && u.Scheme != "http") {
		fail("site %q: want the address at which citizens reach the gateway, such as https://booking.example.go.kr", f.Site)
	}
	return errors.Join(errs...)
}

// checks makes the service of identity checks over the bookings.
func (f folder) checks(given string, ring *keyring.Ring, book *booking.Service, clock func() time.Time) (*identity.Service, error) {
	file, path, err := f.readProviders(given)
	if err != nil {
		return nil, err
	}
	o := identity.Options{Book: book, Key: ring.IdentityKey(), Subjects: ring.SubjectKey(), Clock: clock, Limits: map[string]identity.Limits{}}
	for _, entry := range file.Providers {
		provider, err := entry.provider(file.Site, filepath.Dir(path), ring, book, clock)
		if err != nil {
			return nil, fmt.Errorf("the identity provider %s in %s: %w", entry.ID, path, err)
		}
		o.Providers = append(o.Providers, provider)
		o.Limits[entry.ID] = identity.Limits{Concurrency: entry.Concurrency, Patience: entry.Patience}
	}
	return identity.New(o)
}

func (e *providerEntry) provider(site, dir string, ring *keyring.Ring, book *booking.Service, clock func() time.Time) (identity.Provider, error) {
	if e.Kind == identity.KindRoster {
		list := e.List
		if list == "" {
			list = cohort.RosterList
		}
		return &identity.Roster{
			About: identity.Description{ID: e.ID, Name: e.Name, NameEn: e.NameEn}, List: list, Subjects: ring.SubjectKey(),
			On: func(id subject.ID) cohort.Lists { return book.Store().Catalog().Lists(id) },
		}, nil
	}
	c := oidc.Config{
		ID: e.ID, Name: e.Name, NameEn: e.NameEn, Issuer: e.Issuer, ClientID: e.ClientID, PostSecret: e.PostSecret,
		RedirectURL: site + "/identity/" + e.ID + "/return", Scopes: e.Scopes, Prompt: e.Prompt,
		Claims:   oidc.Claims{Number: e.Claims.Number, CI: e.Claims.CI, BirthDate: e.Claims.BirthDate, Name: e.Claims.Name},
		UserInfo: e.UserInfo, Subjects: ring.SubjectKey(), Clock: clock,
	}
	var err error
	if e.ClientSecretFile != "" {
		if c.ClientSecret, err = readSecret(beside(dir, e.ClientSecretFile)); err != nil {
			return nil, err
		}
	}
	if e.Claims.Links != "" {
		if c.Links, err = readLinks(beside(dir, e.Claims.Links), ring.SubjectKey()); err != nil {
			return nil, err
		}
	}
	return oidc.New(c)
}

func beside(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, name)
}

func readSecret(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("client_secret_file: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("client_secret_file %s can be read by others (mode %04o): run chmod 600 on it, and ask the provider for another secret if anybody else used this machine", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("client_secret_file: %w", err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" {
		return "", fmt.Errorf("client_secret_file %s is empty", path)
	}
	return secret, nil
}

func readLinks(path string, key *subject.Key) (oidc.Links, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("links: %w", err)
	}
	defer file.Close()
	table, err := oidc.ReadLinks(file, key)
	if err != nil {
		return nil, fmt.Errorf("links %s: %w", path, err)
	}
	return table, nil
}

// canShow makes sure that the openings to come can be booked at all: one that accepts only providers that are not here
// would let nobody book.
func canShow(checks *identity.Service, s *cohort.Schedule, now time.Time) error {
	for i := range s.Openings {
		o := &s.Openings[i]
		if missing := checks.Missing(o); now.Before(o.ClosesAt) && len(missing) > 0 {
			hint := "add it to the file of --identity, or take it out of the schedule's identity"
			if slices.Contains(missing, demoProviderID) {
				hint = "start with --demo-identity"
			}
			return fmt.Errorf("opening %s accepts the identity provider %s, which is not configured: %s", o.ID, strings.Join(missing, ", "), hint)
		}
	}
	return nil
}

// warnOfMissing is canShow for a schedule that comes into force while the backend runs, which cannot refuse it.
func warnOfMissing(log *zap.Logger, checks *identity.Service, s *cohort.Schedule, now time.Time) {
	if err := canShow(checks, s, now); err != nil {
		log.Error("people cannot show who they are", zap.Error(err))
	}
}
