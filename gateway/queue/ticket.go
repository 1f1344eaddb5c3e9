package queue

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// A ticket is 54 bytes, written as 72 characters of base64url:
//
//	version 1 | key id 1 | flags 2 | opening 4 | cohort 4 | epoch 4 | subject 16 | issued at 6 | MAC 16
//
// Integers are big-endian; issued at is Unix milliseconds; the MAC is HMAC-SHA256 over what precedes it, cut to 16
// bytes.
const (
	ticketVersion = 1
	ticketBody    = 38
	ticketMAC     = 16
	ticketBinary  = ticketBody + ticketMAC

	// TicketLen is the length of a ticket as text.
	TicketLen = 72

	flagRehearsal = 1 << 0
	knownFlags    = flagRehearsal
)

// ErrBadTicket is the answer to every ticket that we did not sign; why is nobody's business.
var ErrBadTicket = errors.New("queue: not a ticket of ours")

// Ticket is a signed place. Opening and Cohort are numbers, as the schedule gives them.
type Ticket struct {
	KeyID     byte
	Rehearsal bool
	Opening   uint32
	Cohort    uint32
	Epoch     uint32
	Subject   subject.ID
	IssuedAt  time.Time // to the millisecond
}

// Text is a ticket as it travels.
type Text [TicketLen]byte

// Keys signs and checks tickets. The zero key id is never used.
type Keys struct {
	keys    [256]*[32]byte
	current byte
}

// NewKeys takes keys of 32 bytes by key id, and the id that signs.
func NewKeys(keys map[byte][]byte, current byte) *Keys {
	k := &Keys{current: current}
	for id, key := range keys {
		fixed := [32]byte(key)
		k.keys[id] = &fixed
	}
	return k
}

// Sign writes t under the current key.
func (k *Keys) Sign(t Ticket) Text {
	var b [ticketBinary]byte
	t.KeyID = k.current
	t.put(b[:])
	mac := keyed(k.keys[t.KeyID], b[:ticketBody])
	copy(b[ticketBody:], mac[:ticketMAC])
	var text Text
	base64.RawURLEncoding.Encode(text[:], b[:])
	return text
}

// Check reads a ticket and refuses whatever we did not sign with ErrBadTicket. text may alias a request's bytes.
func (k *Keys) Check(text []byte) (Ticket, error) {
	// 54 bytes fill 72 characters exactly, so no two texts of that length decode to the same ticket; base64's
	// tolerance of line breaks only makes the result too short.
	var b [ticketBinary]byte
	if len(text) != TicketLen {
		return Ticket{}, ErrBadTicket
	}
	if n, err := base64.RawURLEncoding.Decode(b[:], text); err != nil || n != ticketBinary {
		return Ticket{}, ErrBadTicket
	}
	key := k.keys[b[1]]
	if key == nil {
		return Ticket{}, ErrBadTicket
	}
	mac := keyed(key, b[:ticketBody])
	if subtle.ConstantTimeCompare(mac[:ticketMAC], b[ticketBody:]) != 1 {
		return Ticket{}, ErrBadTicket
	}
	return readTicket(b[:])
}

func (t *Ticket) put(b []byte) {
	b[0], b[1] = ticketVersion, t.KeyID
	if t.Rehearsal {
		binary.BigEndian.PutUint16(b[2:], flagRehearsal)
	}
	binary.BigEndian.PutUint32(b[4:], t.Opening)
	binary.BigEndian.PutUint32(b[8:], t.Cohort)
	binary.BigEndian.PutUint32(b[12:], t.Epoch)
	copy(b[16:32], t.Subject[:])
	ms := uint64(t.IssuedAt.UnixMilli())
	binary.BigEndian.PutUint16(b[32:], uint16(ms>>32))
	binary.BigEndian.PutUint32(b[34:], uint32(ms))
}

func readTicket(b []byte) (Ticket, error) {
	flags := binary.BigEndian.Uint16(b[2:])
	if b[0] != ticketVersion || flags&^knownFlags != 0 {
		return Ticket{}, ErrBadTicket
	}
	t := Ticket{
		KeyID:     b[1],
		Rehearsal: flags&flagRehearsal != 0,
		Opening:   binary.BigEndian.Uint32(b[4:]),
		Cohort:    binary.BigEndian.Uint32(b[8:]),
		Epoch:     binary.BigEndian.Uint32(b[12:]),
		IssuedAt: time.UnixMilli(int64(binary.BigEndian.Uint16(b[32:]))<<32 |
			int64(binary.BigEndian.Uint32(b[34:]))),
	}
	copy(t.Subject[:], b[16:32])
	return t, nil
}
