package keyring

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func open(t *testing.T, dir string) *Ring {
	t.Helper()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRotatingEveryFamily makes a second key and takes the first one away, in each family.
func TestRotatingEveryFamily(t *testing.T) {
	for _, family := range Families {
		t.Run(family, func(t *testing.T) {
			dir := t.TempDir()
			r := open(t, dir)
			if _, err := r.Retire(family, 1); !errors.Is(err, ErrCurrent) {
				t.Fatalf("the key in use was retired: %v", err)
			}
			number, err := r.Rotate(family)
			if err != nil || number != 2 {
				t.Fatal(number, err)
			}
			info, err := os.Stat(filepath.Join(dir, "keys", fileName(family, 2)))
			if err != nil || info.Mode().Perm() != 0o600 {
				t.Fatal(info, err)
			}
			var got []Listed
			all, err := open(t, dir).List()
			for _, k := range all {
				if k.Family == family {
					got = append(got, k)
				}
			}
			if err != nil || len(got) != 2 || got[0].Current || !got[1].Current || got[1].Number != 2 {
				t.Fatalf("%+v, %v", got, err)
			}
			if _, err := r.Retire(family, 3); !errors.Is(err, ErrNoKey) {
				t.Fatal(err)
			}
			moved, err := r.Retire(family, 1)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(moved); err != nil {
				t.Fatal(err)
			}
			all, _ = open(t, dir).List()
			for _, k := range all {
				if k.Family == family && k.Number != 2 {
					t.Fatalf("%+v is still there", k)
				}
			}
		})
	}
	if _, err := open(t, t.TempDir()).Rotate("subject"); !errors.Is(err, ErrNoFamily) {
		t.Error(err)
	}
}

func TestRotatedPassKeysArePublished(t *testing.T) {
	dir := t.TempDir()
	r := open(t, dir)
	if _, err := r.Rotate(Passes); err != nil {
		t.Fatal(err)
	}
	public, err := PublicKeys(filepath.Join(dir, "keys"), "pass")
	secret, id := open(t, dir).PassSigner()
	if err != nil || id != 2 || !public[2].Equal(secret.Public().(ed25519.PublicKey)) {
		t.Fatal(id, public, err)
	}
	if _, err := r.Retire(Passes, 1); err != nil {
		t.Fatal(err)
	}
	if public, _ = PublicKeys(filepath.Join(dir, "keys"), "pass"); public[1] != nil {
		t.Error("the public part of a retired key still opens a backend elsewhere")
	}
}

// TestSealerTakesOverKeysAsTheyCome seals under one key, then another, and loses the first.
func TestSealerTakesOverKeysAsTheyCome(t *testing.T) {
	r := open(t, t.TempDir())
	s, err := r.Sealer()
	if err != nil {
		t.Fatal(err)
	}
	first := s.Seal([]byte("a"), []byte("here"))
	if s.Key(first) != 1 || s.Current() != 1 || s.Key(nil) != 0 {
		t.Fatal(s.Key(first), s.Current())
	}
	if _, err := r.Rotate(Personal); err != nil {
		t.Fatal(err)
	}
	if s.Current() != 1 {
		t.Fatal("a key was taken over that nobody asked for")
	}
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	second := s.Seal([]byte("b"), []byte("here"))
	for sealed, want := range map[string]string{string(first): "a", string(second): "b"} {
		if plain, err := s.Open([]byte(sealed), []byte("here")); err != nil || string(plain) != want {
			t.Fatal(plain, err)
		}
	}
	if s.Key(second) != 2 {
		t.Fatal(s.Key(second))
	}
	if _, err := r.Retire(Personal, 1); err != nil {
		t.Fatal(err)
	}
	if err := s.Reload(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(first, []byte("here")); !errors.Is(err, ErrSealed) {
		t.Fatal("a retired key still opens")
	}
	for name, bad := range map[string]struct{ sealed, place []byte }{
		"elsewhere": {second, []byte("there")}, "empty": {nil, []byte("here")}, "changed": {append(bytes.Clone(second[:len(second)-1]), second[len(second)-1]^1), []byte("here")},
	} {
		if _, err := s.Open(bad.sealed, bad.place); !errors.Is(err, ErrSealed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCertificatesAreListedAndRevoked(t *testing.T) {
	r := open(t, t.TempDir())
	now := time.Now()
	a, err := r.Authority(now)
	if err != nil {
		t.Fatal(err)
	}
	text, err := a.Operator("김주무관", RoleSupervisor, now)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	issued, err := r.Issued()
	if err != nil || len(issued) != 1 || issued[0].Name != "김주무관" || issued[0].Role != RoleSupervisor ||
		issued[0].Serial != SerialText(cert.SerialNumber) || !issued[0].Expires.Equal(cert.NotAfter) {
		t.Fatalf("%+v, %v", issued, err)
	}
	list := r.Revocations()
	if list.Has(cert.SerialNumber) {
		t.Fatal("revoked before anybody revoked it")
	}
	if err := r.Revoke(Revocation{Serial: "no number"}); err == nil {
		t.Error("nonsense was revoked")
	}
	if err := r.Revoke(Revocation{Serial: issued[0].Serial, At: now, Reason: "퇴직"}); err != nil {
		t.Fatal(err)
	}
	if !list.Has(cert.SerialNumber) || list.Has(big.NewInt(7)) {
		t.Fatal("the list is not heeded at once")
	}
	path := filepath.Join(r.dir, revokedFile)
	if err := os.WriteFile(path, []byte("garbage"), 0o600); err != nil {
		t.Fatal(err)
	}
	if !list.Has(big.NewInt(7)) {
		t.Fatal("a list that cannot be read lets everybody in")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if list.Has(cert.SerialNumber) {
		t.Fatal("revoked by a list that is not there")
	}
}

// TestRevokedCertificatesOpenNoConnection shakes hands with a listener before and after.
func TestRevokedCertificatesOpenNoConnection(t *testing.T) {
	r := open(t, t.TempDir())
	a, err := r.Authority(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	settings, err := a.ServerTLS(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", settings)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); c.Close() }()
		}
	}()
	text, err := a.Operator("kim", RoleViewer, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.PEM())
	client := &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, ServerName: "localhost", Rand: rand.Reader,
		ClientSessionCache: tls.NewLRUClientSessionCache(4)} // with which a session could be taken up again
	talk := func() error {
		c, err := tls.DialWithDialer(&net.Dialer{Timeout: 5 * time.Second}, "tcp", l.Addr().String(), client)
		if err != nil {
			return err
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		if _, err := c.Write([]byte("x")); err != nil {
			return err
		}
		_, err = c.Read(make([]byte, 1))
		return err
	}
	for range 2 {
		if err := talk(); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Revoke(Revocation{Serial: SerialText(pair.Leaf.SerialNumber)}); err != nil {
		t.Fatal(err)
	}
	if err := talk(); err == nil {
		t.Fatal("a revoked certificate opened a connection")
	}
}
