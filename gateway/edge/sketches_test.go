package edge

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/time/rate"
)

// TestSketchReadsAreBounded holds the reading of evidence to what a gateway bears beside its work.
func TestSketchReadsAreBounded(t *testing.T) {
	s := newSketchReads()
	var inner error
	for range sketchesAtOnce { // as many as may be read at once are being read
		s.slots <- struct{}{}
	}
	if _, err := s.read(func() ([]byte, error) { return nil, nil }); err == nil {
		t.Error("one more was read")
	}
	<-s.slots
	if body, err := s.read(func() ([]byte, error) { return []byte("x"), inner }); err != nil || string(body) != "x" {
		t.Errorf("%s, %v", body, err)
	}
	inner = errors.New("disk")
	if _, err := s.read(func() ([]byte, error) { return nil, inner }); !errors.Is(err, inner) {
		t.Errorf("%v", err)
	}
	s.pace = rate.NewLimiter(rate.Every(time.Hour), 1)
	s.pace.Allow()
	if _, err := s.read(func() ([]byte, error) { return nil, nil }); err == nil {
		t.Error("read faster than allowed")
	}
}

func TestSketchAnswersInMemoryAreBounded(t *testing.T) {
	s := newSketchReads()
	for i := range 10 * sketchesKept {
		s.keep(string(rune('a'+i)), []byte{byte(i)})
		s.keep(string(rune('a'+i)), nil)
	}
	if len(s.kept) != sketchesKept || s.recall(string(rune('a'))) != nil || s.recall(string(rune('a'+10*sketchesKept-1))) == nil {
		t.Errorf("%d answers are kept", len(s.kept))
	}
}

func TestSketchesOfNoSeal(t *testing.T) {
	g := newGate(t)
	for _, path := range []string{"/v1/openings/now/sketches/0", "/v1/openings/now/sketches/x", "/v1/openings/none/sketches/0", "/v1/openings/now/sketches/4294967296"} {
		if w := g.ask("GET", path, "", ""); w.Code != 404 {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
	}
}
