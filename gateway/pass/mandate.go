package pass

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// MandateLife is how long a mandate is good: one request's way to the backend.
const MandateLife = 30 * time.Second

const mandateLabel = "daemun mandate v1\x00"

// longestMandate bounds a mandate as text, in bytes.
const longestMandate = 2048

// ErrMandate is the answer to every mandate that does not fit its request.
var ErrMandate = errors.New("pass: not a mandate for this request")

// Mandate says on whose behalf a gateway asks the backend: somebody of a reserved lane, whose certificate the gateway has
// verified. It is signed with the key of the passes and good for one request, so that the gateway's token alone, or a
// mandate that somebody overheard, opens nothing else.
//
// As text it is key id and JSON in base64url, a dot, and the Ed25519 signature over the label and what stands before the
// dot.
type Mandate struct {
	KeyID  byte      `json:"k"`
	Lane   string    `json:"lane"`             // the role in the certificate
	Name   string    `json:"name"`             // of the certificate
	Clinic string    `json:"clinic,omitempty"` // of a clinic's certificate
	From   string    `json:"from"`             // address that the request came from
	Method string    `json:"method"`
	Target string    `json:"target"` // path and query
	Body   [32]byte  `json:"body"`   // SHA-256
	Until  time.Time `json:"until"`
}

// SignMandate writes m as text, signed with key, which must be the one that m.KeyID names.
func SignMandate(m Mandate, key ed25519.PrivateKey) (string, error) {
	said, err := json.Marshal(m)
	if err != nil {
		return "", fmt.Errorf("write a mandate: %w", err)
	}
	text := encoding.EncodeToString(said)
	return text + "." + encoding.EncodeToString(ed25519.Sign(key, []byte(mandateLabel+text))), nil
}

// Mandate reads a mandate and checks it against the request that it came with, but for the body: see Covers.
func (v *Verifier) Mandate(text, method, target string, now time.Time) (Mandate, error) {
	var m Mandate
	said, signature, ok := strings.Cut(text, ".")
	if !ok || len(text) > longestMandate {
		return m, ErrMandate
	}
	decoded, err := encoding.DecodeString(said)
	if err != nil || json.Unmarshal(decoded, &m) != nil {
		return Mandate{}, ErrMandate
	}
	key, known := v.keys[m.KeyID]
	signed, err := encoding.DecodeString(signature)
	switch {
	case !known, err != nil, !ed25519.Verify(key, []byte(mandateLabel+said), signed):
		return Mandate{}, ErrMandate
	case m.Method != method, m.Target != target, !now.Before(m.Until), m.Until.Sub(now) > MandateLife+time.Second:
		return Mandate{}, ErrMandate
	}
	return m, nil
}

// Covers tells whether the mandate was given for a request with this body.
func (m *Mandate) Covers(body []byte) bool { return m.Body == sha256.Sum256(body) }
