package breach

import (
	"encoding/base64"
	"strings"
)

// Bytes of a pass that are worth bending; gateway/pass gives the layout.
const (
	keyID     = 1
	flagByte  = 2
	opening   = 6
	subjectID = 20
	rank      = 34
	expiresAt = 49
)

// replays show passes that must open nothing.
func replays() []Variant {
	book := func(name string, show func(l *Loot) string) Variant {
		return refused(Replay, name, func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Inside), l.key(), pass(show(l)))
		})
	}
	bent := func(name string, at int) Variant {
		return book(name, func(l *Loot) string { return bendByte(l.Inside.Pass, at) })
	}
	return []Variant{
		refused(Replay, "a used pass", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Booked), l.key(), pass(l.Booked.Pass))
		}),
		book("a foreign pass", func(l *Loot) string {
			if len(l.Foreign) == 0 {
				return bendByte(l.Inside.Pass, opening)
			}
			return pick(l, l.Foreign)
		}),
		refused(Replay, "a foreign pass for the lists", func(out []byte, l *Loot) []byte {
			shown := bendByte(l.Inside.Pass, flagByte)
			if len(l.Foreign) > 0 {
				shown = pick(l, l.Foreign)
			}
			return l.request(out, "GET /v1/clinics", "", pass(shown))
		}),
		bent("of another key", keyID), bent("of a rehearsal, as it says", flagByte), bent("of another opening", opening),
		bent("of another person", subjectID), bent("of another place", rank), bent("of another time", expiresAt),
		book("of chance", func(l *Loot) string { return l.random(119) }),
		book("bent anywhere", func(l *Loot) string { return l.bend(l.Inside.Pass) }),
		book("cut", func(l *Loot) string { return l.Inside.Pass[:l.Rand.IntN(len(l.Inside.Pass))] }),
		book("longer", func(l *Loot) string { return l.Inside.Pass + pick(l, []string{"A", "=", "==", ".", "%3D"}) }),
		book("in the other alphabet", func(l *Loot) string { return otherAlphabet(l.Inside.Pass) }),
		book("with other trailing bits", func(l *Loot) string { return trailingBits(l.Inside.Pass) }),
		book("in hex", func(l *Loot) string { return strings.ToUpper(l.Inside.Pass) }),
		book("a ticket for a pass", func(l *Loot) string { return l.Inside.Ticket }),
		book("a proof for a pass", func(l *Loot) string { return l.Booked.Proof }),
		refused(Replay, "a pass for a ticket", func(out []byte, l *Loot) []byte {
			return l.request(out, pick(l, []string{"POST /v1/queue/enter", "GET /v1/queue/place"}), "", ticket(l.Inside.Pass))
		}),
		refused(Replay, "a pass for a proof", func(out []byte, l *Loot) []byte {
			return l.request(out, "GET /v1/bookings/"+l.Booked.No, "", "Authorization: Proof "+l.Booked.Pass)
		}),
		refused(Replay, "a forged ticket", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/queue/enter", "", ticket(l.random(len(l.Me.Ticket)*3/4)))
		}),
		refused(Replay, "two passes", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /v1/bookings", l.booking(&l.Inside), l.key(), pass(l.random(119)), pass(l.Inside.Pass))
		}),
		refused(Replay, "a forged admission", func(out []byte, l *Loot) []byte {
			return l.request(out, "POST /internal/admissions", pick(l, append([]string{l.random(119), l.bend(l.Inside.Pass), l.Inside.Ticket}, l.Foreign...)))
		}),
	}
}

// bendByte changes one byte of what a token says, its signature left as it is.
func bendByte(token string, at int) string {
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || at >= len(raw) {
		return token + "A"
	}
	raw[at] ^= 1
	return base64.RawURLEncoding.EncodeToString(raw)
}

// bend changes one byte anywhere in a token.
func (l *Loot) bend(token string) string {
	return bendByte(token, l.Rand.IntN(max(1, len(token)*3/4)))
}

// otherAlphabet writes the same bytes with + and / instead of - and _; a token without either gets its padding.
func otherAlphabet(token string) string {
	if other := strings.NewReplacer("-", "+", "_", "/").Replace(token); other != token {
		return other
	}
	return token + "="
}

// trailingBits sets the bits of the last character that stand for nothing.
func trailingBits(token string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(token)%4 == 0 || token == "" {
		return token + "="
	}
	last := strings.IndexByte(alphabet, token[len(token)-1])
	if last < 0 {
		return token + "="
	}
	return token[:len(token)-1] + string(alphabet[last^1])
}
