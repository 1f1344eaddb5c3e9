package queue

import (
	"crypto/subtle"
	"encoding/binary"
	"strings"
)

// A short code lets somebody tell their place on the phone: with their registration number, which gives opening, cohort and
// subject, it makes their ticket again. It is 60 bits in Crockford's base 32, written ABCD-EFGH-JKMN:
//
//	epoch 20 | MAC 40
//
// The MAC is HMAC-SHA256 over a label, opening, epoch and subject, cut to 40 bits: a guess for a known person is right once
// in 10^12, and only those who answer for their guesses by name can make one.
const (
	codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	codeLen      = 12
	codeMAC      = 40                         // bits
	codeEpochs   = 1 << (5*codeLen - codeMAC) // of a line: more than ten years of them
	codeLabel    = "daemun code v1\x00"
)

// Code is the short code of a ticket; empty where its epoch is beyond all that codes can name.
func (k *Keys) Code(t *Ticket) string { return string(k.AppendCode(nil, t)) }

// AppendCode appends the short code of a ticket. One that was signed just now counts as under the current key.
func (k *Keys) AppendCode(dst []byte, t *Ticket) []byte {
	id := t.KeyID
	if id == 0 {
		id = k.current
	}
	key := k.keys[id]
	if t.Epoch >= codeEpochs || key == nil {
		return dst
	}
	bits := uint64(t.Epoch)<<codeMAC | codeSum(key, t)
	for i := range codeLen {
		if i > 0 && i%4 == 0 {
			dst = append(dst, '-')
		}
		dst = append(dst, codeAlphabet[bits>>(5*(codeLen-1-i))&31])
	}
	return dst
}

// codeSum is the MAC of a ticket's short code.
func codeSum(key *[32]byte, t *Ticket) uint64 {
	var buf [maxMessage]byte
	b := append(buf[:0], codeLabel...)
	b = binary.BigEndian.AppendUint32(b, t.Opening)
	b = binary.BigEndian.AppendUint32(b, t.Epoch)
	b = append(b, t.Subject[:]...)
	mac := keyed(key, b)
	return binary.BigEndian.Uint64(mac[:]) >> (64 - codeMAC)
}

// Recall completes a ticket, whose opening, cohort and subject are known, with what a short code says; false where the code
// is not of that person and opening. How it was typed does not matter: in any case, grouped or not, O for 0, I or L for 1.
func (k *Keys) Recall(code string, t Ticket) (Ticket, bool) {
	bits, ok := parseCode(code)
	if !ok {
		return Ticket{}, false
	}
	t.Epoch = uint32(bits >> codeMAC)
	sum := bits & (1<<codeMAC - 1)
	for id, key := range k.keys {
		if key == nil {
			continue
		}
		if same(sum, codeSum(key, &t)) {
			t.KeyID = byte(id)
			return t, true
		}
	}
	return Ticket{}, false
}

// same compares without telling by its time how much of a guess was right.
func same(a, b uint64) bool {
	return subtle.ConstantTimeCompare(binary.BigEndian.AppendUint64(nil, a), binary.BigEndian.AppendUint64(nil, b)) == 1
}

func parseCode(code string) (bits uint64, ok bool) {
	if len(code) > 4*codeLen {
		return 0, false
	}
	n := 0
	for _, r := range strings.ToUpper(code) {
		switch r {
		case '-', ' ':
			continue
		case 'O':
			r = '0'
		case 'I', 'L':
			r = '1'
		}
		at := strings.IndexRune(codeAlphabet, r)
		if n == codeLen || at < 0 {
			return 0, false
		}
		bits = bits<<5 | uint64(at)
		n++
	}
	return bits, n == codeLen
}
