package leak

import "encoding/binary"

// kinds says of every byte what it may be part of.
var kinds = func() (out [256]uint8) {
	for c := range out {
		switch {
		case c >= '0' && c <= '9':
			out[c] = digit | hexDigit | base64Char | word
		case c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
			out[c] = hexDigit | base64Char | word
		case c >= 'g' && c <= 'z', c >= 'G' && c <= 'Z':
			out[c] = base64Char | word
		case c == '-':
			out[c] = hyphen | base64Char
		case c == '+', c == '/', c == '_':
			out[c] = base64Char
		}
	}
	for _, c := range "BCDFGHJKLMNPQRSTVWXZbcdfghjklmnpqrstvwxz" {
		out[c] |= consonant
	}
	return out
}()

const (
	digit = 1 << iota
	hyphen
	hexDigit
	base64Char
	consonant
	word // letter or digit
)

// found is told of a marker: where in the bytes it begins, what it is, and in which form.
type found func(at int, what, form string)

// Forms of markers as text.
const (
	plainForm   = "plain"
	hyphenForm  = "with hyphens"
	utf8Form    = "UTF-8"
	euckrForm   = "EUC-KR"
	abroadForm  = "with +82"
	latinForm   = "Latin"
	hexForm     = "hexadecimal"
	base64Form  = "base64"
	percentForm = "percent-encoded"
	jsonForm    = "JSON escapes"
)

// plain looks for markers that stand in b as text.
func (m *Markers) plain(b []byte, tell found) {
	m.digitRuns(b, tell)
	m.latinRuns(b, tell)
	m.hangul(b, tell)
}

// runs calls do for every run of at least least bytes of a kind. It looks at one byte in least.
func runs(b []byte, kind uint8, least int, do func(from, to int)) {
	for i := least - 1; i < len(b); {
		if kinds[b[i]]&kind == 0 {
			i += least
			continue
		}
		from, to := i, i+1
		for from > 0 && kinds[b[from-1]]&kind != 0 {
			from--
		}
		for to < len(b) && kinds[b[to]]&kind != 0 {
			to++
		}
		if to-from >= least {
			do(from, to)
		}
		i = to + least
	}
}

const (
	phoneLen = 11 // 010-1234-5678
	shortest = phoneLen
)

func (m *Markers) digitRuns(b []byte, tell found) {
	runs(b, digit|hyphen, shortest, func(from, to int) { m.groups(b, from, to, tell) })
}

// group is some digits in a row.
type group struct{ at, n int }

// groups looks at a run of digits and hyphens.
func (m *Markers) groups(b []byte, from, to int, tell found) {
	var last [3]group // the newest first
	for i := from; i < to; {
		if b[i] == '-' {
			if i+1 < to && b[i+1] == '-' {
				last = [3]group{}
			}
			i++
			continue
		}
		g := group{at: i}
		for i < to && b[i] != '-' {
			i++
		}
		g.n = i - g.at
		last[2], last[1], last[0] = last[1], last[0], g
		m.one(b, g, tell)
		m.two(b, last[1], last[0], tell)
		m.three(b, last, tell)
	}
}

// one looks at digits without hyphens.
func (m *Markers) one(b []byte, g group, tell found) {
	if g.n >= numberLen {
		v := value(b[g.at : g.at+numberLen-1])
		for end := g.at + numberLen; end <= g.at+g.n; end++ {
			v = v%1e12*10 + uint64(b[end-1]-'0')
			if at := end - numberLen; m.numbers.has(v+1) && !byChance(b, at) {
				tell(at, Number, plainForm)
			}
		}
	}
	switch {
	case !stands(b, g):
	case g.n == phoneLen && m.phones.has(value(b[g.at:g.at+g.n])+1):
		tell(g.at, Phone, plainForm)
	case g.n == phoneLen+1 && b[g.at] == '8' && b[g.at+1] == '2' && m.phones.has(value(b[g.at+2:g.at+g.n])+1):
		tell(g.at, Phone, abroadForm)
	}
}

