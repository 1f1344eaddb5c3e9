package booking

import (
	"crypto/rand"
	"strings"
)

// Booking numbers have ten characters of Crockford's base 32, 50 bits at random, written ABCDE-23456: no letter that
// sounds or looks like a digit, so that they survive being read out on the phone.
const (
	alphabet   = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	numberLen  = 10
	numberHalf = numberLen / 2
)

// NewNumber makes a booking number that nobody can guess.
func NewNumber() string {
	var b [numberLen]byte
	rand.Read(b[:]) // never fails: crypto/rand ends the process instead
	for i := range b {
		b[i] = alphabet[b[i]&31]
	}
	return group(b)
}

// ParseNumber reads a booking number as a person types it: in any case, grouped or not, with O for 0 and I or L for 1.
func ParseNumber(s string) (string, bool) {
	if len(s) > 4*numberLen {
		return "", false
	}
	var b [numberLen]byte
	n := 0
	for _, r := range strings.ToUpper(s) {
		switch r {
		case '-', ' ':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		if n == numberLen || !strings.ContainsRune(alphabet, r) {
			return "", false
		}
		b[n] = byte(r)
		n++
	}
	return group(b), n == numberLen
}

func group(b [numberLen]byte) string {
	var out [numberLen + 1]byte
	copy(out[:], b[:numberHalf])
	out[numberHalf] = '-'
	copy(out[numberHalf+1:], b[numberHalf:])
	return string(out[:])
}
