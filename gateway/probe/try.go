package probe

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// How long one try and a whole round may take.
const (
	tryTimeout   = 3 * time.Second
	RoundTimeout = 40 * time.Second
	between      = 10 * time.Millisecond // so that a round is no burst to those who wait
)

// Round tries every door of the target, one after the other.
func Round(ctx context.Context, t Target) []Result {
	ctx, cancel := context.WithTimeout(ctx, RoundTimeout)
	defer cancel()
	var out []Result
	if t.Public != "" {
		out = append(out, over(ctx, t.Public, citizens)...)
	}
	for _, address := range t.Backend {
		out = append(out, over(ctx, address, func(host string) []attempt { return backend(host, t.Token) })...)
	}
	if t.Control != "" {
		out = append(out, behindCertificates(ctx, t.Control, controlRoom)...)
	}
	if t.Lanes != "" {
		out = append(out, behindCertificates(ctx, t.Lanes, lanes)...)
	}
	for _, addr := range t.State {
		out = append(out, sharedState(ctx, addr))
	}
	return out
}

// over tries doors that speak HTTP at an address.
func over(ctx context.Context, address string, doors func(host string) []attempt) []Result {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return []Result{{Name: address, Ko: "주소를 읽을 수 없음", En: "the address cannot be read; want http://HOST:PORT"}}
	}
	line := &line{ctx: ctx, address: u}
	defer line.hangUp()
	var out []Result
	for _, a := range doors(u.Host) {
		out = append(out, judge(a, line))
		select {
		case <-ctx.Done():
		case <-time.After(between):
		}
	}
	return out
}

// judge tries a door, once more where it was too busy to say.
func judge(a attempt, l *line) Result {
	r := Result{Name: a.name}
	for range 2 {
		status, err := l.try(a.request)
		switch {
		case err != nil:
			r.State, r.Ko, r.En = Untried, fmt.Sprintf("%s: 시도하지 못함 (%v)", a.ko, err), fmt.Sprintf("%s: could not be tried (%v)", a.en, err)
			r.Nobody = l.conn == nil && unconnected(err)
			return r
		case status >= 400 && status < 500 && status != http.StatusTooManyRequests:
			r.State, r.Ko, r.En = Shut, fmt.Sprintf("%s: 거절 %d", a.ko, status), fmt.Sprintf("%s: refused with %d", a.en, status)
			return r
		case status < 400:
			r.State, r.Ko, r.En = Open, fmt.Sprintf("%s: 거절하지 않고 %d로 답함", a.ko, status), fmt.Sprintf("%s: answered with %d instead of refusing", a.en, status)
			return r
		}
		r.State, r.Ko, r.En = Untried, fmt.Sprintf("%s: 판단할 수 없음, %d", a.ko, status), fmt.Sprintf("%s: no verdict, answered with %d", a.en, status)
	}
	return r
}

// unconnected tells whether an error came before anything could be sent.
func unconnected(err error) bool {
	var dialled *net.OpError
	return errors.As(err, &dialled) && dialled.Op == "dial"
}

// line is a connection that is opened anew where the other side closed it.
type line struct {
	ctx     context.Context
	address *url.URL
	conn    net.Conn
	in      *bufio.Reader
}

func (l *line) hangUp() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}

// try sends a request and returns the answer's status. On a connection that was used before it tries again on a new one:
// the other side may have closed it meanwhile.
func (l *line) try(request string) (int, error) {
	used := l.conn != nil
	status, err := l.once(request)
	if err != nil && used && l.ctx.Err() == nil {
		status, err = l.once(request)
	}
	return status, err
}

func (l *line) once(request string) (status int, err error) {
	defer func() {
		if err != nil {
			l.hangUp()
		}
	}()
	if l.conn == nil {
		if l.conn, err = dial(l.ctx, l.address, nil); err != nil {
			return 0, err
		}
		l.in = bufio.NewReader(l.conn)
	}
	_ = l.conn.SetDeadline(time.Now().Add(tryTimeout))
	if _, err := io.WriteString(l.conn, request); err != nil {
		return 0, err
	}
	method, _, _ := strings.Cut(request, " ")
	resp, err := http.ReadResponse(l.in, &http.Request{Method: method})
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)); err != nil || resp.Close {
		l.hangUp()
	}
	return resp.StatusCode, nil
}

// dial connects; settings are for TLS and may be nil.
func dial(ctx context.Context, u *url.URL, settings *tls.Config) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	host := u.Host
	if u.Port() == "" {
		host = net.JoinHostPort(u.Hostname(), map[string]string{"https": "443"}[u.Scheme]+map[string]string{"http": "80"}[u.Scheme])
	}
	plain, err := (&net.Dialer{}).DialContext(ctx, "tcp", host)
	if err != nil || u.Scheme != "https" {
		return plain, err
	}
	if settings == nil {
		settings = &tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}
	}
	secured := tls.Client(plain, settings)
	if err := secured.HandshakeContext(ctx); err != nil {
		plain.Close()
		return nil, fmt.Errorf("%w: %w", errHandshake, err)
	}
	return secured, nil
}

