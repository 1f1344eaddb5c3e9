package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/route"
)

// credential splits the Authorization header into its scheme and what follows.
func credential(r *http.Request) (scheme, text string) {
	scheme, text, _ = strings.Cut(r.Header.Get("Authorization"), " ")
	return scheme, text
}

// holder verifies the pass of a request; one of a rehearsal is none.
func (s *server) holder(r *http.Request) (pass.Pass, string, error) {
	p, text, err := s.shown(r)
	if err == nil && p.Rehearsal {
		err = &booking.Error{Kind: booking.BadPass, Err: errRehearsal}
	}
	return p, text, err
}

var errRehearsal = errors.New("the pass of a rehearsal opens nothing here")

// shown verifies the pass of a request, be it of a rehearsal.
func (s *server) shown(r *http.Request) (pass.Pass, string, error) {
	scheme, text := credential(r)
	if scheme != "Pass" {
		return pass.Pass{}, "", booking.Refuse(booking.BadPass)
	}
	p, err := s.verify(text)
	return p, text, err
}

func (s *server) verify(text string) (pass.Pass, error) {
	p, err := s.verifier.Verify(text, s.clock())
	switch {
	case errors.Is(err, pass.ErrExpired):
		return p, problemPassExpired
	case err != nil:
		return p, &booking.Error{Kind: booking.BadPass, Err: err}
	}
	return p, nil
}

// from is the address that a gateway says somebody comes from. Its token was asked for before.
func from(r *http.Request) string {
	address, err := netip.ParseAddr(r.Header.Get(route.ForHeader))
	if err != nil {
		return "unknown"
	}
	return address.Unmap().String()
}

// owner finds out who asks about a booking: by proof for this very booking, or by pass.
func (s *server) owner(r *http.Request, no string) (booking.Caller, error) {
	scheme, text := credential(r)
	if scheme == "Proof" {
		if !s.proofs.valid(text, no, s.clock()) {
			return booking.Caller{}, problemBadProof
		}
		return booking.Caller{Proven: true, Shown: booking.ShownProof, From: from(r)}, nil
	}
	p, _, err := s.holder(r)
	return booking.Caller{Subject: p.Subject, Shown: booking.ShownPass, From: from(r)}, err
}

// proofs are made for people who showed that a booking is theirs: expiry (Unix s, 8 bytes) and HMAC-SHA256 over it and
// the booking's number, in base64url.
type proofs struct{ key []byte }

// proofLasts is for how long a proof opens its booking.
const proofLasts = 15 * time.Minute

const proofLen = 8 + sha256.Size

var proofEncoding = base64.RawURLEncoding.Strict()

func (p proofs) make(no string, from time.Time) string {
	b := binary.BigEndian.AppendUint64(make([]byte, 0, proofLen), uint64(from.Add(proofLasts).Unix()))
	return proofEncoding.EncodeToString(p.sum(b, no))
}

// sum appends the MAC to the expiry.
func (p proofs) sum(expiry []byte, no string) []byte {
	mac := hmac.New(sha256.New, p.key)
	mac.Write([]byte("daemun proof v1\x00"))
	mac.Write(expiry)
	mac.Write([]byte(no))
	return mac.Sum(expiry)
}

func (p proofs) valid(text, no string, now time.Time) bool {
	got, err := proofEncoding.DecodeString(text)
	if err != nil || len(got) != proofLen || len(text) != proofEncoding.EncodedLen(proofLen) { // base64 passes over line breaks
		return false
	}
	want := p.sum(append(make([]byte, 0, proofLen), got[:8]...), no)
	return hmac.Equal(got, want) && now.Unix() < int64(binary.BigEndian.Uint64(got))
}
