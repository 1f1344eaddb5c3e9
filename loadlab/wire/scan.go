package wire

import "bytes"

// Text finds the string value of a key in a flat JSON document without decoding it: key is written with its quotes
// and colon, as in `"state":"`. Values with escapes are not for this function; hot answers have none.
func Text(body []byte, key string) []byte {
	i := bytes.Index(body, []byte(key))
	if i < 0 {
		return nil
	}
	rest := body[i+len(key):]
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return nil
	}
	return rest[:end]
}

// Int finds the whole number behind a key as in `"ahead":`; null, a fraction's tail and a missing key give ok false
// or the whole part.
func Int(body []byte, key string) (n int64, ok bool) {
	i := bytes.Index(body, []byte(key))
	if i < 0 {
		return 0, false
	}
	negative := false
	for _, c := range body[i+len(key):] {
		switch {
		case c == ' ' && !ok:
		case c == '-' && !ok && !negative:
			negative = true
		case c >= '0' && c <= '9' && n < 1<<58:
			n, ok = n*10+int64(c-'0'), true
		default:
			if negative {
				n = -n
			}
			return n, ok
		}
	}
	if negative {
		n = -n
	}
	return n, ok
}

// Objects calls f with each innermost {...} of the array behind key (as in `"slots":`) until f returns false. The
// objects must be flat, as those of the lists of clinics and slots are.
func Objects(body []byte, key string, f func(object []byte) bool) {
	i := bytes.Index(body, []byte(key))
	if i < 0 {
		return
	}
	rest := body[i+len(key):]
	for {
		open := bytes.IndexAny(rest, "{]")
		if open < 0 || rest[open] == ']' {
			return
		}
		end := bytes.IndexByte(rest[open:], '}')
		if end < 0 || !f(rest[open:open+end+1]) {
			return
		}
		rest = rest[open+end+1:]
	}
}
