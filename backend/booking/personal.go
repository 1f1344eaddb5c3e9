package booking

import (
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Sealer encrypts personal data for the disk; aad names the place that a value belongs to. Keys have numbers, and what was
// sealed tells its own: another cipher, or one in a device, is another Sealer.
type Sealer interface {
	Seal(plain, aad []byte) []byte
	Open(sealed, aad []byte) ([]byte, error)
	Key(sealed []byte) byte // that it was sealed with
	Current() byte          // that Seal uses
}

// Personal is what a booking holds about people. It exists in memory only while a request is answered.
type Personal struct {
	RRN   string `json:"rrn"` // 13 digits
	Name  string `json:"name"`
	Phone string `json:"phone"` // digits
	Email string `json:"email,omitempty"`
	Lang  string `json:"lang,omitempty"` // of messages: ko or en; empty is ko
	Proxy *Proxy `json:"proxy,omitempty"`
}

// Proxy is who books for somebody else.
type Proxy struct {
	Name     string `json:"name"`
	Phone    string `json:"phone"`
	Relation string `json:"relation"`
}

func (p *Personal) seal(s Sealer, no string) []byte {
	return s.Seal(mustJSON(p), personalPlace(no))
}

func openPersonal(s Sealer, b *Booking) (Personal, error) {
	var p Personal
	if b.Erased() {
		return p, nil
	}
	plain, err := s.Open(b.Sealed, personalPlace(b.No))
	if err == nil {
		err = json.Unmarshal(plain, &p)
	}
	if err != nil {
		return Personal{}, fmt.Errorf("booking: personal data of %s: %w", b.No, err)
	}
	return p, nil
}

func personalPlace(no string) []byte { return []byte("daemun booking " + no) }

const (
	longestName     = 60 // characters
	longestRelation = 30
)

// cleanText brings text that a person typed into one form: composed Hangul (some phones send its parts), single spaces.
func cleanText(field, s string, longest int) (string, error) {
	if !utf8.ValidString(s) {
		return "", badField(field, "not UTF-8")
	}
	s = strings.Join(strings.Fields(norm.NFC.String(s)), " ")
	switch {
	case s == "":
		return "", badField(field, "empty")
	case utf8.RuneCountInString(s) > longest:
		return "", badField(field, "longer than %d characters", longest)
	case strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }):
		return "", badField(field, "holds a character that cannot be printed")
	}
	return s, nil
}

// CleanName brings a name that a person typed into one form; a refusal names the field.
func CleanName(s string) (string, error) { return cleanText("name", s, longestName) }

// cleanPhone reads a Korean phone number with or without +82, hyphens and spaces, and returns its digits.
func cleanPhone(field, s string) (string, error) {
	var b strings.Builder
	rest, abroad := strings.CutPrefix(strings.TrimSpace(s), "+82")
	for _, r := range rest {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '０' && r <= '９':
			b.WriteRune(r - '０' + '0')
		case r == '-' || r == ' ' || r == '.' || r == '(' || r == ')':
		default:
			return "", badField(field, "not a phone number")
		}
	}
	digits := b.String()
	if abroad && !strings.HasPrefix(digits, "0") {
		digits = "0" + digits
	}
	if len(digits) < 9 || len(digits) > 12 || digits[0] != '0' {
		return "", badField(field, "not a phone number")
	}
	return digits, nil
}

// sameName compares names as people do: case and spaces aside.
func sameName(a, b string) bool {
	fold := func(s string) []byte { return []byte(strings.ToLower(strings.ReplaceAll(s, " ", ""))) }
	return subtle.ConstantTimeCompare(fold(a), fold(b)) == 1
}
