package keyring

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"path/filepath"
	"time"
)

// Roles an operator's certificate can carry, lowest first.
const (
	RoleViewer     = "viewer"
	RoleOperator   = "operator"
	RoleSupervisor = "supervisor"
)

// Roles are all that a certificate can carry.
var Roles = []string{RoleViewer, RoleOperator, RoleSupervisor, RoleCallCentre, RoleClinic}

// ErrRevoked says that a certificate was taken back.
var ErrRevoked = errors.New("keyring: the certificate was revoked")

// OperatorLife is how long an operator's certificate is good.
const OperatorLife = 90 * 24 * time.Hour

const (
	authorityYears = 10
	serverDays     = 825
)

// Authority signs the certificates of the control room: the listener's and the operators'.
type Authority struct {
	ring *Ring
	cert *x509.Certificate
	key  crypto.Signer
	pem  []byte
}

// Authority opens the folder's certificate authority and makes it on first use.
func (r *Ring) Authority(now time.Time) (*Authority, error) {
	made, err := newAuthority(now)
	if err != nil {
		return nil, fmt.Errorf("make the control room's authority: %w", err)
	}
	both, err := r.file("ca.key", made) // certificate and key in one file: they can never part
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(both, both)
	if err != nil {
		return nil, fmt.Errorf("read keys/ca.key: %w; restore it from a backup", err)
	}
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})
	if _, err := r.file("ca.pem", public); err != nil {
		return nil, err
	}
	return &Authority{ring: r, cert: pair.Leaf, key: pair.PrivateKey.(crypto.Signer), pem: public}, nil
}

func newAuthority(now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          serial(),
		Subject:               pkix.Name{CommonName: "Daemun control room authority"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.AddDate(authorityYears, 0, 0),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	return sign(template, template, key, key)
}

// PEM returns the authority's certificate.
func (a *Authority) PEM() []byte { return a.pem }

// Operator issues a certificate and key, in one PEM, for an operator with a role.
func (a *Authority) Operator(name, role string, now time.Time) ([]byte, error) {
	return a.Issue(pkix.Name{CommonName: name, OrganizationalUnit: []string{role}}, now, OperatorLife)
}

// Issue gives somebody a certificate and key, in one PEM, good for a while, and writes down that it did. The role is the
// first organisational unit of who.
func (a *Authority) Issue(who pkix.Name, now time.Time, good time.Duration) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key for %s: %w", who.CommonName, err)
	}
	template := &x509.Certificate{
		SerialNumber: serial(),
		Subject:      who,
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.Add(good),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	text, err := sign(template, a.cert, key, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign the certificate of %s: %w", who.CommonName, err)
	}
	line := Issued{Serial: SerialText(template.SerialNumber), Name: who.CommonName, At: now.UTC().Truncate(time.Second), Expires: template.NotAfter.UTC().Truncate(time.Second)}
	if len(who.OrganizationalUnit) > 0 {
		line.Role = who.OrganizationalUnit[0]
	}
	if err := appendLine(filepath.Join(a.ring.dir, issuedFile), line); err != nil { // first: none is out that nobody knows of
		return nil, fmt.Errorf("write down the certificate of %s: %w", who.CommonName, err)
	}
	return text, nil
}

// ServerTLS returns the control listener's settings: its own certificate, and clients only with one of the
// authority's.
func (a *Authority) ServerTLS(now time.Time) (*tls.Config, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the control listener's key: %w", err)
	}
	both, err := sign(&x509.Certificate{
		SerialNumber: serial(),
		Subject:      pkix.Name{CommonName: "Daemun control"},
		NotBefore:    now.Add(-time.Hour),
		NotAfter:     now.AddDate(0, 0, serverDays),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}, a.cert, key, a.key)
	if err != nil {
		return nil, fmt.Errorf("sign the control listener's certificate: %w", err)
	}
	pair, err := tls.X509KeyPair(both, both)
	if err != nil {
		return nil, fmt.Errorf("load the control listener's certificate: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	revoked := a.ring.Revocations()
	return &tls.Config{
		Certificates: []tls.Certificate{pair},
		ClientCAs:    pool,
		ClientAuth:   tls.RequireAndVerifyClientCert,
		MinVersion:   tls.VersionTLS13,
		VerifyConnection: func(s tls.ConnectionState) error { // also where a session is taken up again
			if len(s.PeerCertificates) > 0 && revoked.Has(s.PeerCertificates[0].SerialNumber) {
				return ErrRevoked
			}
			return nil
		},
	}, nil
}

func sign(template, parent *x509.Certificate, key *ecdsa.PrivateKey, by crypto.Signer) ([]byte, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), by)
	if err != nil {
		return nil, err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	for _, block := range []*pem.Block{{Type: "CERTIFICATE", Bytes: der}, {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := pem.Encode(&out, block); err != nil {
			return nil, err
		}
	}
	return out.Bytes(), nil
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err) // crypto/rand never fails on the systems we run on
	}
	return n
}
