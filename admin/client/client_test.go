package client

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/gateway/api"
)

var _ model.Control = (*Client)(nil)

// authority signs certificates for a test.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = a.sign(template, template, &a.key.PublicKey)
	return a
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(template, parent *x509.Certificate, key *ecdsa.PublicKey) *x509.Certificate {
	a.t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}

// issue makes a PEM with certificate and key.
func (a *authority) issue(name, role string) []byte {
	a.t.Helper()
	key := newKey(a.t)
	cert := a.sign(&x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name, OrganizationalUnit: []string{role}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, a.cert, &key.PublicKey)
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}),
		pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})...)
}

func (a *authority) file(name string, data []byte) string {
	a.t.Helper()
	path := filepath.Join(a.t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

func (a *authority) caFile() string {
	return a.file("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
}

// serve starts a control API that takes certificates of the authority.
func (a *authority) serve(handler http.Handler) *httptest.Server {
	a.t.Helper()
	own := a.issue("localhost", "server")
	cert, err := tls.X509KeyPair(own, own)
	if err != nil {
		a.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // failed handshakes are what some tests are about
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert}
	server.StartTLS()
	a.t.Cleanup(server.Close)
	return server
}

func (a *authority) client(url string) *Client {
	a.t.Helper()
	c, err := New(Options{Control: url, CertFile: a.file("me.pem", a.issue("김관제", "operator")), CAFile: a.caFile()})
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

func TestWhoAmIComesFromTheCertificate(t *testing.T) {
	a := newAuthority(t)
	server := a.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		subject := r.TLS.PeerCertificates[0].Subject
		_ = json.NewEncoder(w).Encode(api.WhoAmI{Name: subject.CommonName, Role: subject.OrganizationalUnit[0]})
	}))
	who, err := a.client(server.URL).WhoAmI(context.Background())
	if err != nil || who != (api.WhoAmI{Name: "김관제", Role: "operator"}) {
		t.Errorf("%+v, %v", who, err)
	}
}

func TestOrdersOnTheWire(t *testing.T) {
	a := newAuthority(t)
	var got, body string
	server := a.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		data, _ := io.ReadAll(r.Body)
		got, body = r.Method+" "+r.URL.EscapedPath(), string(data)
		if r.Method == http.MethodPut {
			w.WriteHeader(http.StatusAccepted)
		}
		_ = json.NewEncoder(w).Encode(api.OpeningStatus{Opening: api.Opening{ID: "o1", State: api.OpeningPaused}})
	}))
	c, ctx := a.client(server.URL), context.Background()
	at := time.Date(2021, 7, 19, 13, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		call       func() (model.Outcome, error)
		want, body string
	}{
		{func() (model.Outcome, error) {
			return c.Command(ctx, "pause", "o1", "", api.Command{Reason: "점검"})
		},
			"POST /control/v1/openings/o1/pause", `{"reason":"점검"}`},
		{func() (model.Outcome, error) {
			return c.Command(ctx, "postpone", "o1", "", api.Command{Reason: "r", OpensAt: &at})
		},
			"POST /control/v1/openings/o1/postpone", `{"reason":"r","opens_at":"2021-07-19T13:00:00Z"}`},
		{func() (model.Outcome, error) {
			return c.Command(ctx, "resume", "o/1", "c 1", api.Command{Reason: "r"})
		},
			"POST /control/v1/openings/o%2F1/cohorts/c%201/resume", `{"reason":"r"}`},
		{func() (model.Outcome, error) { return c.Rate(ctx, "o1", api.RateCommand{Reason: "r", PerS: 120}) },
			"PUT /control/v1/openings/o1/rate", `{"reason":"r","per_s":120}`},
	} {
		outcome, err := row.call()
		if err != nil || outcome.Opening.State != api.OpeningPaused || outcome.Pending != strings.HasSuffix(row.want, "/rate") {
			t.Errorf("%s: %+v, %v", row.want, outcome, err)
		}
		if got != row.want || body != row.body {
			t.Errorf("sent %s %s, want %s %s", got, body, row.want, row.body)
		}
	}
	if err := c.Notice(ctx, api.NoticeCommand{Text: "점검", TextEn: "check"}); err != nil {
		t.Error(err)
	}
	if got != "POST /control/v1/notices" || body != `{"text":"점검","text_en":"check"}` {
		t.Errorf("notice sent as %s %s", got, body)
	}
}

func TestRefusalsAreProblems(t *testing.T) {
	a := newAuthority(t)
	server := a.serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/snapshot") {
			http.Error(w, "no", http.StatusBadGateway)
			return
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusForbidden)
		_ = json.NewEncoder(w).Encode(api.Problem{Status: 403, Code: "forbidden", Detail: "권한이 없습니다.", DetailEn: "Not allowed."})
	}))
	c := a.client(server.URL)
	_, err := c.Command(context.Background(), "close", "o1", "", api.Command{Reason: "r"})
	var problem *api.Problem
	if !errors.As(err, &problem) || problem.Code != "forbidden" {
		t.Fatalf("%v, want the problem forbidden", err)
	}
	if m := Describe(err); m.Key != "problem" || m.Args[1] != "forbidden" {
		t.Errorf("described as %+v", m)
	}
	if _, err := c.Snapshot(context.Background()); Describe(err).Key != "link.garbled" {
		t.Errorf("a bare 502 is described as %s", Describe(err).Key)
	}
}

func TestFailuresHaveTheirKind(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	quiet := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	server := a.serve(quiet)
	plain := httptest.NewServer(quiet)
	t.Cleanup(plain.Close)
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := dead.Addr().String()
	_ = dead.Close()

	mine := a.file("me.pem", a.issue("나", "operator"))
	strange := other.file("other.pem", other.issue("남", "operator"))
	for _, row := range []struct {
		name    string
		options Options
		want    Kind
	}{
		{"nothing listens", Options{"https://" + nobody, mine, a.caFile()}, Refused},
		{"server of another CA", Options{server.URL, mine, other.caFile()}, Untrusted},
		{"certificate of another CA", Options{server.URL, strange, a.caFile()}, Unwelcome},
		{"no TLS", Options{strings.Replace(plain.URL, "http:", "https:", 1), mine, a.caFile()}, NotControl},
		{"no JSON", Options{server.URL, mine, a.caFile()}, Garbled},
	} {
		t.Run(row.name, func(t *testing.T) {
			c, err := New(row.options)
			if err != nil {
				t.Fatal(err)
			}
			_, err = c.WhoAmI(context.Background())
			var e *Error
			if !errors.As(err, &e) || e.Kind != row.want {
				t.Errorf("%v, want kind %s", err, row.want)
			}
		})
	}
}

func TestNewSaysWhatIsWrong(t *testing.T) {
	a := newAuthority(t)
	mine, ca := a.file("me.pem", a.issue("나", "operator")), a.caFile()
	for _, row := range []struct {
		options Options
		says    string
	}{
		{Options{"http://127.0.0.1:1", mine, ca}, "want https://host:port"},
		{Options{"https://127.0.0.1:1", "/nowhere.pem", ca}, "read the operator's certificate"},
		{Options{"https://127.0.0.1:1", ca, ca}, "want certificate and key in one PEM"},
		{Options{"https://127.0.0.1:1", mine, "/nowhere.pem"}, "read the CA certificate"},
		{Options{"https://127.0.0.1:1", mine, a.file("empty.pem", nil)}, "no certificate in it"},
	} {
		if _, err := New(row.options); err == nil || !strings.Contains(err.Error(), row.says) {
			t.Errorf("%+v: %v, want %q", row.options, err, row.says)
		}
	}
}
