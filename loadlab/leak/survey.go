package leak

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
)

// Survey searches many places at once and keeps what came out. Its methods are safe for use by many goroutines.
type Survey struct {
	markers *Markers

	checked, places atomic.Int64

	mu    sync.Mutex
	hits  []Hit // the first few
	count int64
}

// NewSurvey returns a survey that has searched nothing yet.
func NewSurvey(m *Markers) *Survey { return &Survey{markers: m} }

// hitsKept is enough to find the cause; a leak is seldom alone.
const hitsKept = 20

func (s *Survey) hit(h Hit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count++
	if len(s.hits) < hitsKept {
		s.hits = append(s.hits, h)
	}
}

func (s *Survey) searched(n int64, places int64) {
	s.checked.Add(n)
	s.places.Add(places)
}

// Result tells how many bytes of how many places were searched, how many hits there were, and the first of them.
func (s *Survey) Result() (checked, places, count int64, hits []Hit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.checked.Load(), s.places.Load(), s.count, append([]Hit(nil), s.hits...)
}

// Bytes searches what is at hand.
func (s *Survey) Bytes(place string, b []byte) {
	s.markers.Bytes(place, b, s.hit)
	s.searched(int64(len(b)), 1)
}

// Piece is Bytes for one of very many pieces of one place, which count as one.
func (s *Survey) Piece(place string, b []byte) {
	s.markers.Bytes(place, b, s.hit)
	s.searched(int64(len(b)), 0)
}

// Reader searches all that r gives.
func (s *Survey) Reader(place string, r io.Reader) error {
	n, err := s.markers.Scan(place, r, s.hit)
	s.searched(n, 1)
	return err
}

// sectionLen is how much of a large file one goroutine takes at a time.
const sectionLen = 16 << 20

// Files searches files and whole folders; a file that goes away meanwhile is none. except, where not nil, leaves out what it
// says of a path.
func (s *Survey) Files(ctx context.Context, paths []string, except func(path string) bool) error {
	jobs := make(chan func() error, 64)
	errs := make(chan error, 1)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for job := range jobs {
				if err := job(); err != nil {
					select {
					case errs <- err:
					default:
					}
				}
			}
		})
	}
	var walk error
	for _, root := range paths {
		walk = errors.Join(walk, s.walk(ctx, root, except, jobs))
	}
	close(jobs)
	wg.Wait()
	select {
	case err := <-errs:
		return errors.Join(walk, err)
	default:
		return walk
	}
}

func (s *Survey) walk(ctx context.Context, root string, except func(string) bool, jobs chan<- func() error) error {
	return filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist) && path != root:
			return nil
		case err != nil:
			return fmt.Errorf("search %s: %w", root, err)
		case e.IsDir() || !e.Type().IsRegular() || except != nil && except(path):
			return nil
		}
		s.name(path)
		return s.file(path, jobs)
	})
}

// name searches a file's name: it is written down wherever files are listed.
func (s *Survey) name(path string) {
	s.markers.Bytes("name of a file in "+filepath.Dir(path), []byte(filepath.Base(path)), s.hit)
}

func (s *Survey) file(path string, jobs chan<- func() error) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	size := info.Size()
	for from := int64(0); from < size; from += sectionLen {
		to := min(size, from+sectionLen)
		jobs <- func() error { return s.section(path, from, to, size) }
	}
	s.searched(0, 1)
	return nil
}

func (s *Survey) section(path string, from, to, size int64) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("search: %w", err)
	}
	defer f.Close()
	n, err := s.markers.section(path, f, from, to, size, s.hit)
	s.searched(n, 0)
	if err != nil || from > 0 {
		return err
	}
	return s.compressed(path, f)
}

var gzipMagic = []byte{0x1f, 0x8b, 8}

// compressed searches what a file holds that is compressed as a whole.
func (s *Survey) compressed(path string, f *os.File) error {
	head := make([]byte, len(gzipMagic))
	if _, err := f.ReadAt(head, 0); err != nil || !bytes.Equal(head, gzipMagic) {
		return nil // too short, or something else: searched as it is
	}
	z, err := gzip.NewReader(io.NewSectionReader(f, 0, 1<<62))
	if err != nil {
		return nil // only looks like it
	}
	n, _ := s.markers.Scan(path+" (unpacked)", z, s.hit) // where it ends early, what there is was searched
	s.searched(n, 0)
	return nil
}
