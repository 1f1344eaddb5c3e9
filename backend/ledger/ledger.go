// Package ledger is the append-only record of everything that gave or took a dose: who was admitted, what was booked,
// what an operator changed. Each record's hash covers the one before it, so whoever kept one hash can tell later
// whether anything earlier was changed, removed or slipped in.
//
// A record never holds personal data: people appear as subjects. The package does no I/O.
package ledger

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"time"
)

// Hash is the SHA-256 that chains records.
type Hash [sha256.Size]byte

// Record is one entry. Data is compact JSON whose shape follows from Kind; its bytes are hashed as they are.
type Record struct {
	Seq  uint64 // 1, 2, 3, …
	At   time.Time
	Kind string
	Data json.RawMessage
	Hash Hash
}

// Head is how far a chain goes: the last record's number and hash. The zero Head is the empty chain.
type Head struct {
	Seq  uint64
	Hash Hash
}

// Next makes the record that follows prev:
//
//	hash = SHA-256(prev ‖ seq as 8 bytes ‖ at in Unix nanoseconds as 8 bytes ‖ kind ‖ 0 ‖ data), integers big-endian
func Next(prev Head, at time.Time, kind string, data []byte) Record {
	r := Record{Seq: prev.Seq + 1, At: at, Kind: kind, Data: data}
	r.Hash = r.sum(prev.Hash)
	return r
}

// Head returns the head of the chain that ends with r.
func (r *Record) Head() Head { return Head{Seq: r.Seq, Hash: r.Hash} }

func (r *Record) sum(prev Hash) Hash {
	// On the stack for every record but the large ones that an import writes.
	buf := make([]byte, 0, 1024)
	buf = append(buf, prev[:]...)
	buf = binary.BigEndian.AppendUint64(buf, r.Seq)
	buf = binary.BigEndian.AppendUint64(buf, uint64(r.At.UnixNano()))
	buf = append(buf, r.Kind...)
	buf = append(buf, 0)
	buf = append(buf, r.Data...)
	return sha256.Sum256(buf)
}

// ErrBroken is wrapped by every BrokenError.
var ErrBroken = errors.New("ledger: chain broken")

// BrokenError names the first record that does not follow from the one before it.
type BrokenError struct {
	Seq    uint64 // the number that the record should have
	Reason string
}

func (e *BrokenError) Error() string { return fmt.Sprintf("ledger: record %d: %s", e.Seq, e.Reason) }

// Unwrap makes errors.Is(err, ErrBroken) true.
func (e *BrokenError) Unwrap() error { return ErrBroken }

// Verify walks records, which must follow from, and returns the head that it arrived at. The error is a *BrokenError
// for a chain that does not hold, or what the sequence itself failed with.
func Verify(from Head, records iter.Seq2[Record, error]) (Head, error) {
	head := from
	for r, err := range records {
		if err != nil {
			return head, fmt.Errorf("ledger: reading after record %d: %w", head.Seq, err)
		}
		if r.Seq != head.Seq+1 {
			return head, &BrokenError{Seq: head.Seq + 1, Reason: fmt.Sprintf("missing: number %d stands in its place", r.Seq)}
		}
		if r.sum(head.Hash) != r.Hash {
			return head, &BrokenError{Seq: r.Seq, Reason: "hash does not match the record and the one before it"}
		}
		head = r.Head()
	}
	return head, nil
}
