package pages

import (
	"net/url"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPhone(t *testing.T) {
	for typed, want := range map[string]string{
		"01012345678": "010-1234-5678", "010-1234-5678": "010-1234-5678", "０１０ １２３４ ５６７８": "010-1234-5678",
		"+82 10-1234-5678": "010-1234-5678", "+82 (0)10 1234 5678": "010-1234-5678", "021234567": "02-123-4567",
		"0212345678": "02-1234-5678", "0311234567": "031-123-4567",
		"": "", "1234": "", "010-12": "", "abcdefghijk": "", "1012345678": "", strings.Repeat("0", 40): "",
	} {
		if got, ok := parsePhone(typed); got != want || ok != (want != "") {
			t.Errorf("%q: %q %v", typed, got, ok)
		}
	}
}

func TestNumberInOneBoxOrTwo(t *testing.T) {
	for _, boxes := range [][2]string{
		{nobodyFront, nobodyBack}, {nobodyFront + nobodyBack, ""}, {"", nobodyFront + "-" + nobodyBack},
		{" ６７０３０１ ", nobodyBack},
	} {
		got, problem := parseNumber(url.Values{"rrn1": {boxes[0]}, "rrn2": {boxes[1]}}, Korean)
		if got != nobodyFront+nobodyBack || problem != "" {
			t.Errorf("%q: %q", boxes, problem)
		}
	}
}

// FuzzForms feeds whole form bodies to every parser: what comes out is clean whatever went in, and nothing of a refused
// number comes back in a sentence.
func FuzzForms(f *testing.F) {
	f.Add(applyValues().Encode())
	f.Add(bookValues().Encode() + "&proxy=yes&proxy-name=%00&proxy-phone=%2B82&proxy-relation=%ff")
	f.Add("name=%E2%80%AE&phone=0&slot=..%2f&key=a%0d%0ab&day=2021-02-30")
	f.Fuzz(func(t *testing.T, body string) {
		form, _ := url.ParseQuery(body)
		for _, lang := range []string{Korean, English} {
			apply, book := parseApply(form, lang), parseBook(form, lang)
			if view, ok := checkApply(apply, lang); ok != (apply.Digits != "" && apply.Agreed) || ok == (len(view.Errors) > 0) {
				t.Fatalf("%+v of %+v", view, apply)
			}
			lookup, _ := parseLookup(form, lang)
			checkDigits(t, apply.Digits)
			checkDigits(t, book.Digits)
			checkDigits(t, lookup.RRN)
			if (apply.Digits == "") == (apply.NumberError == "") {
				t.Fatalf("neither or both: %+v", apply)
			}
			for _, line := range []string{book.Name, book.Phone, book.ProxyName, book.ProxyPhone, book.ProxyRelation, lookup.Name, lookup.No} {
				checkLine(t, line)
			}
			for _, part := range []string{book.Slot, book.Clinic, book.Day, book.Key} {
				if part != url.PathEscape(part) || strings.ContainsAny(part, "./\r\n") {
					t.Fatalf("%q gets into an address", part)
				}
			}
			if len(book.Errors) == 0 && (book.Name == "" || book.Digits == "" || book.request(Korean).Proxy == nil == book.Proxy) {
				t.Fatalf("accepted %+v", book)
			}
		}
	})
}

func checkDigits(t *testing.T, digits string) {
	if digits != "" && len(digits) != 13 {
		t.Fatalf("%d digits", len(digits))
	}
}

func checkLine(t *testing.T, s string) {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxName || strings.TrimSpace(s) != s {
		t.Fatalf("%q is not a clean line", s)
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			t.Fatalf("%q holds %U", s, r)
		}
	}
}
