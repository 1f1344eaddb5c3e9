package route

import (
	"bytes"
	"net/http"
	"net/textproto"
)

// singles are headers that say what a request may do or where it ends: said twice, two programs may each believe another
// one. Their lengths differ, so that a scan tells them apart by length first.
var singles = [...]string{
	"host", "cookie", "content-type", "authorization", "content-length", "idempotency-key", "x-daemun-gateway", "transfer-encoding", "daemun-lane", "daemun-for",
}

// Places of singles that the checks name.
const (
	authorization    = 3
	contentLength    = 4
	transferEncoding = 7
)

var canonicalSingles = func() (out [len(singles)]string) {
	for i, name := range singles {
		out[i] = textproto.CanonicalMIMEHeaderKey(name)
	}
	return out
}()

var byLength = func() (out [32]int8) {
	for i := range out {
		out[i] = -1
	}
	for i, name := range singles {
		out[len(name)] = int8(i)
	}
	return out
}()

// Check reads the spelling of a request as net/http has parsed it. What net/http decides by itself, two different lengths
// of a body and the like, never comes here.
func Check(r *http.Request) error {
	t := r.RequestURI
	if t == "" {
		t = r.URL.RequestURI()
	}
	if err := target(t); err != nil {
		return err
	}
	if r.Host == "" {
		return ErrHost
	}
	for _, name := range canonicalSingles {
		if len(r.Header[name]) > 1 {
			return ErrHeader
		}
	}
	return nil
}

// CheckRaw reads the spelling of a request from its bytes: the target, and the header's lines without the request line. It
// returns the value of the Authorization header, nil where there is none. It keeps nothing and allocates nothing, unless
// there is a query.
func CheckRaw(t, header []byte) (shown []byte, err error) {
	if err := target(t); err != nil {
		return nil, err
	}
	seen := 0
	for len(header) > 0 {
		end := bytes.IndexByte(header, '\n')
		if end < 1 || header[end-1] != '\r' {
			return nil, ErrHeader
		}
		line := header[:end-1]
		header = header[end+1:]
		if len(line) == 0 {
			break
		}
		name, value, ok := field(line)
		if !ok {
			return nil, ErrHeader
		}
		which := single(name)
		if which < 0 {
			continue
		}
		if seen&(1<<which) != 0 {
			return nil, ErrHeader
		}
		seen |= 1 << which
		if which == authorization {
			shown = value
		}
	}
	const both = 1<<contentLength | 1<<transferEncoding
	switch {
	case seen&both == both:
		return nil, ErrHeader
	case seen&1 == 0:
		return nil, ErrHost
	}
	return shown, nil
}

// field cuts a line into name and value. A line that continues the one before, white space in a name and control
// characters are what some programs read past and others stumble over.
func field(line []byte) (name, value []byte, ok bool) {
	colon := bytes.IndexByte(line, ':')
	if colon < 1 {
		return nil, nil, false
	}
	name, value = line[:colon], bytes.Trim(line[colon+1:], " \t")
	var seen byte
	for _, c := range name {
		seen |= kinds[c]
	}
	if seen != 0 {
		return nil, nil, false
	}
	for _, c := range value {
		seen |= kinds[c]
	}
	return name, value, seen&inNoValue == 0
}

// kinds says of every byte where in a header line it has no business.
var kinds = func() (out [256]byte) {
	for c := range out {
		switch {
		case c < ' ' && c != '\t', c == 0x7f:
			out[c] = inNoName | inNoValue
		case c == ' ', c == '\t', c > 0x7f:
			out[c] = inNoName
		}
	}
	return out
}()

const (
	inNoName  = 1 << iota // control characters, white space, what is not ASCII
	inNoValue             // control characters but the tabulator
)

// single is the place of a name among singles, −1 for any other.
func single(name []byte) int {
	if len(name) >= len(byLength) {
		return -1
	}
	i := byLength[len(name)]
	if i < 0 {
		return -1
	}
	want := singles[i]
	for k := range name {
		c := name[k]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != want[k] {
			return -1
		}
	}
	return int(i)
}
