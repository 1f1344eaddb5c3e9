package edge

import (
	"errors"
	"net/http"
	"strconv"
	"sync"

	"golang.org/x/time/rate"

	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/state"
)

// How much reading of sealed sketches a gateway bears beside its work: they are on disk, and whoever asks for them is in
// no hurry.
const (
	sketchesPerS   = 200
	sketchesAtOnce = 2
	sketchesKept   = 32 // answers in memory
)

// sketchReads bounds the reading of sealed sketches.
type sketchReads struct {
	pace  *rate.Limiter
	slots chan struct{}

	mu    sync.Mutex
	kept  map[string][]byte
	order []string
}

func newSketchReads() *sketchReads {
	return &sketchReads{
		pace: rate.NewLimiter(sketchesPerS, sketchesPerS/4), slots: make(chan struct{}, sketchesAtOnce), kept: map[string][]byte{},
	}
}

func (s *sketchReads) recall(key string) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.kept[key]
}

func (s *sketchReads) keep(key string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, known := s.kept[key]; known {
		return
	}
	s.kept[key] = body
	s.order = append(s.order, key)
	if len(s.order) > sketchesKept {
		delete(s.kept, s.order[0])
		s.order = append([]string(nil), s.order[1:]...)
	}
}

// read runs get unless too much is being read already.
func (s *sketchReads) read(get func() ([]byte, error)) ([]byte, error) {
	if !s.pace.Allow() {
		return nil, problem("busy")
	}
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
		return get()
	default:
		return nil, problem("busy")
	}
}

// sketches answers with what a seal's count and tally were made from.
func (e *Edge) sketches(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	epoch, err := strconv.ParseUint(r.PathValue("epoch"), 10, 32)
	line := e.node.Snapshot().LineByID(id)
	if err != nil || line == nil {
		e.refuse(w, problem(node.NotFound))
		return
	}
	key := id + "." + strconv.FormatUint(epoch, 10)
	body := e.reads.recall(key)
	if body == nil {
		body, err = e.reads.read(func() ([]byte, error) { return e.node.Sketches(r.Context(), line, uint32(epoch)) })
		if errors.Is(err, state.ErrNotKept) {
			err = problem(node.NotFound)
		}
		if err != nil {
			e.refuse(w, e.problemOf(err))
			return
		}
		e.reads.keep(key, body)
	}
	h := w.Header()
	h["Content-Type"] = jsonType
	h.Set("Cache-Control", "public, max-age=86400, immutable")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}
