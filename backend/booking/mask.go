package booking

import "strings"

// What people are shown of names, phones and addresses, their own too: screens are looked at over shoulders and sent around
// as pictures. Registration numbers are shown nowhere. There is no other place that masks.

// MaskName keeps the first and, of three characters or more, the last one.
func MaskName(s string) string {
	r := []rune(s)
	for i := 1; i < len(r); i++ {
		if i < len(r)-1 || len(r) == 2 {
			r[i] = '*'
		}
	}
	return string(r)
}

// MaskPhone keeps the first three digits and the last four.
func MaskPhone(digits string) string {
	if len(digits) < 9 {
		return strings.Repeat("*", len(digits))
	}
	return digits[:3] + "-" + strings.Repeat("*", len(digits)-7) + "-" + digits[len(digits)-4:]
}

// MaskEmail keeps the first character and what follows the @.
func MaskEmail(s string) string {
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return strings.Repeat("*", len([]rune(s)))
	}
	return s[:1] + strings.Repeat("*", max(1, at-1)) + s[at:]
}
