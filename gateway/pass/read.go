package pass

import "encoding/base64"

// Read returns what a text says that looks like a pass, whoever signed it: good for telling whose it once was, and for
// nothing else. False where it does not look like one.
func Read(text string) (Pass, bool) {
	var b [binaryLen]byte
	var p Pass
	if len(text) != TextLen {
		return p, false
	}
	if n, err := base64.RawURLEncoding.Decode(b[:], []byte(text)); err != nil || n != binaryLen {
		return p, false
	}
	b[0], b[2] = version, b[2]&knownFlags // what else it says is still of use
	return p, p.get(b[:])
}