var errHandshake = errors.New("TLS")

// room is a listener that takes people by their certificate alone.
type room struct {
	name, ko, en string
	path         string // answered to whoever gets in
	role         string // that gets in
}

var (
	controlRoom = room{"control", "관제 주소에", "the control room", "/control/v1/snapshot", "supervisor"}
	lanes       = room{"lanes", "콜센터·의료기관 주소에", "the lanes", "/lane/v1/whoami", "call_centre"}
)

// behindCertificates tries a listener with no certificate, with one that anybody can make, and without TLS.
func behindCertificates(ctx context.Context, address string, at room) []Result {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return []Result{{Name: address, Ko: "주소를 읽을 수 없음", En: "the address cannot be read; want https://HOST:PORT"}}
	}
	own, err := selfSigned(at.role)
	if err != nil {
		return []Result{{Name: at.name + " with a certificate of one's own", Ko: err.Error(), En: err.Error()}}
	}
	plain := *u
	plain.Scheme = "http"
	return []Result{
		knock(ctx, u, at.path, at.name+" without a certificate", "인증서 없이 "+at.ko, at.en+" without a certificate", nil),
		knock(ctx, u, at.path, at.name+" with a certificate of one's own", "스스로 만든 인증서로 "+at.ko, at.en+" with a self-signed certificate", []tls.Certificate{own}),
		knock(ctx, &plain, at.path, at.name+" without TLS", "TLS 없이 "+at.ko, at.en+" without TLS", nil),
	}
}

// knock asks for what whoever gets in is told. Being thrown out in the handshake, or after it, is a refusal; that nobody
// listens is not.
func knock(ctx context.Context, u *url.URL, path, name, ko, en string, show []tls.Certificate) Result {
	r := Result{Name: name, State: Untried}
	// Whose certificate the server has is no matter here: it is the server that must refuse.
	conn, err := dial(ctx, u, &tls.Config{InsecureSkipVerify: true, Certificates: show, MinVersion: tls.VersionTLS12})
	switch {
	case errors.Is(err, errHandshake) && ctx.Err() == nil:
		r.State, r.Ko, r.En = Shut, ko+": 거절", en+": refused"
		return r
	case err != nil:
		r.Ko, r.En = fmt.Sprintf("%s: 시도하지 못함 (%v)", ko, err), fmt.Sprintf("%s: could not be tried (%v)", en, err)
		return r
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(tryTimeout))
	_, err = io.WriteString(conn, ask("GET "+path, u.Host, ""))
	var resp *http.Response
	if err == nil {
		resp, err = http.ReadResponse(bufio.NewReader(conn), nil)
	}
	var late net.Error
	switch {
	case errors.As(err, &late) && late.Timeout():
		r.Ko, r.En = ko+": 응답 없음", en+": no answer"
	case err != nil:
		r.State, r.Ko, r.En = Shut, ko+": 거절", en+": refused"
	case resp.StatusCode >= 400 && resp.StatusCode < 500:
		r.State, r.Ko, r.En = Shut, fmt.Sprintf("%s: 거절 %d", ko, resp.StatusCode), fmt.Sprintf("%s: refused with %d", en, resp.StatusCode)
	case resp.StatusCode >= 500:
		r.Ko, r.En = fmt.Sprintf("%s: 판단할 수 없음, %d", ko, resp.StatusCode), fmt.Sprintf("%s: no verdict, answered with %d", en, resp.StatusCode)
	default:
		r.State, r.Ko, r.En = Open, fmt.Sprintf("%s: 거절하지 않고 %d로 답함", ko, resp.StatusCode), fmt.Sprintf("%s: answered with %d instead of refusing", en, resp.StatusCode)
	}
	return r
}

// selfSigned is a certificate that anybody can make, with the best of names and roles.
func selfSigned(role string) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	who := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "probe", OrganizationalUnit: []string{role}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, who, who, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// sharedState tries whether a NATS server of ours listens on a port: it would greet first.
func sharedState(ctx context.Context, addr string) Result {
	r := Result{Name: "shared state at " + addr, State: Shut, Ko: addr + ": 공유 상태가 열려 있지 않음", En: addr + ": the shared state does not listen"}
	ctx, cancel := context.WithTimeout(ctx, tryTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		r.State, r.Ko, r.En = Untried, addr+": 시도하지 못함", addr+": could not be tried"
	}
	if err != nil {
		return r
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(tryTimeout / 6))
	_, _ = io.WriteString(conn, "GET /varz HTTP/1.0\r\n\r\n") // the monitoring port speaks HTTP, the others greet and complain
	greeting, _ := io.ReadAll(io.LimitReader(conn, 16<<10))
	if strings.Contains(string(greeting), "daemun-") { // another program's server is not our door
		r.State, r.Ko, r.En = Open, addr+": 공유 상태(NATS)가 밖에서 닿음", addr+": the shared state (NATS) can be reached from outside"
	}
	return r
}
