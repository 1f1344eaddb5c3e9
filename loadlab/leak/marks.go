package leak

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/encoding/korean"
)

// What a marker is.
const (
	Number = "number" // a registration number
	Phone  = "phone"
	Name   = "name"
)

// Markers are the people to look for. They are safe for use by many goroutines.
type Markers struct {
	numbers, phones, names *set

	People int
	// Unmarked counts people whose names could stand anywhere by chance: they are not searched.
	Unmarked int
}

// columns of a file of people that are read; others may stand between them.
var columns = []string{"rrn", "name", "phone"}

// ReadMarkers reads a file of people with a header of at least rrn, name and phone. An error names a line and never what
// stands in it.
func ReadMarkers(r io.Reader) (*Markers, error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("people to look for: header: %w", err)
	}
	head[0] = strings.TrimPrefix(head[0], "\ufeff")
	var at [3]int
	for i, name := range columns {
		if at[i] = slices.Index(head, name); at[i] < 0 {
			return nil, fmt.Errorf("people to look for: the first line has no column %s", name)
		}
	}
	m := &Markers{numbers: newSet(1 << 17), phones: newSet(1 << 17), names: newSet(1 << 17)}
	for {
		row, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("people to look for: %w", err)
		}
		line, _ := in.FieldPos(0)
		if err := m.add(row[at[0]], row[at[1]], row[at[2]]); err != nil {
			return nil, fmt.Errorf("people to look for: line %d: %w", line, err)
		}
	}
	if m.People == 0 {
		return nil, errors.New("people to look for: the file names nobody")
	}
	return m, nil
}

func (m *Markers) add(number, name, phone string) error {
	n, ok := digits(number)
	if !ok || len(strings.ReplaceAll(number, "-", "")) != numberLen {
		return errors.New("rrn has not 13 digits")
	}
	p, ok := digits(phone)
	if !ok || p == 0 {
		return errors.New("phone has no digits")
	}
	m.numbers.add(n + 1)
	m.phones.add(p + 1)
	if key := nameKey(name); key != 0 {
		m.names.add(key)
	} else {
		m.Unmarked++
	}
	m.People++
	return nil
}

// digits is the value of the digits in s, hyphens left out.
func digits(s string) (v uint64, ok bool) {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '-':
		case c >= '0' && c <= '9' && v < 1e17:
			v = 10*v + uint64(c-'0')
		default:
			return 0, false
		}
	}
	return v, true
}

const (
	numberLen = 13
	markLen   = 4  // syllables that mark a name
	latinLen  = 10 // consonants that mark a Latin name

	firstSyllable, lastSyllable = 0xac00, 0xd7a3
)

// nameKey is the key of a name's mark, 0 for a name without one.
func nameKey(name string) uint64 {
	b := []byte(name)
	for i := range b {
		if key := hangulAt(b, i); key != 0 {
			return key
		}
		if key := latinAt(b, i); key != 0 {
			return key
		}
	}
	return 0
}

// rareFinals are the final consonants ㄳ, ㄽ, ㄾ and ㄿ: whole words of Korean have them, never two syllables in a row.
var rareFinals = [28]bool{3: true, 12: true, 13: true, 14: true}

// rare is the number of a rare syllable from 1 on, 0 for any other character.
func rare(r rune) uint64 {
	if r < firstSyllable || r > lastSyllable || !rareFinals[(r-firstSyllable)%28] {
		return 0
	}
	return uint64(r-firstSyllable) + 1
}

// hangulAt is the key of a mark that begins at b[i] in UTF-8, 0 where none does.
func hangulAt(b []byte, i int) (key uint64) {
	const length = 3 * markLen
	if i+length > len(b) {
		return 0
	}
	for k := i; k < i+length; k += 3 {
		if b[k]&0xf0 != 0xe0 || b[k+1]&0xc0 != 0x80 || b[k+2]&0xc0 != 0x80 {
			return 0
		}
		s := rare(rune(b[k]&0x0f)<<12 | rune(b[k+1]&0x3f)<<6 | rune(b[k+2]&0x3f))
		if s == 0 {
			return 0
		}
		key = key<<syllableBits | s
	}
	return key
}

const syllableBits = 14

// oldKorean is the number of the rare syllable that two bytes are in EUC-KR with its extensions, 0 for anything else.
var oldKorean = func() (table [1 << 16]uint16) {
	encode := korean.EUCKR.NewEncoder()
	for r := rune(firstSyllable); r <= lastSyllable; r++ {
		if s := rare(r); s != 0 {
			if b, err := encode.Bytes([]byte(string(r))); err == nil && len(b) == 2 {
				table[int(b[0])<<8|int(b[1])] = uint16(s)
			}
		}
	}
	return table
}()

// oldKoreanAt is hangulAt for EUC-KR.
func oldKoreanAt(b []byte, i int) (key uint64) {
	const length = 2 * markLen
	if i+length > len(b) {
		return 0
	}
	for k := i; k < i+length; k += 2 {
		s := oldKorean[int(b[k])<<8|int(b[k+1])]
		if s == 0 {
			return 0
		}
		key = key<<syllableBits | uint64(s)
	}
	return key
}

// latinKey keeps keys of Latin marks apart from others.
const latinKey = 1 << 62

// latinAt is the key of ten consonants from b[i] on, in upper or lower case.
func latinAt(b []byte, i int) uint64 {
	if i+latinLen > len(b) {
		return 0
	}
	key := uint64(0)
	for _, c := range b[i : i+latinLen] {
		if kinds[c]&consonant == 0 {
			return 0
		}
		key = key<<5 | uint64(c&0x1f)
	}
	return latinKey | key
}
