package mail_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"mime"
	"net"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/daemun/daemun/backend/notify"
	"github.com/daemun/daemun/backend/notify/mail"
)

// office is a mail server that does as it is told.
type office struct {
	mu       sync.Mutex
	taken    [][]byte
	sessions int
	rcpt     error // answer to a recipient
	data     error // answer to a whole letter, which is taken all the same where cut
	cut      bool  // the connection ends in the place of an answer
	auth     bool  // wants a name and a password
}

func (o *office) NewSession(c *smtp.Conn) (smtp.Session, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sessions++
	return &session{office: o, conn: c, known: !o.auth}, nil
}

// got is what was taken so far, and over how many connections.
func (o *office) got() (letters [][]byte, sessions int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.taken), o.sessions
}

type session struct {
	*office
	conn  *smtp.Conn
	known bool
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != "daemun" || password != "secret" {
			return smtp.ErrAuthFailed
		}
		s.known = true
		return nil
	}), nil
}

func (s *session) Mail(string, *smtp.MailOptions) error {
	if !s.known {
		return smtp.ErrAuthRequired
	}
	return nil
}

func (s *session) Rcpt(string, *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.rcpt
}

func (s *session) Data(r io.Reader) error {
	letter, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.data == nil {
		s.taken = append(s.taken, letter)
	}
	if s.cut {
		s.conn.Conn().Close()
	}
	return s.data
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// listen opens a mail server; with a certificate it offers STARTTLS, or TLS from the first byte.
func (o *office) listen(t *testing.T, secured *tls.Config, atOnce bool) string {
	t.Helper()
	s := smtp.NewServer(o)
	s.Domain, s.AllowInsecureAuth, s.TLSConfig = "mail.test", secured == nil, secured
	s.ErrorLog = quiet{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if atOnce {
		l = tls.NewListener(l, secured)
	}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return l.Addr().String()
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

var letter = notify.Letter{
	ID: "ABCDE-23456.7168", Lang: "ko", Email: "gildong@example.com", Subject: "예방접종 예약 완료",
	Text: "[예방접종] 예약이 완료되었습니다.\n.\n\n성명: 홍*동", At: time.Date(2021, 7, 19, 11, 1, 0, 0, time.UTC),
}

func reach(t *testing.T, o mail.Options) *mail.Server {
	t.Helper()
	if o.Security == "" {
		o.Security = mail.Plain
	}
	o.From, o.Parallel = "예방접종 <noreply@vaccine.example.kr>", 2
	s, err := mail.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestWhatTheServerGets(t *testing.T) {
	o := &office{}
	s := reach(t, mail.Options{Address: o.listen(t, nil, false)})
	for range 3 {
		if err := s.Send(t.Context(), letter); err != nil {
			t.Fatal(err)
		}
	}
	taken, sessions := o.got()
	if len(taken) != 3 || !bytes.Equal(taken[0], taken[1]) || !bytes.Equal(taken[1], taken[2]) {
		t.Fatal("a letter that is sent again is another one")
	}
	if sessions != 1 {
		t.Errorf("%d connections for letters in a row", sessions)
	}
	m, err := netmail.ReadMessage(bytes.NewReader(taken[0]))
	if err != nil {
		t.Fatal(err)
	}
	words := mime.WordDecoder{}
	subject, err := words.DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != letter.Subject {
		t.Errorf("subject %q, %v", subject, err)
	}
	if m.Header.Get("Message-Id") != "<ABCDE-23456.7168@vaccine.example.kr>" || m.Header.Get("Auto-Submitted") != "auto-generated" ||
		m.Header.Get("To") != "<gildong@example.com>" || m.Header.Get("Date") != "Mon, 19 Jul 2021 11:01:00 +0000" {
		t.Errorf("%v", m.Header)
	}
}

func TestTLS(t *testing.T) {
	secured, roots := certificate(t)
	for name, c := range map[string]struct {
		offered  *tls.Config
		atOnce   bool
		security mail.Security
		roots    *x509.CertPool
		ok       bool
	}{
		"starttls":                {secured, false, mail.StartTLS, roots, true},
		"tls":                     {secured, true, mail.TLS, roots, true},
		"starttls is not offered": {nil, false, mail.StartTLS, roots, false},
		"starttls by somebody":    {secured, false, mail.StartTLS, x509.NewCertPool(), false},
		"tls by somebody":         {secured, true, mail.TLS, x509.NewCertPool(), false},
		"tls where there is none": {nil, false, mail.TLS, roots, false},
	} {
		o := &office{auth: true}
		s := reach(t, mail.Options{Address: o.listen(t, c.offered, c.atOnce), Security: c.security, Roots: c.roots, User: "daemun", Password: "secret"})
		err := s.Send(t.Context(), letter)
		var later *notify.Later
		taken, _ := o.got()
		if (err == nil) != c.ok || err != nil && !errors.As(err, &later) || (len(taken) == 1) != c.ok {
			t.Errorf("%s: %v, %d letters taken", name, err, len(taken))
		}
	}
}

func TestWhatAnswersMean(t *testing.T) {
	answer := func(code int, enhanced smtp.EnhancedCode) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: "as told"}
	}
	for name, c := range map[string]struct {
		office   *office
		password string
		reason   string
		refused  bool
	}{
		"no such mailbox":      {&office{rcpt: answer(550, smtp.EnhancedCode{5, 1, 1})}, "", "smtp_550", true},
		"mailbox is full":      {&office{rcpt: answer(452, smtp.EnhancedCode{4, 2, 2})}, "", "smtp_452", false},
		"not for us to relay":  {&office{rcpt: answer(554, smtp.EnhancedCode{5, 7, 1})}, "", "smtp_554", false},
		"letter refused":       {&office{data: answer(552, smtp.EnhancedCode{5, 3, 4})}, "", "smtp_552", true},
		"try later":            {&office{data: answer(451, smtp.EnhancedCode{4, 3, 0})}, "", "smtp_451", false},
		"cut after the taking": {&office{cut: true}, "", "connection", false},
		"wrong password":       {&office{auth: true}, "guess", "unreachable", false},
		"password wanted":      {&office{auth: true}, "", "smtp_502", false},
	} {
		o := mail.Options{Address: c.office.listen(t, nil, false)}
		if c.password != "" {
			o.User, o.Password = "daemun", c.password
		}
		s := reach(t, o)
		err := s.Send(t.Context(), letter)
		var refused *notify.Refused
		var later *notify.Later
		switch {
		case errors.As(err, &refused):
			if !c.refused || refused.Reason != c.reason {
				t.Errorf("%s: %v", name, err)
			}
		case errors.As(err, &later):
			if c.refused || later.Reason != c.reason {
				t.Errorf("%s: %v: %v", name, err, later.Err)
			}
		default:
			t.Errorf("%s: %v", name, err)
		}
		if taken, _ := c.office.got(); c.office.cut && len(taken) != 1 {
			t.Errorf("%s: %d letters", name, len(taken))
		}
		// Whatever happened, the next letter goes its way.
		c.office.mu.Lock()
		c.office.rcpt, c.office.data, c.office.cut = nil, nil, false
		auth := c.office.auth
		c.office.mu.Unlock()
		if err := s.Send(t.Context(), letter); (err == nil) == auth {
			t.Errorf("%s: the letter after it: %v", name, err)
		}
	}
	var refused *notify.Refused
	s := reach(t, mail.Options{Address: (&office{}).listen(t, nil, false)})
	if err := s.Send(t.Context(), notify.Letter{ID: "x"}); !errors.As(err, &refused) {
		t.Errorf("without an address: %v", err)
	}
}

func TestAServerThatIsSilentHoldsNobodyUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := reach(t, mail.Options{Address: l.Addr().String()})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var later *notify.Later
	if err := s.Send(ctx, letter); !errors.As(err, &later) {
		t.Errorf("%v", err)
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	good := mail.Options{Address: "mail.example.kr:587", Security: mail.StartTLS, From: "a@b.kr", Parallel: 1}
	for word, spoil := range map[string]func(*mail.Options){
		"HOST:PORT": func(o *mail.Options) { o.Address = "mail.example.kr" },
		"PORT":      func(o *mail.Options) { o.Address = "mail.example.kr:smtp" },
		"noreply@":  func(o *mail.Options) { o.From = "nobody" },
		"starttls":  func(o *mail.Options) { o.Security = "ssl" },
		"in clear":  func(o *mail.Options) { o.Security = mail.Plain },
	} {
		o := good
		spoil(&o)
		if _, err := mail.New(o); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: %v", word, err)
		}
	}
	if _, err := mail.New(good); err != nil {
		t.Error(err)
	}
}
