// Package wire speaks just enough HTTP/1.1 for a load generator: it sends prepared bytes on pooled connections and
// reads answers strictly. An answer that is not well-formed is an error, never a guess: the lab has to notice when a
// server under pressure starts to talk nonsense.
package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxHead and MaxBody bound what one answer may take, in bytes.
const (
	MaxHead = 32 << 10
	MaxBody = 8 << 20
)

// ErrMalformed is the kind of every answer that breaks HTTP/1.1.
var ErrMalformed = errors.New("malformed answer")

// Response is one answer. Body and ContentType point into the reader's buffer and hold until the next Read.
type Response struct {
	Status      int
	RetryAfter  int // seconds; −1 without the header
	ContentType []byte
	Location    []byte
	Body        []byte
	Close       bool // the server will close the connection
}

// Reader reads answers from one connection.
type Reader struct {
	src        io.Reader
	buf        []byte
	start, end int
}

// NewReader reads from src with a buffer that grows on demand.
func NewReader(src io.Reader) *Reader { return &Reader{src: src, buf: make([]byte, 8<<10)} }

// Read fills res with the next final answer; interim (1xx) answers are skipped.
func (r *Reader) Read(res *Response) error {
	for {
		if err := r.readOne(res); err != nil {
			return err
		}
		if res.Status >= 200 {
			return nil
		}
	}
}

func (r *Reader) readOne(res *Response) error {
	if r.start == r.end {
		r.start, r.end = 0, 0
	}
	*res = Response{RetryAfter: -1}
	head, err := r.head()
	if err != nil {
		return err
	}
	framing, err := parseHead(r.buf[r.start:r.start+head], res)
	if err != nil {
		return err
	}
	at, base := head, &r.buf[r.start]
	switch {
	case res.Status < 200 || res.Status == 204 || res.Status == 304:
		res.Body = nil
	case framing.chunked:
		at, err = r.chunked(head, res)
	case framing.length >= 0:
		at, err = r.fixed(head, framing.length, res)
	case res.Close: // the body ends with the connection
		at, err = r.rest(head, res)
	default:
		err = malformed("no length and not chunked")
	}
	if err != nil {
		return err
	}
	if base != &r.buf[r.start] {
		r.rebase(res, head)
	}
	r.start += at
	return nil
}

// head returns the length of the head, blank line included.
func (r *Reader) head() (int, error) {
	seen := 0
	for {
		if i := bytes.Index(r.buf[r.start+seen:r.end], []byte("\r\n\r\n")); i >= 0 {
			return seen + i + 4, nil
		}
		if r.end-r.start > MaxHead {
			return 0, malformed("head too long")
		}
		seen = max(0, r.end-r.start-3)
		if err := r.more(); err != nil {
			return 0, err
		}
	}
}

// more reads once from the source. The buffer moves or grows when it is full, so offsets are kept relative to start.
func (r *Reader) more() error {
	if r.end == len(r.buf) {
		if r.start > 0 {
			copy(r.buf, r.buf[r.start:r.end])
			r.end -= r.start
			r.start = 0
		} else {
			r.buf = append(r.buf, make([]byte, len(r.buf))...)
		}
	}
	n, err := r.src.Read(r.buf[r.end:])
	r.end += n
	if n > 0 {
		return nil
	}
	if err == nil {
		return io.ErrNoProgress
	}
	if err == io.EOF && r.end > r.start {
		return io.ErrUnexpectedEOF
	}
	return err
}

// need makes n bytes from start available.
func (r *Reader) need(n int) error {
	for r.end-r.start < n {
		if err := r.more(); err != nil {
			if err == io.EOF {
				return io.ErrUnexpectedEOF
			}
			return err
		}
	}
	return nil
}

func (r *Reader) fixed(head, length int, res *Response) (int, error) {
	if length > MaxBody {
		return 0, malformed("body too long")
	}
	if err := r.need(head + length); err != nil {
		return 0, err
	}
	res.Body = r.buf[r.start+head : r.start+head+length]
	return head + length, nil
}

// rest reads until the server closes.
func (r *Reader) rest(head int, res *Response) (int, error) {
	for {
		size := r.end - r.start
		if size-head > MaxBody {
			return 0, malformed("body too long")
		}
		switch err := r.more(); {
		case errors.Is(err, io.ErrUnexpectedEOF): // which more says where bytes are at hand
			res.Body = r.buf[r.start+head : r.end]
			return r.end - r.start, nil
		case err != nil:
			return 0, err
		}
	}
}

// rebase points the header values at the buffer again after it may have moved.
func (r *Reader) rebase(res *Response, head int) {
	var again Response
	if _, err := parseHead(r.buf[r.start:r.start+head], &again); err == nil {
		res.ContentType, res.Location = again.ContentType, again.Location
	}
}

func (r *Reader) chunked(head int, res *Response) (int, error) {
	at, out := head, head
	for {
		size, next, err := r.chunkSize(at)
		if err != nil {
			return 0, err
		}
		if size == 0 {
			at, err = r.trailers(next)
			if err != nil {
				return 0, err
			}
			res.Body = r.buf[r.start+head : r.start+out]
			return at, nil
		}
		if out-head+size > MaxBody {
			return 0, malformed("body too long")
		}
		if err := r.need(next + size + 2); err != nil {
			return 0, err
		}
		b := r.buf[r.start:]
		if b[next+size] != '\r' || b[next+size+1] != '\n' {
			return 0, malformed("chunk without end of line")
		}
		copy(b[out:], b[next:next+size])
		out += size
		at = next + size + 2
	}
}

// line returns the end of the line that begins at from: the offset behind its CRLF.
func (r *Reader) line(from int) (int, error) {
	for {
		b := r.buf[r.start:r.end]
		if len(b) > from {
			if i := bytes.IndexByte(b[from:], '\n'); i >= 0 {
				if i == 0 || b[from+i-1] != '\r' {
					return 0, malformed("bare line feed")
				}
				return from + i + 1, nil
			}
			if len(b)-from > MaxHead {
				return 0, malformed("line too long")
			}
		}
		if err := r.need(max(len(b), from) + 1); err != nil {
			return 0, err
		}
	}
}

func (r *Reader) chunkSize(from int) (size, next int, err error) {
	next, err = r.line(from)
	if err != nil {
		return 0, 0, err
	}
	text := r.buf[r.start+from : r.start+next-2]
	if i := bytes.IndexByte(text, ';'); i >= 0 {
		text = text[:i]
	}
	text = bytes.TrimRight(text, " \t")
	if len(text) == 0 || len(text) > 7 {
		return 0, 0, malformed("chunk size")
	}
	for _, c := range text {
		d := hexDigit(c)
		if d < 0 {
			return 0, 0, malformed("chunk size")
		}
		size = size<<4 | d
	}
	return size, next, nil
}

func (r *Reader) trailers(from int) (int, error) {
	for first := from; ; {
		next, err := r.line(from)
		if err != nil {
			return 0, err
		}
		if next-from == 2 {
			return next, nil
		}
		if next-first > MaxHead {
			return 0, malformed("trailers too long")
		}
		from = next
	}
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func malformed(what string) error { return fmt.Errorf("%w: %s", ErrMalformed, what) }
