package booking

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/mail"
	"strings"

	"github.com/daemun/daemun/backend/subject"
)

// Address is what a message needs to know about its person.
type Address struct {
	Name  string `json:"name"`
	Phone string `json:"phone"` // digits
	Email string `json:"email,omitempty"`
	Code  string `json:"code,omitempty"` // of a message that offers something: what takes it
}

// SealAddress encrypts an address for a person's messages.
func SealAddress(s Sealer, a Address, who subject.ID) []byte {
	return s.Seal(mustJSON(a), addressPlace(who))
}

// OpenAddress decrypts what a message has of its person.
func OpenAddress(s Sealer, m *Message) (Address, error) {
	var a Address
	plain, err := s.Open(m.Sealed, addressPlace(m.Subject))
	if err == nil {
		err = json.Unmarshal(plain, &a)
	}
	if err != nil {
		return Address{}, fmt.Errorf("booking: address of message %s: %w", m.ID(), err)
	}
	return a, nil
}

func addressPlace(who subject.ID) []byte {
	return hex.AppendEncode([]byte("daemun message "), who[:])
}

// recipient is whom to tell about a person's booking: by text message, and by e-mail where an address was given.
func (s *Service) recipient(p *Personal, who subject.ID) Recipient {
	r := Recipient{Lang: p.Lang, Channels: []Channel{ByText}}
	if r.Lang == "" {
		r.Lang = Korean
	}
	if p.Email != "" {
		r.Channels = Channels
	}
	r.Sealed = SealAddress(s.sealer, Address{Name: p.Name, Phone: p.Phone, Email: p.Email}, who)
	return r
}

const longestEmail = 254 // bytes, RFC 5321

// cleanEmail reads an e-mail address as people type it; empty is none.
func cleanEmail(field, s string) (string, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return "", nil
	}
	if len(s) > longestEmail {
		return "", badField(field, "longer than %d bytes", longestEmail)
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return "", badField(field, "holds a character that no address of ours may have")
		}
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" || !strings.Contains(s[strings.LastIndexByte(s, '@'):], ".") {
		return "", badField(field, "not an e-mail address")
	}
	return s, nil
}

func cleanLang(field, s string) (string, error) {
	switch s {
	case "", Korean, English:
		return s, nil
	}
	return "", badField(field, "want ko or en")
}
