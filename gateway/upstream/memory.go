package upstream

import (
	"container/list"
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// memory keeps the last good answers that are the same for everybody, and lets those who ask the same at once share one
// request.
type memory struct {
	mu    sync.Mutex
	kept  map[string]*list.Element // of *keptAnswer
	order *list.List               // the oldest first
	bytes int
	under map[string]*flight

	given, merged atomic.Uint64
}

type keptAnswer struct {
	key    string
	answer Answer
	at     time.Time
	failed time.Time // when a newer one could not be had, last; zero: never
}

// How long nobody waits for a newer answer than the one that is kept, once asking for it failed: while somebody asks again,
// the others need not wait for what will probably fail too.
const (
	sparedFor  = 250 * time.Millisecond
	sparedOver = 2 * time.Second // as long as somebody is asking
)

// flight is a request that others wait for.
type flight struct {
	done   chan struct{}
	answer Answer
	err    error
}

func newMemory() memory {
	return memory{kept: map[string]*list.Element{}, order: list.New(), under: map[string]*flight{}}
}

// entryCost is what an entry costs besides its body and key, roughly, in bytes.
const entryCost = 256

func (k *keptAnswer) cost() int { return len(k.key) + len(k.answer.Body) + entryCost }

// get returns an answer that is kept and younger than an age.
func (m *memory) get(key string, now time.Time, age time.Duration) (Answer, bool) {
	if age <= 0 {
		return Answer{}, false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.kept[key]
	if e == nil {
		return Answer{}, false
	}
	k := e.Value.(*keptAnswer)
	if now.Sub(k.at) >= age {
		return Answer{}, false
	}
	return m.give(k, now), true
}

// spared returns an answer that is kept where a newer one could not be had a moment ago.
func (m *memory) spared(key string, now time.Time, age time.Duration) (Answer, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.kept[key]
	if e == nil {
		return Answer{}, false
	}
	k := e.Value.(*keptAnswer)
	since := now.Sub(k.failed)
	if k.failed.IsZero() || now.Sub(k.at) >= age || since >= sparedFor && (m.under[key] == nil || since >= sparedOver) {
		return Answer{}, false
	}
	return m.give(k, now), true
}

// failed notes that a newer answer than the one that is kept could not be had.
func (m *memory) failed(key string, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.kept[key]; e != nil {
		e.Value.(*keptAnswer).failed = now
	}
}

func (m *memory) give(k *keptAnswer, now time.Time) Answer {
	a := k.answer
	a.Age, a.Kept = max(now.Sub(k.at), 0), true
	m.given.Add(1)
	return a
}

func (m *memory) put(key string, a Answer, now time.Time, c FallbackConfig) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drop(m.kept[key])
	k := &keptAnswer{key: key, answer: a, at: now}
	m.kept[key] = m.order.PushBack(k)
	m.bytes += k.cost()
	m.shrink(c)
}

func (m *memory) drop(e *list.Element) {
	if e == nil {
		return
	}
	k := m.order.Remove(e).(*keptAnswer)
	m.bytes -= k.cost()
	delete(m.kept, k.key)
}

// bound lets go of what is more than may be kept.
func (m *memory) bound(c FallbackConfig) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shrink(c)
}

func (m *memory) shrink(c FallbackConfig) {
	for m.order.Len() > c.Entries || m.bytes > c.Bytes {
		m.drop(m.order.Front())
	}
}

// together asks, or waits for who is asking the same already. What is no good answer is each one's own: a pass that the
// backend refuses says nothing about another.
func (m *memory) together(ctx context.Context, key string, ask func() (Answer, error)) (Answer, error) {
	m.mu.Lock()
	if f := m.under[key]; f != nil {
		m.mu.Unlock()
		select {
		case <-f.done:
		case <-ctx.Done():
			return Answer{}, ErrBusy
		}
		if f.err != nil || f.answer.Status == http.StatusOK || f.answer.Status >= http.StatusInternalServerError {
			m.merged.Add(1)
			return f.answer, f.err
		}
		return ask()
	}
	f := &flight{done: make(chan struct{}), err: ErrUnknown} // a panic leaves it so
	m.under[key] = f
	m.mu.Unlock()
	defer func() {
		m.mu.Lock()
		delete(m.under, key)
		m.mu.Unlock()
		close(f.done)
	}()
	f.answer, f.err = ask()
	return f.answer, f.err
}
