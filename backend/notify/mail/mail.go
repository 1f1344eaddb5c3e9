// Package mail hands letters to an SMTP server.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"github.com/daemun/daemun/backend/notify"
)

// Security is how the way to the server is protected.
type Security string

// How the way is protected.
const (
	StartTLS Security = "starttls" // no letter without
	TLS      Security = "tls"      // from the first byte
	Plain    Security = "none"     // only for a server on the same machine
)

// Options are how a server is reached.
type Options struct {
	Address  string // host:port
	Security Security
	User     string // empty: no authentication
	Password string
	From     string         // "이름 <address>" or an address
	Roots    *x509.CertPool // nil: those of the machine
	Parallel int            // connections kept open while there is work
}

// Server sends letters. It is safe for use by many goroutines.
type Server struct {
	client *gomail.Client
	from   *netmail.Address
	domain string
	idle   chan connection
}

// connection is one that has sent a letter and may send another.
type connection struct {
	*smtp.Client
	since time.Time
}

const (
	callTimeout = 10 * time.Second
	idleFor     = 5 * time.Second // servers end connections that rest longer than they like
)

// New returns a Server; it is not called yet.
func New(o Options) (*Server, error) {
	host, port, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, fmt.Errorf("address of the mail server %q: want HOST:PORT", o.Address)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("address of the mail server %q: want HOST:PORT", o.Address)
	}
	from, err := netmail.ParseAddress(o.From)
	if err != nil {
		return nil, fmt.Errorf("sender of e-mail %q: want an address such as 예방접종 <noreply@example.go.kr>", o.From)
	}
	s := &Server{from: from, domain: from.Address[strings.LastIndexByte(from.Address, '@')+1:], idle: make(chan connection, o.Parallel)}
	options := []gomail.Option{
		gomail.WithPort(number), gomail.WithTimeout(callTimeout), gomail.WithHELO(s.domain),
		gomail.WithoutNoop(), gomail.WithoutRset(), // a letter that was taken must not fail by what comes after
	}
	security, err := o.security(host)
	if err != nil {
		return nil, err
	}
	options = append(options, security...)
	if o.User != "" {
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(o.User), gomail.WithPassword(o.Password))
	}
	s.client, err = gomail.NewClient(host, options...)
	if err != nil {
		return nil, fmt.Errorf("mail server: %w", err)
	}
	return s, nil
}

func (o *Options) security(host string) ([]gomail.Option, error) {
	settings := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12, RootCAs: o.Roots}
	switch o.Security {
	case StartTLS:
		return []gomail.Option{gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithTLSConfig(settings)}, nil
	case TLS:
		return []gomail.Option{gomail.WithSSL(), gomail.WithTLSConfig(settings)}, nil
	case Plain:
		if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return nil, fmt.Errorf("mail server %s without TLS: letters hold names and must not cross a network in clear; use starttls or tls", host)
		}
		return []gomail.Option{gomail.WithTLSPolicy(gomail.NoTLS)}, nil
	}
	return nil, fmt.Errorf("protection of the way to the mail server %q: want starttls, tls or none", o.Security)
}

// Send hands over one letter and waits for the server's word. However often a letter is sent, its bytes are the same, with
// the same Message-ID.
func (s *Server) Send(ctx context.Context, l notify.Letter) error {
	if l.Email == "" {
		return &notify.Refused{Reason: "no_address"}
	}
	msg, err := s.message(&l)
	if err != nil {
		return &notify.Refused{Reason: "bad_address", Err: err}
	}
	// The library takes no context once it is connected, and ends a call by itself in no more than callTimeout. Who cannot
	// wait for that leaves, and what came of it stays unknown.
	ended := make(chan error, 1)
	go func() { ended <- s.exchange(context.WithoutCancel(ctx), msg) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
		return &notify.Later{Reason: "timeout", Err: ctx.Err()}
	}
}

func (s *Server) exchange(ctx context.Context, msg *gomail.Msg) error {
	c, err := s.connect(ctx)
	if err != nil {
		return failed("unreachable", err)
	}
	if err := s.client.SendWithSMTPClient(c, msg); err != nil {
		_ = c.Close() // what state it is in is not worth finding out
		return failed("connection", err)
	}
	s.keep(c)
	return nil
}

func (s *Server) message(l *notify.Letter) (*gomail.Msg, error) {
	m := gomail.NewMsg()
	if err := m.FromFormat(s.from.Name, s.from.Address); err != nil {
		return nil, err
	}
	if err := m.To(l.Email); err != nil {
		return nil, err
	}
	m.SetMessageIDWithValue(l.ID + "@" + s.domain)
	m.SetDateWithValue(l.At)
	m.Subject(l.Subject)
	m.SetGenHeader("Auto-Submitted", "auto-generated")
	m.SetGenHeader("Content-Language", l.Lang)
	m.SetBodyString(gomail.TypeTextPlain, l.Text)
	return m, nil
}

func (s *Server) connect(ctx context.Context) (*smtp.Client, error) {
	for {
		select {
		case c := <-s.idle:
			if time.Since(c.since) < idleFor {
				return c.Client, nil
			}
			_ = c.Quit()
			continue
		default:
		}
		return s.client.DialToSMTPClientWithContext(ctx)
	}
}

func (s *Server) keep(c *smtp.Client) {
	select {
	case s.idle <- connection{c, time.Now()}:
	default:
		_ = c.Quit()
	}
}

// Close ends the connections that rest.
func (s *Server) Close() {
	for {
		select {
		case c := <-s.idle:
			_ = c.Quit()
		default:
			return
		}
	}
}

// failed reads what an error means. A server that takes no letters from us at all, or none without another password, fails
// no letter: somebody will mend that.
func failed(reason string, err error) error {
	var sent *gomail.SendError
	if !errors.As(err, &sent) || sent.ErrorCode() == 0 {
		return &notify.Later{Reason: reason, Err: err}
	}
	code := sent.ErrorCode()
	reason = "smtp_" + strconv.Itoa(code)
	ofLetter := sent.Reason == gomail.ErrSMTPRcptTo || sent.Reason == gomail.ErrSMTPDataClose || sent.Reason == gomail.ErrSMTPData
	ofPolicy := strings.HasPrefix(sent.EnhancedStatusCode(), "5.7.")
	if code >= 500 && ofLetter && !ofPolicy {
		return &notify.Refused{Reason: reason, Err: err}
	}
	return &notify.Later{Reason: reason, Err: err}
}
