package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/backend/demo/idp"
	"github.com/daemun/daemun/backend/identity"
	"github.com/daemun/daemun/backend/subject"
)

// The ways of a demo to show who one is.
const (
	demoProviderID = "demo-id"
	demoRosterID   = "roster"
)

var demoWays = []string{demoProviderID, demoRosterID}

// demoProvider is an identity provider for the demo's people, as a server of its own.
type demoProvider struct {
	listener net.Listener
	server   *idp.Server
	file     string // for --identity
}

// startDemoProvider opens the provider's listener and writes the file that tells the backend of it, new for each start.
func (f folder) startDemoProvider(public string) (*demoProvider, error) {
	if _, port, err := net.SplitHostPort(public); err != nil || port == "0" {
		return nil, fmt.Errorf("--demo-identity needs --listen with a port, because people come back there: such as --listen 127.0.0.1:8080, not %s", public)
	}
	people := map[subject.Number]demo.Citizen{}
	err := f.eachCitizen(func(c demo.Citizen) error { people[c.Number] = c; return nil })
	if err != nil {
		return nil, err
	}
	p := &demoProvider{file: f.path("demo", identityFile)}
	if p.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("listen for the demo's identity provider: %w", err)
	}
	// By another name than the gateway's: to a browser it is another site, as a real provider is.
	issuer, site, secret := fmt.Sprintf("http://localhost:%d", p.listener.Addr().(*net.TCPAddr).Port), "http://"+public, rand.Text()
	p.server, err = idp.New(idp.Options{
		Issuer: issuer, Clock: time.Now, Hint: "demo/" + demo.CitizensFile + " · rrn",
		Client: idp.Client{ID: "daemun", Secret: secret, Redirect: site + "/identity/" + demoProviderID + "/return"},
		Person: func(login string) (map[string]any, bool) { return demoClaims(people, login) },
	})
	if err == nil {
		err = f.tellDemoProvider(p.file, site, issuer, secret)
	}
	if err != nil {
		p.listener.Close()
		return nil, err
	}
	return p, nil
}

func demoClaims(people map[subject.Number]demo.Citizen, login string) (map[string]any, bool) {
	n, err := subject.ParseNumber(login)
	if err != nil {
		return nil, false
	}
	c, ok := people[n]
	return map[string]any{"rrn": n.Digits(), "name": c.Name, "birthdate": n.Birth().String()}, ok
}

func (f folder) tellDemoProvider(path, site, issuer, secret string) error {
	const secretFile = "identity.secret"
	if err := writeWhole(f.path("demo", secretFile), []byte(secret+"\n"), 0o600); err != nil {
		return err
	}
	text, err := yaml.MarshalWithOptions(providersFile{Site: site, Providers: []providerEntry{
		{ID: demoProviderID, Kind: identity.KindOIDC, Name: "시연용 간편인증", NameEn: "Demo provider", Issuer: issuer,
			ClientID: "daemun", ClientSecretFile: secretFile, Claims: claimsEntry{Number: "rrn"}},
		{ID: demoRosterID, Kind: identity.KindRoster, Name: "예약 대상자 명단", NameEn: "List of those eligible", List: cohort.RosterList},
	}}, yaml.OmitEmpty())
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return writeWhole(path, text, 0o600)
}

// asks tells whether the folder's schedule asks people who they are, in an opening that is not over.
func (f folder) asks(now time.Time) (bool, error) {
	s, err := f.schedule("")
	if err != nil {
		return false, err
	}
	for _, o := range s.Openings {
		if now.Before(o.ClosesAt) && strings.Join(o.Identity, " ") == strings.Join(demoWays, " ") {
			return true, nil
		}
	}
	return false, nil
}

func (p *demoProvider) run(ctx context.Context, log *zap.Logger) error {
	return serveInside(ctx, "identity", p.listener, p.server, nil, log)
}

// ways are those of an opening that this start announces.
func (o *upOptions) ways() []string {
	if o.demoID {
		return demoWays
	}
	return nil
}

// withDemoProvider runs everything with the demo's identity provider beside.
func (o *upOptions) withDemoProvider(cmd *cobra.Command, b backendOptions, run func(context.Context, *cobra.Command, backendOptions) error) error {
	asks, err := o.gateway.data.asks(time.Now())
	if err != nil {
		return err
	}
	if !asks {
		return fmt.Errorf("the opening in %s began without asking who people are; choose a new folder with --data", o.gateway.data)
	}
	p, err := o.gateway.data.startDemoProvider(o.gateway.listen)
	if err != nil {
		return err
	}
	b.identity = p.file
	cmd.Printf("  identity      본인인증 (시연용)   http://%s\n", p.listener.Addr())
	return together(cmd.Context(),
		func(ctx context.Context) error { return p.run(ctx, newLog("demo identity provider")) },
		func(ctx context.Context) error { return run(ctx, cmd, b) },
	)
}
