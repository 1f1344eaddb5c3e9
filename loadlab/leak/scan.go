package leak

import (
	"errors"
	"fmt"
	"io"
)

// Hit is a marker where it must not be. It never tells which one.
type Hit struct {
	Place  string // a file, an address
	Offset int64  // bytes from its beginning
	What   string // Number, Phone or Name
	Form   string
}

// String says it in one line.
func (h Hit) String() string {
	return fmt.Sprintf("%s, byte %d: a %s (%s)", h.Place, h.Offset, h.What, h.Form)
}

const (
	chunkLen = 1 << 20
	// behind and ahead are what is looked at around the bytes whose turn it is: markers in any form are shorter.
	behind = 256
	ahead  = 1024
)

// Scan searches everything that r gives and tells each hit. It returns how many bytes there were.
func (m *Markers) Scan(place string, r io.Reader, tell func(Hit)) (int64, error) {
	s := scanner{markers: m, place: place, tell: tell}
	buf := make([]byte, 0, behind+chunkLen+ahead)
	base, from := int64(0), 0 // of buf in the whole, and of what is new in buf
	for {
		n, err := io.ReadFull(r, buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		end := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
		if err != nil && !end {
			return base + int64(len(buf)), fmt.Errorf("search %s: %w", place, err)
		}
		until := len(buf)
		if !end {
			until -= ahead
		}
		s.search(buf, from, until, base)
		if end {
			return base + int64(len(buf)), nil
		}
		keep := max(0, until-behind)
		base += int64(keep)
		from = until - keep
		buf = buf[:copy(buf, buf[keep:])]
	}
}

// section searches the bytes from…to of a file of a size, as if the whole had been.
func (m *Markers) section(place string, r io.ReaderAt, from, to, size int64, tell func(Hit)) (int64, error) {
	start := max(0, from-behind)
	part := io.NewSectionReader(r, start, min(size, to+ahead)-start)
	_, err := m.Scan(place, part, func(h Hit) {
		if h.Offset += start; h.Offset >= from && h.Offset < to {
			tell(h)
		}
	})
	return to - from, err
}

// Bytes searches what is at hand.
func (m *Markers) Bytes(place string, b []byte, tell func(Hit)) {
	s := scanner{markers: m, place: place, tell: tell}
	s.search(b, 0, len(b), 0)
}

type scanner struct {
	markers *Markers
	place   string
	tell    func(Hit)
	scratch []byte
}

// search tells the markers of buf that begin in from…until. base is where buf begins.
func (s *scanner) search(buf []byte, from, until int, base int64) {
	tell := func(at int, what, form string) {
		if at >= from && at < until {
			s.tell(Hit{s.place, base + int64(at), what, form})
		}
	}
	s.markers.plain(buf, tell)
	s.scratch = s.markers.views(buf, s.scratch, tell)
}
