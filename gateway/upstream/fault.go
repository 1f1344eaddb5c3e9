package upstream

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/valyala/fasthttp"
)

// words say the same thing twice, Korean first.
type words struct{ ko, en string }

// fault is a failure of an instance, in words for people; the error behind it may be nil.
type fault struct {
	words
	err error
}

func (f *fault) Error() string {
	if f.err == nil {
		return f.en
	}
	return f.en + ": " + f.err.Error()
}

func (f *fault) Unwrap() error { return f.err }

// unsent marks an error from before anything was sent.
type unsent struct{ error }

func (u unsent) Unwrap() error { return u.error }

var (
	saidExpired   = words{"인증서의 유효기간이 지났습니다", "its certificate has expired"}
	saidUntrusted = words{"인증서를 믿을 수 없습니다", "its certificate is not to be trusted"}
	saidRefused   = words{"연결을 거부합니다", "it refuses connections"}
	saidGone      = words{"연결할 수 없습니다", "it cannot be reached"}
	saidLate      = words{"제때 답하지 않습니다", "it does not answer in time"}
	saidCut       = words{"답을 마치기 전에 연결을 끊습니다", "it closes the connection before its answer is whole"}
	saidNoAnswer  = words{"알아볼 수 없는 답을 보냅니다", "what it sends is no answer"}
	saidSlow      = words{"답이 너무 느립니다", "its answers take too long"}
	saidFull      = words{"연결이 모두 쓰이고 있습니다", "all connections to it are in use"}
	saidPanic     = words{"요청을 보내다가 오류가 났습니다", "sending the request ended in a panic"}
)

// lost says what a failed call means (nothing was sent, or nobody knows) and what it shows of the instance.
func lost(err error) (f *fault, outcome error) {
	f = &fault{explain(err), err}
	if sent(err) {
		return f, fmt.Errorf("%w: %w", ErrUnknown, f)
	}
	return f, fmt.Errorf("%w: %w", ErrResting, f)
}

func sent(err error) bool {
	var u unsent
	return !errors.As(err, &u) && !errors.Is(err, fasthttp.ErrNoFreeConns)
}

func explain(err error) words {
	var invalid x509.CertificateInvalidError
	var unverified *tls.CertificateVerificationError
	var late net.Error
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return saidExpired
	case errors.As(err, &unverified):
		return saidUntrusted
	case errors.Is(err, syscall.ECONNREFUSED):
		return saidRefused
	case errors.Is(err, fasthttp.ErrTimeout), errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &late) && late.Timeout():
		return saidLate
	case errors.Is(err, fasthttp.ErrNoFreeConns):
		return saidFull
	case cutOff(err), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return saidCut
	case !sent(err):
		return saidGone
	}
	return saidNoAnswer
}

// cutOff tells whether the other side closed a connection on which a request was to go or had just gone: as one that was
// kept from an earlier life of the instance does.
func cutOff(err error) bool {
	return errors.Is(err, fasthttp.ErrConnectionClosed) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// away tells whether a failure shows by itself that nobody is there to take requests.
func away(f *fault) bool {
	switch f.words {
	case saidRefused, saidExpired, saidUntrusted:
		return true
	case saidGone:
		return errors.Is(f.err, syscall.EHOSTUNREACH) || errors.Is(f.err, syscall.ENETUNREACH)
	}
	return false
}
