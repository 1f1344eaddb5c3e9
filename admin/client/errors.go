package client

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// Kind says what stands between the console and the server; each has its own sentence and its own mend.
type Kind string

// Kinds of failure. The words for each stand under "link.<kind>".
const (
	Refused    Kind = "refused"    // nothing listens
	Unreached  Kind = "unreached"  // no way there
	Slow       Kind = "slow"       // no answer in time
	Untrusted  Kind = "untrusted"  // the server's certificate is not signed by our CA, or names another host
	Unwelcome  Kind = "unwelcome"  // the server does not take our certificate
	Silent     Kind = "silent"     // the stream is open and says nothing
	BrokenOff  Kind = "broken_off" // the stream ended
	Garbled    Kind = "garbled"    // an answer that is none
	NotControl Kind = "not_control"
)

// Error is a failure below the API.
type Error struct {
	Kind Kind
	Err  error
}

func (e *Error) Error() string { return string(e.Kind) + ": " + e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Describe is what to tell an operator about a failed call.
func Describe(err error) words.Message {
	var problem *api.Problem
	if errors.As(err, &problem) {
		return words.M("problem", words.Name{Ko: problem.Detail, En: problem.DetailEn}, problem.Code)
	}
	var e *Error
	if errors.As(err, &e) {
		return words.M("link." + string(e.Kind))
	}
	return words.M("link.garbled")
}

func classify(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	return &Error{Kind: kindOf(err), Err: err}
}

func kindOf(err error) Kind {
	var alert tls.AlertError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var netError net.Error
	switch {
	case errors.As(err, &authority), errors.As(err, &host), errors.As(err, &verification):
		return Untrusted
	case errors.As(err, &alert), strings.Contains(err.Error(), "remote error: tls"):
		return Unwelcome
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return NotControl
	case errors.Is(err, errLongEvent), errors.Is(err, bufio.ErrTooLong):
		return Garbled
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netError) && netError.Timeout():
		return Slow
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET):
		return BrokenOff
	}
	return Unreached
}
