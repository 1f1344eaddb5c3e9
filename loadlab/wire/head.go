package wire

import "bytes"

// framing says how the body's end is found.
type framing struct {
	length  int // −1: not given
	chunked bool
}

// parseHead reads status line and headers; head ends with the blank line.
func parseHead(head []byte, res *Response) (framing, error) {
	f := framing{length: -1}
	line, rest, ok := cutLine(head)
	if !ok {
		return f, malformed("status line")
	}
	if err := parseStatus(line, res); err != nil {
		return f, err
	}
	for {
		line, rest, ok = cutLine(rest)
		if !ok {
			return f, malformed("header line")
		}
		if len(line) == 0 {
			if f.chunked && f.length >= 0 {
				return f, malformed("both length and chunked")
			}
			return f, nil
		}
		if err := parseField(line, res, &f); err != nil {
			return f, err
		}
	}
}

func cutLine(b []byte) (line, rest []byte, ok bool) {
	i := bytes.IndexByte(b, '\n')
	if i < 1 || b[i-1] != '\r' {
		return nil, nil, false
	}
	return b[:i-1], b[i+1:], true
}

func parseStatus(line []byte, res *Response) error {
	if len(line) < 12 || string(line[:7]) != "HTTP/1." || line[8] != ' ' || (len(line) > 12 && line[12] != ' ') {
		return malformed("status line")
	}
	if line[7] != '1' {
		res.Close = true
	}
	n, ok := number(line[9:12])
	if !ok || n < 100 || n > 599 {
		return malformed("status code")
	}
	res.Status = n
	return nil
}

func parseField(line []byte, res *Response, f *framing) error {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 || bytes.ContainsAny(line[:colon], " \t") {
		return malformed("header name")
	}
	if bytes.IndexByte(line, '\r') >= 0 || bytes.IndexByte(line, 0) >= 0 {
		return malformed("control character in a header")
	}
	name, value := line[:colon], bytes.Trim(line[colon+1:], " \t")
	switch {
	case is(name, "content-length"):
		n, ok := number(value)
		if !ok || (f.length >= 0 && f.length != n) {
			return malformed("content length")
		}
		f.length = n
	case is(name, "transfer-encoding"):
		if !is(value, "chunked") || f.chunked {
			return malformed("transfer encoding")
		}
		f.chunked = true
	case is(name, "connection"):
		res.Close = res.Close || is(value, "close")
	case is(name, "content-type"):
		res.ContentType = value
	case is(name, "location"):
		res.Location = value
	case is(name, "retry-after"):
		if n, ok := number(value); ok {
			res.RetryAfter = n
		}
	}
	return nil
}

// is compares without regard to ASCII case; want is lower case.
func is(b []byte, want string) bool {
	if len(b) != len(want) {
		return false
	}
	for i := range b {
		c := b[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != want[i] {
			return false
		}
	}
	return true
}

// number reads 1–9 decimal digits.
func number(b []byte) (int, bool) {
	if len(b) == 0 || len(b) > 9 {
		return 0, false
	}
	n := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, true
}
