package leak

import (
	"bytes"
	"unicode/utf8"
)

// views looks for markers that stand in b in some encoding. scratch is room to decode into, given back for the next time.
func (m *Markers) views(b, scratch []byte, tell found) []byte {
	scratch = m.hexadecimal(b, scratch, tell)
	scratch = m.base64(b, scratch, tell)
	scratch = m.percent(b, scratch, tell)
	return m.escaped(b, scratch, tell)
}

// Shortest runs that can hold a marker: a name of eight bytes in EUC-KR.
const (
	shortestHex    = 16
	shortestBase64 = 11
)

func (m *Markers) hexadecimal(b, scratch []byte, tell found) []byte {
	runs(b, hexDigit, shortestHex, func(from, to int) {
		for shift := range 2 {
			scratch = scratch[:0]
			for i := from + shift; i+1 < to; i += 2 {
				scratch = append(scratch, nibble[b[i]]<<4|nibble[b[i+1]])
			}
			m.plain(scratch, func(at int, what, _ string) { tell(from+shift+2*at, what, hexForm) })
		}
	})
	return scratch
}

var nibble = func() (out [256]byte) {
	for i, c := range "0123456789abcdef" {
		out[c] = byte(i)
	}
	for i, c := range "ABCDEF" {
		out[c] = byte(10 + i)
	}
	return out
}()

var sextet = func() (out [256]byte) {
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		out[c] = byte(i)
	}
	out['-'], out['_'] = 62, 63
	return out
}()

// base64 decodes runs from each of the four places where a group of characters may begin. Hashes in hexadecimal are no
// base64.
func (m *Markers) base64(b, scratch []byte, tell found) []byte {
	runs(b, base64Char, shortestBase64, func(from, to int) {
		if isHex(b[from:to]) {
			return
		}
		for shift := range 4 {
			scratch = scratch[:0]
			i := from + shift
			for ; i+4 <= to; i += 4 {
				v := uint32(sextet[b[i]])<<18 | uint32(sextet[b[i+1]])<<12 | uint32(sextet[b[i+2]])<<6 | uint32(sextet[b[i+3]])
				scratch = append(scratch, byte(v>>16), byte(v>>8), byte(v))
			}
			switch to - i { // the end of a text whose length is no multiple of three
			case 2:
				scratch = append(scratch, sextet[b[i]]<<2|sextet[b[i+1]]>>4)
			case 3:
				scratch = append(scratch, sextet[b[i]]<<2|sextet[b[i+1]]>>4, sextet[b[i+1]]<<4|sextet[b[i+2]]>>2)
			}
			m.plain(scratch, func(at int, what, _ string) { tell(from+shift+at/3*4, what, base64Form) })
		}
	})
	return scratch
}

func isHex(b []byte) bool {
	if len(b) < hashLen {
		return false
	}
	for _, c := range b {
		if kinds[c]&hexDigit == 0 {
			return false
		}
	}
	return true
}

// percent decodes what follows a % or, as in mails, a =. EUC-KR mixes encoded bytes with letters, so letters go along.
func (m *Markers) percent(b, scratch []byte, tell found) []byte {
	for _, sign := range []byte("%=") {
		for i := 0; i < len(b); {
			next := bytes.IndexByte(b[i:], sign)
			if next < 0 {
				break
			}
			from := i + next
			scratch, i = unpercent(scratch[:0], b, from, sign)
			if len(scratch) >= 2*markLen {
				m.plain(scratch, func(_ int, what, _ string) { tell(from, what, percentForm) })
			}
		}
	}
	return scratch
}

// unpercent appends what stands percent-encoded from b[from] on, and returns where it ends: behind from in any case.
func unpercent(out, b []byte, from int, sign byte) ([]byte, int) {
	i := from
	for i < len(b) {
		switch {
		case b[i] == sign && i+2 < len(b) && kinds[b[i+1]]&kinds[b[i+2]]&hexDigit != 0:
			out = append(out, nibble[b[i+1]]<<4|nibble[b[i+2]])
			i += 3
		case kinds[b[i]]&(word|hyphen) != 0:
			out = append(out, b[i])
			i++
		default:
			return out, max(i, from+1)
		}
	}
	return out, max(i, from+1)
}

// escaped decodes text of \uXXXX.
func (m *Markers) escaped(b, scratch []byte, tell found) []byte {
	for i := 0; i < len(b); {
		next := bytes.Index(b[i:], []byte(`\u`))
		if next < 0 {
			break
		}
		from := i + next
		scratch, i = unescape(scratch[:0], b, from)
		if len(scratch) >= 2*markLen {
			m.plain(scratch, func(_ int, what, _ string) { tell(from, what, jsonForm) })
		}
	}
	return scratch
}

func unescape(out, b []byte, from int) ([]byte, int) {
	i := from
	for i < len(b) {
		switch {
		case i+5 < len(b) && b[i] == '\\' && b[i+1] == 'u' && kinds[b[i+2]]&kinds[b[i+3]]&kinds[b[i+4]]&kinds[b[i+5]]&hexDigit != 0:
			r := rune(nibble[b[i+2]])<<12 | rune(nibble[b[i+3]])<<8 | rune(nibble[b[i+4]])<<4 | rune(nibble[b[i+5]])
			out = utf8.AppendRune(out, r)
			i += 6
		case kinds[b[i]]&(word|hyphen) != 0:
			out = append(out, b[i])
			i++
		default:
			return out, max(i, from+2)
		}
	}
	return out, max(i, from+2)
}
