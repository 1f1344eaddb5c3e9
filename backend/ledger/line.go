package ledger

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// A record and a checkpoint travel as one line of JSON each, written in one way only: a line that reads the same and looks
// otherwise was not written by us.

// ErrLine says that a line is not as a ledger writes it.
var ErrLine = errors.New("not as a ledger writes it")

// AppendLine appends the record as a line. Data goes out byte for byte, as it was hashed.
func (r *Record) AppendLine(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"seq":`...), r.Seq, 10)
	b = r.At.AppendFormat(append(b, `,"at":"`...), time.RFC3339Nano)
	b = append(append(append(b, `","kind":"`...), r.Kind...), `","data":`...)
	b = append(append(b, r.Data...), `,"hash":"`...)
	b = hex.AppendEncode(b, r.Hash[:])
	return append(b, "\"}\n"...)
}

// ParseLine reads what AppendLine wrote, with or without the end of the line, and nothing else.
func ParseLine(line []byte) (Record, error) {
	var w struct {
		Seq  uint64          `json:"seq"`
		At   time.Time       `json:"at"`
		Kind string          `json:"kind"`
		Data json.RawMessage `json:"data"`
		Hash Hash            `json:"hash"`
	}
	if err := json.Unmarshal(line, &w); err != nil {
		return Record{}, err
	}
	r := Record{Seq: w.Seq, At: w.At, Kind: w.Kind, Data: w.Data, Hash: w.Hash}
	return r, same(line, r.AppendLine(make([]byte, 0, len(line)+1)))
}

// AppendLine appends the checkpoint as a line.
func (c *Checkpoint) AppendLine(b []byte) []byte {
	b = strconv.AppendUint(append(b, `{"seq":`...), c.Seq, 10)
	b = hex.AppendEncode(append(b, `,"hash":"`...), c.Hash[:])
	b = c.At.AppendFormat(append(b, `","at":"`...), time.RFC3339Nano)
	b = strconv.AppendUint(append(b, `","key":`...), uint64(c.Key), 10)
	b = hex.AppendEncode(append(b, `,"signature":"`...), c.Signature)
	return append(b, "\"}\n"...)
}

// ParseCheckpoint reads what AppendLine wrote, with or without the end of the line, and nothing else.
func ParseCheckpoint(line []byte) (Checkpoint, error) {
	var w struct {
		Seq       uint64    `json:"seq"`
		Hash      Hash      `json:"hash"`
		At        time.Time `json:"at"`
		Key       byte      `json:"key"`
		Signature string    `json:"signature"`
	}
	if err := json.Unmarshal(line, &w); err != nil {
		return Checkpoint{}, err
	}
	signature, err := hex.DecodeString(w.Signature)
	if err != nil {
		return Checkpoint{}, err
	}
	c := Checkpoint{Head: Head{Seq: w.Seq, Hash: w.Hash}, At: w.At, Key: w.Key, Signature: signature}
	return c, same(line, c.AppendLine(make([]byte, 0, len(line)+1)))
}

func same(line, written []byte) error {
	if !bytes.Equal(bytes.TrimSuffix(line, []byte("\n")), written[:len(written)-1]) {
		return ErrLine
	}
	return nil
}
