// Package subject turns a registration number into the pseudonym under which Daemun knows a person.
//
// A resident or foreigner registration number is personal data that the law protects, so a Number shows only its
// masked form to everything that prints, logs or encodes, and the rest of the system works with the keyed ID.
package subject

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

const numberDigits = 13

// longestInput bounds what is looked at, in bytes: thirteen full-width digits with some spaces and dashes fit.
const longestInput = 128

// Number is a resident or foreigner registration number of valid structure. It is comparable within the process.
// The zero Number belongs to nobody.
type Number struct {
	// The number as an integer under the veil. Package fmt prints unexported fields of other people's structs without
	// asking any method, and stack traces print arguments; both then show nothing of use outside this process.
	veiled uint64
}

// veil changes with each process. Its top bit keeps a veiled number from ever being the zero Number.
var veil = func() uint64 {
	var b [8]byte
	rand.Read(b[:])
	return binary.LittleEndian.Uint64(b[:]) | 1<<63
}()

// ParseNumber reads the 13 digits of a registration number. Spaces, dashes and full-width forms, as phones and Korean
// keyboards write them, are tolerated. The structure is checked (century digit, a birth date that exists) but not the
// old check digit: numbers issued since October 2020 have none. A refusal is a *NumberError.
func ParseNumber(s string) (Number, error) {
	if len(s) > longestInput {
		return Number{}, refuse(NumberLength)
	}
	var value uint64
	count := 0
	for _, r := range s {
		d, ok := digitOf(r)
		if !ok {
			if isSeparator(r) {
				continue
			}
			return Number{}, refuse(NumberDigits)
		}
		value = value*10 + d // may wrap for a number too long, which is refused below
		count++
	}
	if count == 0 {
		return Number{}, refuse(NumberEmpty)
	}
	if count != numberDigits {
		return Number{}, refuse(NumberLength)
	}
	n := Number{value ^ veil}
	if err := checkBirth(n.Birth()); err != nil {
		return Number{}, err
	}
	return n, nil
}

func digitOf(r rune) (uint64, bool) {
	switch {
	case r >= '0' && r <= '9':
		return uint64(r - '0'), true
	case r >= '０' && r <= '９':
		return uint64(r - '０'), true
	}
	return 0, false
}

func isSeparator(r rune) bool {
	switch r {
	case ' ', '\t', '\r', '\n', '\u00a0', '\u2009', '\u202f', '\u3000', // spaces
		'-', '\u2010', '\u2011', '\u2012', '\u2013', '\u2014', '\u2212', '\uff0d', // dashes
		'\ufeff', '\u200b', '\u200e', '\u200f': // invisible marks that copying leaves behind
		return true
	}
	return false
}

// checkBirth tells a date that exists in no century from one that only the century digit makes impossible, because the
// person has to look at another digit to mend it.
func checkBirth(birth Date) error {
	if birth.Valid() {
		return nil
	}
	for _, century := range []int{1800, 1900, 2000} {
		other := birth
		other.Year = century + birth.Year%100
		if other.Valid() {
			return refuse(NumberCentury)
		}
	}
	return refuse(NumberDate)
}

// Birth is the birth date that the number states. That it is not in the future is for the caller to check, who knows
// the time.
func (n Number) Birth() Date {
	if n.IsZero() {
		return Date{}
	}
	v := n.veiled ^ veil
	year, month, day := v/1e11, v/1e9%100, v/1e7%100
	return Date{n.century() + int(year), time.Month(month), int(day)}
}

func (n Number) century() int {
	switch n.kind() {
	case 1, 2, 5, 6:
		return 1900
	case 3, 4, 7, 8:
		return 2000
	}
	return 1800 // 9 and 0
}

// kind is the seventh digit, which names the century, the sex and whether it is a foreigner's number.
func (n Number) kind() uint64 { return (n.veiled ^ veil) / 1e6 % 10 }

// IsZero reports whether n is the zero Number.
func (n Number) IsZero() bool { return n == Number{} }

// Foreigner reports whether it is a foreigner registration number.
func (n Number) Foreigner() bool { return !n.IsZero() && n.kind() >= 5 && n.kind() <= 8 }

// Digits returns the 13 canonical digits. It exists for sealing a booking's number at rest and for writing synthetic
// people to a file; nothing that it returns may be logged, put into a URL or answered.
func (n Number) Digits() string {
	if n.IsZero() {
		return ""
	}
	d := n.digits()
	return string(d[:])
}

func (n Number) digits() (out [numberDigits]byte) {
	v := n.veiled ^ veil
	for i := numberDigits - 1; i >= 0; i-- {
		out[i] = byte('0' + v%10)
		v /= 10
	}
	return out
}

// String is the masked form: birth date and century digit only, as in 670301-1******.
func (n Number) String() string {
	if n.IsZero() {
		return "******-*******"
	}
	d := n.digits()
	return string(d[:6]) + "-" + string(d[6:7]) + "******"
}

// GoString is the masked form too.
func (n Number) GoString() string { return n.String() }

// Format writes the masked form for every verb, so that no format string can show the number.
func (n Number) Format(f fmt.State, _ rune) { io.WriteString(f, n.String()) }

// MarshalText writes the masked form: a number that slips into a JSON answer or a log is harmless.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.String()), nil }
