// Package subject turns a registration number into the pseudonym under which Daemun knows a person.
//
// A resident or foreigner registration number is personal data that the law protects, so a Number shows only its
// masked form to everything that prints, logs or encodes, and the rest of the system works with the keyed ID.
package subject

import (
	"fmt"
	"io"
	"time"
)

const numberDigits = 13

// longestInput bounds what is looked at, in bytes: thirteen full-width digits with some spaces and dashes fit.
const longestInput = 128

// Number is a resident or foreigner registration number of valid structure. It is comparable.
// The zero Number belongs to nobody.
type Number struct {
	digits [numberDigits]byte // ASCII
}

// ParseNumber reads the 13 digits of a registration number. Spaces, dashes and full-width forms, as phones and Korean
// keyboards write them, are tolerated. The structure is checked (century digit, a birth date that exists) but not the
// old check digit: numbers issued since October 2020 have none. A refusal is a *NumberError.
func ParseNumber(s string) (Number, error) {
	if len(s) > longestInput {
		return Number{}, refuse(NumberLength)
	}
	var n Number
	count := 0
	for _, r := range s {
		d, ok := digitOf(r)
		if !ok {
			if isSeparator(r) {
				continue
			}
			return Number{}, refuse(NumberDigits)
		}
		if count < numberDigits {
			n.digits[count] = d
		}
		count++
	}
	if count == 0 {
		return Number{}, refuse(NumberEmpty)
	}
	if count != numberDigits {
		return Number{}, refuse(NumberLength)
	}
	if err := n.check(); err != nil {
		return Number{}, err
	}
	return n, nil
}

func digitOf(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r), true
	case r >= '０' && r <= '９':
		return byte(r-'０') + '0', true
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

// check tells a date that exists in no century from one that only the century digit makes impossible, because the
// person has to look at another digit to mend it.
func (n Number) check() error {
	birth := n.Birth()
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
	two := func(i int) int { return int(n.digits[i]-'0')*10 + int(n.digits[i+1]-'0') }
	if n == (Number{}) {
		return Date{}
	}
	return Date{n.century() + two(0), time.Month(two(2)), two(4)}
}

func (n Number) century() int {
	switch n.digits[6] {
	case '1', '2', '5', '6':
		return 1900
	case '3', '4', '7', '8':
		return 2000
	}
	return 1800 // 9 and 0
}

// Foreigner reports whether it is a foreigner registration number.
func (n Number) Foreigner() bool { return n.digits[6] >= '5' && n.digits[6] <= '8' }

// Digits returns the 13 canonical digits. It exists for sealing a booking's number at rest and for writing synthetic
// people to a file; nothing that it returns may be logged, put into a URL or answered.
func (n Number) Digits() string {
	if n == (Number{}) {
		return ""
	}
	return string(n.digits[:])
}

// String is the masked form: birth date and century digit only, as in 670301-1******.
func (n Number) String() string {
	if n == (Number{}) {
		return "******-*******"
	}
	return string(n.digits[:6]) + "-" + string(n.digits[6:7]) + "******"
}

// GoString is the masked form too.
func (n Number) GoString() string { return n.String() }

// Format writes the masked form for every verb, so that no format string can show the number.
func (n Number) Format(f fmt.State, _ rune) { io.WriteString(f, n.String()) }

// MarshalText writes the masked form: a number that slips into a JSON answer or a log is harmless.
func (n Number) MarshalText() ([]byte, error) { return []byte(n.String()), nil }
