package subject

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"testing"
)

func TestParseNumberToleratesHowPeopleWriteIt(t *testing.T) {
	want, err := ParseNumber("6703011234567")
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{"670301-1234567", " 670301 - 1234567 ", "６７０３０１－１２３４５６７", "670301\u20131234567", "67 03 01 1 23 45 67\n"} {
		if got, err := ParseNumber(in); err != nil || got != want {
			t.Errorf("ParseNumber(%q) = %v, %v", in, got, err)
		}
	}
	if got := want.Birth().String(); got != "1967-03-01" {
		t.Errorf("birth %s", got)
	}
}

func TestParseNumberSaysWhatIsWrong(t *testing.T) {
	for in, want := range map[string]NumberErrorKind{
		"":                NumberEmpty,
		" - ":             NumberEmpty,
		"670301-123456":   NumberLength,
		"670301-12345678": NumberLength,
		"670301-l234567":  NumberDigits,
		"671301-1234567":  NumberDate,
		"670230-1234567":  NumberDate,
		"000229-1234567":  NumberCentury, // 1900 was no leap year, 2000 was
	} {
		_, err := ParseNumber(in)
		var refused *NumberError
		if !errors.As(err, &refused) || refused.Kind != want {
			t.Errorf("ParseNumber(%q): %v, want kind %s", in, err, want)
		}
	}
}

func TestSubjectIsHMACSHA256(t *testing.T) {
	key := Key{1, 2, 3, 31: 9}
	n, err := ParseNumber("670301-1234567")
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key[:])
	mac.Write([]byte("6703011234567"))
	if got, want := key.Subject(n), ID(mac.Sum(nil)[:16]); got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}
