package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/keyring"
)

const goodProviders = `
site: https://booking.example.go.kr
providers:
  - id: pass-app
    kind: oidc
    name: 간편인증
    name_en: PASS
    issuer: https://id.example.go.kr
    client_id: daemun
    client_secret_file: pass-app.secret
    scopes: [profile]
    claims: {birth_date: birthdate, name: name}
    concurrency: 32
    patience: 3s
  - id: linked
    kind: oidc
    name: 공동인증
    issuer: https://other.example.go.kr
    client_id: daemun
    claims: {ci: ci, links: links.csv}
  - id: roster
    kind: roster
    name: 명단 확인
`

// providersIn writes a providers file with what goes with it, and reads it as the backend does.
func providersIn(t *testing.T, text string) error {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"p.yaml": text, "pass-app.secret": "a secret\n", "links.csv": "ci,rrn\nci-1,670301-1000001\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ring, err := keyring.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = folder(dir).checks(filepath.Join(dir, "p.yaml"), ring, nil, time.Now)
	return err
}

func TestProvidersFile(t *testing.T) {
	if err := providersIn(t, goodProviders); err != nil {
		t.Fatal(err)
	}
	for mention, spoil := range map[string][2]string{
		"unknown field":               {"client_id: daemun", "client: daemun"},
		"two providers":               {"id: linked", "id: pass-app"},
		"lower-case":                  {"id: linked", "id: Linked App"},
		"want oidc or roster":         {"kind: roster", "kind: list"},
		"has no name":                 {"name: 공동인증", "name: ''"},
		"site":                        {"site: https://booking.example.go.kr", "site: booking"},
		"want 500ms to 6s":            {"patience: 3s", "patience: 1m"},
		"want 1 to 256":               {"concurrency: 32", "concurrency: 10000"},
		"issuer":                      {"issuer: https://id.example.go.kr", "issuer: http://id.example.go.kr"},
		"client_secret_file":          {"pass-app.secret", "nowhere.secret"},
		"claims:":                     {"{birth_date: birthdate, name: name}", "{name: name}"},
		"needs a list":                {"{ci: ci, links: links.csv}", "{ci: ci}"},
		"links":                       {"links: links.csv", "links: nowhere.csv"},
		"has no issuer, client_id or": {"    name: 명단 확인", "    name: 명단 확인\n    issuer: https://id.example.go.kr"},
	} {
		text := strings.Replace(goodProviders, spoil[0], spoil[1], 1)
		if text == goodProviders {
			t.Fatalf("%s: nothing was changed", mention)
		}
		if err := providersIn(t, text); err == nil || !strings.Contains(err.Error(), mention) || strings.Contains(err.Error(), "a secret") {
			t.Errorf("want a word of %q: %v", mention, err)
		}
	}
}

func TestSecretsOfProvidersAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	if err := os.WriteFile(path, []byte("a secret"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := readSecret(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a secret that others can read: %v", err)
	}
}

// TestOpeningsThatNobodyCouldBook are found when the backend starts, and not when everybody is there.
func TestOpeningsThatNobodyCouldBook(t *testing.T) {
	dir := t.TempDir()
	ring, err := keyring.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	checks, err := folder(dir).checks("", ring, nil, time.Now) // no file: no provider
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	s := &cohort.Schedule{Openings: []cohort.Opening{
		{ID: "over", ClosesAt: now.Add(-time.Hour), Identity: []string{"pass-app"}},
		{ID: "free", ClosesAt: now.Add(time.Hour)},
	}}
	if err := canShow(checks, s, now); err != nil {
		t.Errorf("%v", err)
	}
	s.Openings[1].Identity = []string{"roster"}
	if err := canShow(checks, s, now); err == nil || !strings.Contains(err.Error(), "roster") {
		t.Errorf("%v", err)
	}
}
