package identity

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/daemun/daemun/backend/subject"
)

// Signer makes and reads what travels through a provider: version (1 byte), begun at (Unix s, 8), random (16), commitment to
// what was typed (16), HMAC-SHA256 (32) over these and over provider, opening and subject, which do not travel: whoever
// brings a state back shows a pass, and it must be of the same person and opening. In base64url.
//
// Nonce and PKCE verifier are other HMACs over the same bytes, so they need not be kept either.
type Signer struct{ key []byte }

// NewSigner returns a Signer with a secret key.
func NewSigner(key []byte) *Signer { return &Signer{key: key} }

const (
	stateVersion = 1
	bodyLen      = 1 + 8 + 16 + 16
	stateLen     = bodyLen + sha256.Size
)

var stateEncoding = base64.RawURLEncoding.Strict()

// Begin starts a check. A claim commits it to the birth date and the name typed, nil to nothing.
func (s *Signer) Begin(provider, opening string, who subject.ID, claim *Claim, now time.Time) Check {
	c := Check{Provider: provider, Opening: opening, Subject: who, StartedAt: now.UTC().Truncate(time.Second)}
	rand.Read(c.ID[:])
	if claim != nil {
		c.Typed = s.commit(c.ID, claim.Number.Birth(), claim.Name)
	}
	return c
}

// Attempt is what the provider is told of a check.
func (s *Signer) Attempt(c *Check) Attempt {
	body := c.body()
	sign := func(purpose string) []byte { return s.sum(purpose, c, body) }
	return Attempt{
		State:    stateEncoding.EncodeToString(append(body, sign("state")...)),
		Nonce:    stateEncoding.EncodeToString(sign("nonce")),
		Verifier: stateEncoding.EncodeToString(sign("verifier")), // 43 characters, the least that RFC 7636 takes
	}
}

// Read reads a state that came back to the holder of a pass. An error says that it is not one that we made for them at
// this provider.
func (s *Signer) Read(state, provider, opening string, who subject.ID) (Check, error) {
	if len(state) != stateEncoding.EncodedLen(stateLen) { // base64 passes over line breaks, and one state would have many texts
		return Check{}, refuse(Expired)
	}
	raw, err := stateEncoding.DecodeString(state)
	if err != nil || len(raw) != stateLen || raw[0] != stateVersion {
		return Check{}, refuse(Expired)
	}
	c := Check{Provider: provider, Opening: opening, Subject: who}
	if !hmac.Equal(raw[bodyLen:], s.sum("state", &c, raw[:bodyLen])) {
		return Check{}, refuse(Expired)
	}
	c.StartedAt = time.Unix(int64(binary.BigEndian.Uint64(raw[1:])), 0).UTC()
	copy(c.ID[:], raw[9:])
	copy(c.Typed[:], raw[25:])
	return c, nil
}

// Same tells whether a provider vouched for the person of a check.
func (s *Signer) Same(c *Check, p Person) bool {
	if p.Subject != (subject.ID{}) {
		return subtle.ConstantTimeCompare(p.Subject[:], c.Subject[:]) == 1
	}
	if c.Typed == (Typed{}) || p.Birth.IsZero() || p.Name == "" {
		return false
	}
	told := s.commit(c.ID, p.Birth, p.Name)
	return subtle.ConstantTimeCompare(told[:], c.Typed[:]) == 1
}

func (c *Check) body() []byte {
	b := make([]byte, 0, stateLen)
	b = append(b, stateVersion)
	b = binary.BigEndian.AppendUint64(b, uint64(c.StartedAt.Unix()))
	b = append(b, c.ID[:]...)
	return append(b, c.Typed[:]...)
}

func (s *Signer) sum(purpose string, c *Check, body []byte) []byte {
	mac := hmac.New(sha256.New, s.key)
	for _, part := range [...][]byte{[]byte("daemun identity v1 " + purpose), body, []byte(c.Provider), []byte(c.Opening), c.Subject[:]} {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		mac.Write(part)
	}
	return mac.Sum(nil)
}

// commit is keyed and salted by the check: equal people cannot be told by equal states.
func (s *Signer) commit(id [16]byte, birth subject.Date, name string) Typed {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte("daemun identity v1 typed\x00"))
	mac.Write(id[:])
	mac.Write([]byte(birth.String() + "\x00" + fold(name)))
	return Typed(mac.Sum(nil)[:len(Typed{})])
}

// fold brings a name into the form in which names are compared: composed, without spaces, in small letters.
func fold(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(norm.NFKC.String(name)), ""))
}
