// Package access is the record of who looked at whose personal data, when, from where, what for, as the law on personal
// data wants it. It stands beside the ledger and is chained like it, so that nothing in it can be changed, removed or
// slipped in unseen. A record never holds the data itself: people appear as subjects. The package does no I/O.
package access

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"
	"unicode"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// Access is one look at somebody's personal data, or something done with it.
type Access struct {
	At     time.Time
	Who    string     // the name in a certificate; for people themselves what they showed: pass, proof or number
	Role   string     // RolePerson, or the role in the certificate
	From   string     // address, as the gateway saw it; FromHost for a command on the backend's own machine
	Whose  subject.ID // zero where it is about nobody in particular
	Task   string
	Reason string // why; empty for people themselves
}

// RolePerson is who looks at their own data.
const RolePerson = "person"

// FromHost stands for the backend's own machine, where commands come from.
const FromHost = "host"

// Tasks of people themselves and of the reserved lanes.
const (
	TaskBook   = "book"
	TaskLookup = "lookup" // found by what people know about their booking
	TaskView   = "view"
	TaskChange = "change"
	TaskCancel = "cancel"
	TaskDay    = "clinic_day" // a clinic's appointments of one day
	TaskVisit  = "visit"
	TaskJoin   = "join"   // by a gateway, from memory
	TaskRecall = "recall" // by a gateway, from memory: a place found again by its short code
)

// Tasks of operators' commands.
const (
	TaskAccesses = "accesses" // looked at this log
	TaskExport   = "export"
	TaskErase    = "erase"  // the data is gone for good
	TaskReseal   = "reseal" // encrypted anew under another key: everybody's
	TaskRetire   = "retire" // took a key away
)

// Record is an access with its place in the chain.
type Record struct {
	Seq uint64 // 1, 2, 3, …
	Access
	Hash ledger.Hash
}

// Origin is the head of the empty log. It is not that of the empty ledger, so that neither can be passed off as the other.
var Origin = ledger.Head{Hash: sha256.Sum256([]byte("daemun accesses v1"))}

// Longest texts in characters; what is longer is cut.
const (
	longestName   = 100
	longestReason = 500
)

// Next makes the record that follows prev. Texts are brought into a form that every database keeps as it is.
//
//	hash = SHA-256(prev ‖ seq as 8 bytes ‖ at in Unix nanoseconds as 8 bytes ‖ whose as 16 bytes ‖
//	               each of who, role, from, task, reason behind its length in bytes as 4 bytes), integers big-endian
func Next(prev ledger.Head, a Access) Record {
	a.At = a.At.UTC()
	a.Who, a.Role, a.From, a.Task = tidy(a.Who, longestName), tidy(a.Role, longestName), tidy(a.From, longestName), tidy(a.Task, longestName)
	a.Reason = tidy(a.Reason, longestReason)
	r := Record{Seq: prev.Seq + 1, Access: a}
	r.Hash = r.sum(prev.Hash)
	return r
}

// tidy drops what is no text and cuts what is too long.
func tidy(s string, longest int) string {
	s = strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return ' '
		}
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if runes := []rune(s); len(runes) > longest {
		s = string(runes[:longest])
	}
	return s
}

// Head returns the head of the chain that ends with r.
func (r *Record) Head() ledger.Head { return ledger.Head{Seq: r.Seq, Hash: r.Hash} }

func (r *Record) sum(prev ledger.Hash) ledger.Hash {
	buf := make([]byte, 0, 512)
	buf = append(buf, prev[:]...)
	buf = binary.BigEndian.AppendUint64(buf, r.Seq)
	buf = binary.BigEndian.AppendUint64(buf, uint64(r.At.UnixNano()))
	buf = append(buf, r.Whose[:]...)
	for _, s := range [...]string{r.Who, r.Role, r.From, r.Task, r.Reason} {
		buf = binary.BigEndian.AppendUint32(buf, uint32(len(s)))
		buf = append(buf, s...)
	}
	return sha256.Sum256(buf)
}

// Filter picks records. What is zero does not matter.
type Filter struct {
	Whose    subject.ID
	Who      string
	From, To time.Time // From ≤ at < To
}

// Matches tells whether a record is picked.
func (f *Filter) Matches(a *Access) bool {
	return (f.Whose == subject.ID{} || f.Whose == a.Whose) && (f.Who == "" || f.Who == a.Who) &&
		(f.From.IsZero() || !a.At.Before(f.From)) && (f.To.IsZero() || a.At.Before(f.To))
}

// ErrBroken says that the log is not what it was.
var ErrBroken = errors.New("access: the log was changed")

// Verify follows the chain through all records from the first one on and returns where it ends. mark, where not nil, is told
// each head on the way, Origin first; its error ends the walk.
func Verify(all iter.Seq2[Record, error], mark func(ledger.Head) error) (ledger.Head, error) {
	head := Origin
	tell := func() error {
		if mark == nil {
			return nil
		}
		return mark(head)
	}
	if err := tell(); err != nil {
		return head, err
	}
	for r, err := range all {
		if err != nil {
			return head, err
		}
		if r.Seq != head.Seq+1 {
			return head, fmt.Errorf("%w: record %d follows record %d", ErrBroken, r.Seq, head.Seq)
		}
		if r.sum(head.Hash) != r.Hash {
			return head, fmt.Errorf("%w: record %d, or one before it, is not what was written", ErrBroken, r.Seq)
		}
		head = r.Head()
		if err := tell(); err != nil {
			return head, err
		}
	}
	return head, nil
}
