package route

import (
	"errors"
	"net/url"
	"strings"
)

// What is wrong with a request's spelling.
var (
	ErrPath   = errors.New("route: the path is not in its canonical form")
	ErrQuery  = errors.New("route: the query can be read in more than one way")
	ErrHeader = errors.New("route: the header can be read in more than one way")
	ErrHost   = errors.New("route: no Host")
)

// longestTarget bounds path and query together, in bytes.
const longestTarget = 2048

// target checks the second word of a request line. It must be a path in canonical form, a query after it or none: no
// absolute form, no fragment.
func target[T string | []byte](t T) error {
	if len(t) > longestTarget {
		return ErrPath
	}
	n := len(t)
	for i := range n {
		if t[i] == '?' {
			n = i
			break
		}
	}
	if !canonical(t[:n]) {
		return ErrPath
	}
	if n < len(t) && !clear(string(t[n+1:])) {
		return ErrQuery
	}
	return nil
}

// canonical tells whether a path is written in its one form: segments of letters, digits and -._~ behind one slash each,
// none of them empty or of dots alone, and no slash at the end. Nothing that would have to be decoded stands in it, so it
// means the same before and after decoding.
func canonical[T string | []byte](path T) bool {
	if len(path) == 0 || path[0] != '/' {
		return false
	}
	if len(path) == 1 {
		return true
	}
	letters := 0 // of the segment at hand, dots not counted
	size := 0
	for i := 1; i < len(path); i++ {
		switch c := path[i]; {
		case c == '/':
			if size == 0 || letters == 0 {
				return false
			}
			letters, size = 0, 0
		case c == '.':
			size++
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '~':
			letters++
			size++
		default:
			return false
		}
	}
	return size > 0 && letters > 0
}

// clear tells whether a query can be read in one way only: well encoded, no key twice, no control characters.
func clear(query string) bool {
	values, err := url.ParseQuery(query)
	if err != nil {
		return false
	}
	for key, v := range values {
		if len(v) != 1 || strings.ContainsFunc(key, control) || strings.ContainsFunc(v[0], control) {
			return false
		}
	}
	return !strings.ContainsFunc(query, control) && !strings.ContainsAny(query, "#\\")
}

func control(r rune) bool { return r < ' ' || r == 0x7f }