// two looks at a registration number in its two parts.
func (m *Markers) two(b []byte, front, back group, tell found) {
	const before, behind = 6, 7
	if front.n < before || back.n < behind {
		return
	}
	at := front.at + front.n - before
	v := value(b[at:at+before])*1e7 + value(b[back.at:back.at+behind])
	if m.numbers.has(v + 1) {
		tell(at, Number, hyphenForm)
	}
}

// three looks at a phone in its three parts, from abroad too.
func (m *Markers) three(b []byte, last [3]group, tell found) {
	head, middle, tail := last[2], last[1], last[0]
	whole := group{head.at, tail.at + tail.n - head.at}
	if middle.n != 4 || tail.n != 4 || head.n != 2 && head.n != 3 || !stands(b, whole) {
		return
	}
	v := value(b[head.at:head.at+head.n])*1e8 + value(b[middle.at:middle.at+4])*1e4 + value(b[tail.at:tail.at+4])
	if m.phones.has(v + 1) {
		tell(head.at, Phone, hyphenForm)
	}
}

// stands tells whether digits stand by themselves and not in something hexadecimal: phones are too many for eleven digits
// in the middle of a rank or a hash to mean anything.
func stands(b []byte, g group) bool {
	end := g.at + g.n
	return (g.at == 0 || kinds[b[g.at-1]]&hexDigit == 0) && (end == len(b) || kinds[b[end]]&hexDigit == 0)
}

func value(b []byte) (v uint64) {
	for _, c := range b {
		v = 10*v + uint64(c-'0')
	}
	return v
}

// hashLen is from how many hexadecimal digits on something is taken for a hash.
const hashLen = 24

// byChance tells whether thirteen digits are part of a hash or of a decimal fraction, where they may be anybody's number
// by chance. What stands at either end of a hash was put there.
func byChance(b []byte, at int) bool {
	from, to := at, at+numberLen
	for from > 0 && kinds[b[from-1]]&digit != 0 {
		from--
	}
	if from > 1 && b[from-1] == '.' && kinds[b[from-2]]&digit != 0 {
		return true
	}
	from = at
	for from > 0 && kinds[b[from-1]]&hexDigit != 0 {
		from--
	}
	for to < len(b) && kinds[b[to]]&hexDigit != 0 {
		to++
	}
	if to-from < hashLen || from == at || to == at+numberLen {
		return false
	}
	for _, c := range b[from:to] {
		if kinds[c]&digit == 0 {
			return true
		}
	}
	return false
}

func (m *Markers) latinRuns(b []byte, tell found) {
	runs(b, consonant, latinLen, func(from, to int) {
		for i := from; i+latinLen <= to; i++ {
			if m.names.has(latinAt(b, i)) {
				tell(i, Name, latinForm)
			}
		}
	})
}

// begins says with a bit for every two bytes whether a Korean mark may begin with them, in UTF-8 or EUC-KR: 8 KiB, which
// stay in the fastest cache.
var begins = func() (bitmap [1 << 10]uint64) {
	for pair := range 1 << 16 {
		if lead := pair >> 8; oldKorean[pair] != 0 || lead >= 0xea && lead <= 0xed && pair&0xc0 == 0x80 {
			bitmap[pair>>6] |= 1 << (pair & 63)
		}
	}
	return bitmap
}()

// hangul looks for Korean names. A mark begins with a byte above ASCII, in whichever encoding: eight bytes without one are
// passed over at once.
func (m *Markers) hangul(b []byte, tell found) {
	for i := 0; i+1 < len(b); i++ {
		if b[i] < 0x80 {
			for i+9 < len(b) && binary.LittleEndian.Uint64(b[i:])&0x8080808080808080 == 0 {
				i += 8
			}
			if b[i] < 0x80 {
				continue
			}
		}
		if pair := int(b[i])<<8 | int(b[i+1]); begins[pair>>6]>>(pair&63)&1 != 0 {
			m.hangulName(b, i, tell)
		}
	}
}

func (m *Markers) hangulName(b []byte, i int, tell found) {
	if key := hangulAt(b, i); key != 0 && m.names.has(key) {
		tell(i, Name, utf8Form)
	}
	if key := oldKoreanAt(b, i); key != 0 && m.names.has(key) {
		tell(i, Name, euckrForm)
	}
}
