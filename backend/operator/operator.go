// Package operator is how commands on the backend's own machine reach the data that the backend has open: reading the log
// of accesses, exporting and erasing personal data, rotating its keys. Whoever asks shows an operator's certificate; every
// look at personal data is in the log of accesses, with its reason, before it is answered.
package operator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/gateway/api"
)

// Keys are the keys of personal data. What List says is current is what is sealed with from then on.
type Keys interface {
	List() ([]Key, error)
	Rotate() (byte, error)
	Retire(number byte) (movedTo string, err error)
}

// Key is one of them.
type Key struct {
	Number  byte      `json:"number"`
	Current bool      `json:"current"`
	Made    time.Time `json:"made"`
}

// Options are what the handler needs; all of them.
type Options struct {
	Service  *booking.Service
	Keys     Keys
	Resealer *Resealer
	Role     string              // the one that may ask
	Revoked  func(*big.Int) bool // certificates that were taken back
	Clock    func() time.Time
	Log      *zap.Logger
}

type server struct {
	Options
	mux *http.ServeMux
}

// New returns the handler. It is to be served where certificates are verified.
func New(o Options) http.Handler {
	s := &server{Options: o, mux: http.NewServeMux()}
	for pattern, serve := range map[string]func(http.ResponseWriter, *http.Request, booking.Officer) error{
		"POST /operator/v1/accesses":        s.accesses,
		"POST /operator/v1/accesses/verify": s.verify,
		"POST /operator/v1/export":          s.export,
		"POST /operator/v1/retention":       s.retention,
		"GET /operator/v1/keys":             s.keys,
		"POST /operator/v1/keys/rotate":     s.rotate,
		"POST /operator/v1/keys/retire":     s.retire,
	} {
		s.mux.HandleFunc(pattern, s.guarded(serve))
	}
	s.mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		s.refuse(w, problem(http.StatusNotFound, "not_found", "없는 주소입니다.", "There is nothing at this address."))
	})
	return s
}

// ServeHTTP answers a command.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// guarded asks for a certificate of the role. What is answered in a stream cannot turn into a refusal later: it is cut.
func (s *server) guarded(serve func(http.ResponseWriter, *http.Request, booking.Officer) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		who, refused := s.officer(r)
		if refused != nil {
			s.refuse(w, refused)
			return
		}
		out := &answer{ResponseWriter: w}
		err := serve(out, r, who)
		switch {
		case err == nil:
		case out.begun:
			s.Log.Error("an operator's command ended in the middle", zap.String("route", r.Pattern), zap.Error(err))
			panic(http.ErrAbortHandler)
		default:
			s.refuse(w, s.problemOf(err, r.Pattern))
		}
	}
}

// officer is who asks, by the certificate that was verified.
func (s *server) officer(r *http.Request) (booking.Officer, *api.Problem) {
	if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
		return booking.Officer{}, problem(http.StatusForbidden, "no_certificate", "운영자 인증서가 필요합니다.", "An operator's certificate is needed.")
	}
	cert := r.TLS.VerifiedChains[0][0]
	units := cert.Subject.OrganizationalUnit
	switch {
	case s.Revoked(cert.SerialNumber):
		return booking.Officer{}, problem(http.StatusForbidden, "revoked", "폐기된 인증서입니다.", "This certificate was revoked.")
	case len(units) != 1 || units[0] != s.Role || cert.Subject.CommonName == "":
		return booking.Officer{}, problem(http.StatusForbidden, "role_too_low", fmt.Sprintf("이 작업에는 %s 권한이 필요합니다.", s.Role),
			fmt.Sprintf("This needs a certificate of the role %s.", s.Role))
	}
	return booking.Officer{Name: cert.Subject.CommonName, Role: units[0], From: access.FromHost}, nil
}

// answer remembers whether anything of it is out.
type answer struct {
	http.ResponseWriter
	begun bool
}

func (a *answer) Write(b []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(b)
}

func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func problem(status int, code, ko, en string) *api.Problem {
	return &api.Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: ko, DetailEn: en}
}

func (s *server) problemOf(err error, route string) *api.Problem {
	var p *api.Problem
	if errors.As(err, &p) {
		return p
	}
	var refused *booking.Error
	if errors.As(err, &refused) {
		switch refused.Kind {
		case booking.NoSuchBooking:
			return problem(http.StatusNotFound, string(refused.Kind), "그런 예약이 없습니다.", "There is no such booking.")
		case booking.BadRequest:
			return problem(http.StatusBadRequest, string(refused.Kind), "요청을 확인해 주세요: "+refused.Field, "Check the request: "+err.Error())
		}
	}
	if errors.Is(err, access.ErrBroken) {
		return problem(http.StatusConflict, "log_broken", "접속기록이 처음과 다릅니다: "+err.Error(), err.Error())
	}
	s.Log.Error("an operator's command failed", zap.String("route", route), zap.Error(err))
	return problem(http.StatusServiceUnavailable, "not_done", "처리하지 못했습니다. 예약 서버의 기록을 확인해 주세요: "+err.Error(), "Not done: "+err.Error())
}

func (s *server) refuse(w http.ResponseWriter, p *api.Problem) {
	w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

const (
	maxBody       = 16 << 10 // bytes
	longestReason = 300      // characters
)

// read reads a command's body, which always has a reason.
func read(r *http.Request, v any) error {
	d := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return problem(http.StatusBadRequest, "bad_request", "본문의 JSON을 읽을 수 없습니다.", "The JSON body cannot be read: "+err.Error())
	}
	return nil
}

// because takes over the reason of a command.
func because(o *booking.Officer, reason string) error {
	reason = strings.Join(strings.Fields(reason), " ")
	if reason == "" || !utf8.ValidString(reason) || utf8.RuneCountInString(reason) > longestReason {
		return problem(http.StatusBadRequest, "no_reason", fmt.Sprintf("사유를 1~%d자로 적어 주세요. 접속기록에 남습니다.", longestReason),
			fmt.Sprintf("Give a reason of 1 to %d characters; it stands in the log of accesses.", longestReason))
	}
	o.Reason = reason
	return nil
}

func reply(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(w).Encode(v)
}

// lines begins an answer of JSON lines, each sent at once.
func lines(w http.ResponseWriter) func(any) error {
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	out, encoder := http.NewResponseController(w), json.NewEncoder(w)
	return func(v any) error {
		return errors.Join(able(out.SetWriteDeadline(time.Now().Add(writeWithin))), encoder.Encode(v), able(out.Flush()))
	}
}

// writeWithin is for how long who asked may leave a part of an answer unread.
const writeWithin = 30 * time.Second

// able forgives a writer what it cannot: one without deadlines has none, one that does not flush sends it all at the end.
func able(err error) error {
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}
