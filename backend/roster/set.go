package roster

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"slices"

	"github.com/daemun/daemun/backend/subject"
)

// Set is a list of people as sorted subjects: exact where a Filter is not, at 16 bytes a person. It does not change, so
// any number of goroutines may use it. The zero Set contains nobody.
type Set struct{ ids []subject.ID }

// NewSet makes a set. IDs may come in any order and repeat; the slice is the set's from now on.
func NewSet(ids []subject.ID) *Set {
	slices.SortFunc(ids, compareIDs)
	return &Set{ids: slices.Compact(ids)}
}

func compareIDs(a, b subject.ID) int { return bytes.Compare(a[:], b[:]) }

// Contains reports whether the subject is in the set.
func (s *Set) Contains(id subject.ID) bool {
	_, found := slices.BinarySearchFunc(s.ids, id, compareIDs)
	return found
}

// Union returns the people of both.
func (s *Set) Union(other *Set) *Set { return NewSet(slices.Concat(s.ids, other.ids)) }

// Common is how many people are in both.
func (s *Set) Common(other *Set) (n int) {
	for i, j := 0, 0; i < len(s.ids) && j < len(other.ids); {
		switch c := compareIDs(s.ids[i], other.ids[j]); {
		case c < 0:
			i++
		case c > 0:
			j++
		default:
			n, i, j = n+1, i+1, j+1
		}
	}
	return n
}

// Len is the number of people.
func (s *Set) Len() int { return len(s.ids) }

// IDs returns the subjects, sorted. They must not be changed.
func (s *Set) IDs() []subject.ID { return s.ids }

// The file: magic, format version, count of subjects, the subjects in order, SHA-256 of all before.
const (
	setMagic      = "DAEMUNLS"
	setVersion    = 1
	setHeaderSize = len(setMagic) + 1 + 8
	idSize        = len(subject.ID{})
)

// The reasons to refuse the file of a set.
var (
	ErrNotSet     = errors.New("this is not a list file; build it with daemun roster import")
	ErrSetVersion = errors.New("the list was written in a format that this program does not know; import it again")
	ErrSetDamaged = errors.New("the list file is damaged; import it again")
)

// WriteTo writes the set as a file. The same people give the same bytes.
func (s *Set) WriteTo(w io.Writer) (int64, error) {
	sum := sha256.New()
	out := bufio.NewWriterSize(w, 1<<16)
	written := int64(0)
	put := func(part []byte) error {
		n, err := out.Write(part)
		written += int64(n)
		sum.Write(part) // a hash never fails
		return err
	}
	header := append([]byte(setMagic), setVersion)
	if err := put(binary.LittleEndian.AppendUint64(header, uint64(len(s.ids)))); err != nil {
		return written, err
	}
	for i := range s.ids {
		if err := put(s.ids[i][:]); err != nil {
			return written, err
		}
	}
	n, err := out.Write(sum.Sum(nil))
	return written + int64(n), errors.Join(err, out.Flush())
}

// ReadSet reads what WriteTo wrote, to the end of r. A damaged file is refused whole: it would turn away people who are
// eligible. The errors are those named above, or the reader's.
func ReadSet(r io.Reader) (*Set, error) {
	in, sum := bufio.NewReaderSize(r, 1<<16), sha256.New()
	header := make([]byte, setHeaderSize)
	if _, err := io.ReadFull(in, header); err != nil {
		return nil, short(err, ErrNotSet)
	}
	switch {
	case !bytes.HasPrefix(header, []byte(setMagic)):
		return nil, ErrNotSet
	case header[len(setMagic)] != setVersion:
		return nil, ErrSetVersion
	}
	sum.Write(header)
	s := &Set{}
	if err := s.read(in, sum, binary.LittleEndian.Uint64(header[len(setMagic)+1:])); err != nil {
		return nil, err
	}
	tail := make([]byte, sha256.Size)
	if _, err := io.ReadFull(in, tail); err != nil {
		return nil, short(err, ErrSetDamaged)
	}
	if _, err := in.ReadByte(); err != io.EOF || !bytes.Equal(sum.Sum(nil), tail) {
		return nil, short(err, ErrSetDamaged)
	}
	return s, nil
}

// maxReserve bounds what a count is believed before the subjects are there: a forged one must not take all memory.
const maxReserve = 1 << 16

func (s *Set) read(in io.Reader, sum hash.Hash, count uint64) error {
	s.ids = make([]subject.ID, 0, min(count, maxReserve))
	for n := uint64(0); n < count; n++ {
		var id subject.ID
		if _, err := io.ReadFull(in, id[:]); err != nil {
			return short(err, ErrSetDamaged)
		}
		if n > 0 && compareIDs(s.ids[n-1], id) >= 0 {
			return ErrSetDamaged
		}
		sum.Write(id[:])
		s.ids = append(s.ids, id)
	}
	return nil
}

// short says what a file that ends early is, and passes on what the disk says.
func short(err, meaning error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return meaning
	}
	return fmt.Errorf("reading the list: %w", err)
}

// SHA256 is the checksum that ends the set's file: it stands for exactly these people.
func (s *Set) SHA256() [sha256.Size]byte {
	sum := sha256.New()
	header := append([]byte(setMagic), setVersion)
	sum.Write(binary.LittleEndian.AppendUint64(header, uint64(len(s.ids))))
	for i := range s.ids {
		sum.Write(s.ids[i][:])
	}
	return [sha256.Size]byte(sum.Sum(nil))
}
