package subject

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"
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
		strings.Repeat("6", 200): NumberLength,
		"":                       NumberEmpty,
		" - ":                    NumberEmpty,
		"670301-123456":          NumberLength,
		"670301-12345678":        NumberLength,
		"670301-l234567":         NumberDigits,
		"671301-1234567":         NumberDate,
		"670230-1234567":         NumberDate,
		"000229-1234567":         NumberCentury, // 1900 was no leap year, 2000 was
	} {
		_, err := ParseNumber(in)
		var refused *NumberError
		if !errors.As(err, &refused) || refused.Kind != want {
			t.Errorf("ParseNumber(%q): %v, want kind %s", in, err, want)
		}
	}
}

func TestSubjectIsHMACSHA256(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits, _ := number(t)
		key := Key(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "key"))
		n, err := ParseNumber(digits)
		if err != nil {
			t.Fatal(err)
		}
		mac := hmac.New(sha256.New, key[:])
		mac.Write([]byte(digits))
		if got, want := key.Subject(n), ID(mac.Sum(nil)[:16]); got != want {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func number(t *rapid.T) (string, Date) {
	birth := Date{rapid.IntRange(1800, 2099).Draw(t, "year"), 1, 1}.AddDays(rapid.IntRange(0, 364).Draw(t, "day"))
	kind := rapid.SampledFrom(map[int][]int{18: {9, 0}, 19: {1, 2, 5, 6}, 20: {3, 4, 7, 8}}[birth.Year/100]).Draw(t, "kind")
	return fmt.Sprintf("%02d%02d%02d%d%06d", birth.Year%100, int(birth.Month), birth.Day, kind,
		rapid.IntRange(0, 999_999).Draw(t, "rest")), birth
}

func TestEveryNumberOfValidStructureIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits, birth := number(t)
		n, err := ParseNumber(digits)
		if err != nil {
			t.Fatalf("%s: %v", digits, err)
		}
		if n.Digits() != digits || n.Birth() != birth || n.IsZero() {
			t.Fatalf("%s came back as %s, born %v; want %v", digits, n.Digits(), n.Birth(), birth)
		}
		if got, want := n.Foreigner(), strings.ContainsRune("5678", rune(digits[6])); got != want {
			t.Fatalf("%s: foreigner %v", digits, got)
		}
	})
}

func TestNothingPrintsANumber(t *testing.T) {
	n, err := ParseNumber("6703011234567")
	if err != nil {
		t.Fatal(err)
	}
	// Package fmt asks no method of an unexported field.
	request := struct {
		Name string
		rrn  Number
	}{"김하나", n}
	asJSON, err := json.Marshal(map[string]any{"rrn": n, "list": []Number{n}})
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("joined", "rrn", n, "request", request)
	shown := []string{string(asJSON), log.String(), request.rrn.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%o", "%b", "%c", "%U", "%T", "%20s", "%e"} {
		shown = append(shown, fmt.Sprintf(verb, n), fmt.Sprintf(verb, &n), fmt.Sprintf(verb, request), fmt.Sprintf(verb, []Number{n}))
	}
	for _, s := range shown {
		for _, secret := range []string{"234567", "6703011234567", fmt.Sprintf("%x", 6703011234567), fmt.Sprintf("%x", "234567"), "50 51 52 53 54 55"} {
			if strings.Contains(s, secret) {
				t.Errorf("%q shows %q", s, secret)
			}
		}
	}
	if got := fmt.Sprint(n); got != "670301-1******" {
		t.Errorf("masked form %q", got)
	}
	if got := fmt.Sprint(Number{}, Number{}.Birth(), Number{}.Digits()); strings.ContainsAny(got, "123456789") {
		t.Errorf("the zero Number shows %q", got)
	}
}

func TestNothingPrintsAKey(t *testing.T) {
	key := Key{0: 0xab, 1: 0xcd}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		if got := fmt.Sprintf(verb, key); got != "subject.Key(hidden)" {
			t.Errorf("%s shows %q", verb, got)
		}
	}
}

func TestNumberErrorsSpeakBothLanguages(t *testing.T) {
	for kind, e := range numberErrors {
		if e.Kind != kind || e.Ko == "" || e.En == "" || !strings.Contains(e.Error(), e.En) {
			t.Errorf("%s: %+v", kind, e)
		}
	}
}

func FuzzParseNumber(f *testing.F) {
	for _, s := range []string{"670301-1234567", "６７０３０１－１２３４５６７", "000229-3000000", "990231-1234567", "", "-------------", "670301‐1234567\u200b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseNumber(s)
		if err != nil {
			var refused *NumberError
			if !errors.As(err, &refused) || !n.IsZero() {
				t.Fatalf("%q: %v, %v", s, n, err)
			}
			return
		}
		digits := n.Digits()
		again, err := ParseNumber(digits)
		if err != nil || again != n || len(digits) != numberDigits || !n.Birth().Valid() {
			t.Fatalf("%q gives %s, born %v; read again: %v, %v", s, digits, n.Birth(), again, err)
		}
	})
}

func BenchmarkParseNumberAndSubject(b *testing.B) {
	key := Key{1, 2, 3}
	b.ReportAllocs()
	for b.Loop() {
		n, err := ParseNumber("670301-1234567")
		if err != nil {
			b.Fatal(err)
		}
		key.Subject(n)
	}
}
