// Package roster answers whether a person is on the list of those eligible, from a filter small enough to sit in every
// gateway, and reads the lists that agencies deliver.
package roster

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/FastFilter/xorfilter"

	"github.com/daemun/daemun/backend/subject"
)

// Filter holds the subjects of a roster as a binary fuse filter: about nine bits for each. Everybody on the roster is
// found; of those who are not, about one in 256 is taken to be, and the backend's exact check finds that out.
// A Filter does not change, so any number of goroutines may use it. The zero Filter contains nobody.
type Filter struct {
	count uint64
	fuse  *xorfilter.BinaryFuse8 // nil when empty
}

// Build makes a filter. IDs may repeat and may be none.
func Build(ids []subject.ID) (*Filter, error) {
	keys := make([]uint64, len(ids))
	for i, id := range ids {
		keys[i] = key(id)
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	if len(keys) == 0 {
		return &Filter{}, nil
	}
	fuse, err := xorfilter.PopulateBinaryFuse8(keys)
	if err != nil {
		return nil, fmt.Errorf("building the roster filter of %d subjects: %w", len(keys), err)
	}
	return &Filter{count: uint64(len(keys)), fuse: fuse}, nil
}

// key is half of an ID, which is uniformly random by itself: among a hundred million people two share it once in
// three thousand rosters, and then a filter only has one false positive more.
func key(id subject.ID) uint64 { return binary.LittleEndian.Uint64(id[:8]) }

// Contains reports whether the subject may be on the roster; false is certain.
func (f *Filter) Contains(id subject.ID) bool { return f.fuse != nil && f.fuse.Contains(key(id)) }

// Len is the number of distinct subjects that the filter was built from.
func (f *Filter) Len() int { return int(f.count) }

// The file: magic, format version, count of subjects, the filter as its library writes it, SHA-256 of all before.
const (
	magic         = "DAEMUNRF"
	formatVersion = 1
	headerSize    = len(magic) + 1 + 8
	fuseHeader    = 8 + 5*4 // seed, segment length, mask, count, count × length, number of fingerprints
	maxSegment    = 1 << 18 // the library's bound
)

// MarshalBinary writes the filter. The same set of subjects gives the same bytes.
func (f *Filter) MarshalBinary() ([]byte, error) {
	var out bytes.Buffer
	out.WriteString(magic)
	out.WriteByte(formatVersion)
	out.Write(binary.LittleEndian.AppendUint64(nil, f.count))
	if f.fuse != nil {
		if err := f.fuse.Save(&out); err != nil {
			return nil, fmt.Errorf("writing the roster filter: %w", err)
		}
	}
	sum := sha256.Sum256(out.Bytes())
	out.Write(sum[:])
	return out.Bytes(), nil
}

// The reasons to refuse a filter file.
var (
	ErrNotFilter = errors.New("this is not a roster filter file")
	ErrVersion   = errors.New("the roster filter was written in a format that this program does not know; build it again")
	ErrDamaged   = errors.New("the roster filter file is damaged; build it again")
)

// UnmarshalBinary reads what MarshalBinary wrote. A damaged file is refused whole, because a filter with one bit wrong
// would turn away somebody who is on the roster. On error f keeps what it held.
func (f *Filter) UnmarshalBinary(data []byte) error {
	if !bytes.HasPrefix(data, []byte(magic)) {
		return ErrNotFilter
	}
	if len(data) < headerSize+sha256.Size {
		return ErrDamaged
	}
	if data[len(magic)] != formatVersion {
		return ErrVersion
	}
	body := data[:len(data)-sha256.Size]
	if sha256.Sum256(body) != [sha256.Size]byte(data[len(body):]) {
		return ErrDamaged
	}
	read := Filter{count: binary.LittleEndian.Uint64(body[len(magic)+1:])}
	if read.count > 0 {
		fuse, err := loadFuse(body[headerSize:])
		if err != nil {
			return err
		}
		read.fuse = fuse
	} else if len(body) != headerSize {
		return ErrDamaged
	}
	*f = read
	return nil
}

// loadFuse checks the geometry before it trusts it: a look-up indexes by these numbers without a check of its own.
func loadFuse(data []byte) (*xorfilter.BinaryFuse8, error) {
	if len(data) < fuseHeader {
		return nil, ErrDamaged
	}
	if n := binary.LittleEndian.Uint32(data[fuseHeader-4:]); uint64(n) != uint64(len(data)-fuseHeader) {
		return nil, ErrDamaged
	}
	fuse, err := xorfilter.LoadBinaryFuse8(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	length, count := uint64(fuse.SegmentLength), uint64(fuse.SegmentCount)
	if bits.OnesCount64(length) != 1 || length > maxSegment || fuse.SegmentLengthMask != fuse.SegmentLength-1 ||
		count == 0 || uint64(fuse.SegmentCountLength) != count*length || uint64(len(fuse.Fingerprints)) != (count+2)*length {
		return nil, ErrDamaged
	}
	return fuse, nil
}
