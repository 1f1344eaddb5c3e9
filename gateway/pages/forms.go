package pages

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
)

// Lengths kept of what a person types, in characters.
const (
	maxName     = 40
	maxPhone    = 20
	maxRelation = 20
	maxNo       = 40
	maxKey      = 100
)

func formProblem(err error) *api.Problem {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &api.Problem{Status: http.StatusRequestEntityTooLarge, Code: "too_large"}
	}
	return &api.Problem{Status: http.StatusBadRequest, Code: "bad_request"}
}

// clean makes one line of what was typed: no control characters, single spaces, at most so many characters.
func clean(s string, most int) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if utf8.RuneCountInString(s) > most {
		s = strings.TrimSpace(string([]rune(s)[:most]))
	}
	return s
}

// token keeps a value that goes into an address or a header: letters, digits, "-" and "_" only, else nothing.
func token(s string, most int) string {
	if len(s) > most {
		return ""
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_') {
			return ""
		}
	}
	return s
}

// parseNumber reads the registration number from its two boxes; all 13 digits in the first will do. The error is a
// sentence in the given language.
func parseNumber(form url.Values, lang string) (digits, problem string) {
	n, err := subject.ParseNumber(form.Get("rrn1") + form.Get("rrn2"))
	if err == nil {
		return n.Digits(), ""
	}
	return "", numberSentence(err, lang)
}

func numberSentence(err error, lang string) string {
	var ne *subject.NumberError
	if errors.As(err, &ne) {
		return either(lang, ne.Ko, ne.En)
	}
	return text(lang, "problem.bad_request")
}

// parsePhone reads a Korean telephone number, "+82" and full-width digits included, and writes it with hyphens.
func parsePhone(s string) (string, bool) {
	digits := make([]byte, 0, maxPhone)
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits = append(digits, byte(r))
		case r >= '０' && r <= '９':
			digits = append(digits, byte(r-'０')+'0')
		case !strings.ContainsRune(" -–—.()+－＋\u00a0\u3000", r):
			return "", false
		}
		if len(digits) == cap(digits) {
			return "", false
		}
	}
	d := string(digits)
	if abroad, ok := strings.CutPrefix(d, "82"); ok {
		d = "0" + strings.TrimPrefix(abroad, "0")
	}
	if len(d) < 9 || len(d) > 11 || d[0] != '0' {
		return "", false
	}
	return hyphens(d), true
}

// hyphens writes 01012345678 as 010-1234-5678; Seoul's code has two digits, all others three.
func hyphens(d string) string {
	area := 3
	if strings.HasPrefix(d, "02") {
		area = 2
	}
	return d[:area] + "-" + d[area:len(d)-4] + "-" + d[len(d)-4:]
}

// applyInput is what the first form says.
type applyInput struct {
	Digits      string // 13 digits, or empty with NumberError
	NumberError string
	Agreed      bool
}

func parseApply(form url.Values, lang string) applyInput {
	in := applyInput{Agreed: form.Get("agree") == "yes"}
	in.Digits, in.NumberError = parseNumber(form, lang)
	return in
}

// bookInput is what the booking form says. Errors are sentences by the name of the field.
type bookInput struct {
	Slot, Clinic, Day, Key string
	Name, Phone, Digits    string
	Proxy                  bool
	ProxyName, ProxyPhone  string
	ProxyRelation          string
	Errors                 map[string]string
}

func parseBook(form url.Values, lang string) bookInput {
	in := bookInput{
		Slot: token(form.Get("slot"), maxKey), Clinic: token(form.Get("clinic"), maxKey),
		Day: token(form.Get("day"), len("2021-07-26")), Key: token(form.Get("key"), maxKey),
		Name: clean(form.Get("name"), maxName), Phone: clean(form.Get("phone"), maxPhone),
		Proxy: form.Get("proxy") == "yes", ProxyName: clean(form.Get("proxy-name"), maxName),
		ProxyPhone:    clean(form.Get("proxy-phone"), maxPhone),
		ProxyRelation: clean(form.Get("proxy-relation"), maxRelation), Errors: map[string]string{},
	}
	var numberError string
	in.Digits, numberError = parseNumber(form, lang)
	in.wrong("rrn1", numberError)
	in.require("name", in.Name, text(lang, "name.error"))
	in.Phone = in.phone("phone", in.Phone, lang)
	if in.Proxy {
		in.require("proxy-name", in.ProxyName, text(lang, "proxy.name.error"))
		in.ProxyPhone = in.phone("proxy-phone", in.ProxyPhone, lang)
		in.require("proxy-relation", in.ProxyRelation, text(lang, "proxy.relation.err"))
	}
	return in
}

// retyped asks for the registration number again, which a page that comes back cannot hold.
func (in bookInput) retyped(lang string) bookInput {
	if in.Errors["rrn1"] == "" {
		in.wrong("rrn1", text(lang, "rrn.again"))
	}
	return in
}

func (in *bookInput) wrong(field, sentence string) {
	if sentence != "" {
		in.Errors[field] = sentence
	}
}

func (in *bookInput) require(field, value, sentence string) {
	if value == "" {
		in.wrong(field, sentence)
	}
}

// phone returns the number in its usual form, or as it was typed when it cannot be one.
func (in *bookInput) phone(field, typed, lang string) string {
	number, ok := parsePhone(typed)
	if !ok {
		in.wrong(field, text(lang, "phone.error"))
		return typed
	}
	return number
}

func (in *bookInput) request(lang string) api.BookingRequest {
	req := api.BookingRequest{Slot: in.Slot, Name: in.Name, RRN: in.Digits, Phone: in.Phone, Lang: lang}
	if in.Proxy {
		req.Proxy = &api.Proxy{Name: in.ProxyName, Phone: in.ProxyPhone, Relation: in.ProxyRelation}
	}
	return req
}
