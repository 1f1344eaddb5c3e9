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

// age is how long an answer has been kept. Whoever looked at the clock before it came finds it new.
func (k *keptAnswer) age(now time.Time) time.Duration { return max(now.Sub(k.at), 0) }

// young returns what is kept and younger than an age; nil: nothing. The caller holds the lock.
func (m *memory) young(key string, now time.Time, age time.Duration) *keptAnswer {
	if e := m.kept[key]; e != nil {
		if k := e.Value.(*keptAnswer); k.age(now) < age {
			return k
		}
	}
	return nil
}

// atOnce returns an answer that is kept where nobody need ask for a newer one: it is younger than fresh, or younger than oldest
// and a newer one could not be had a moment ago.
func (m *memory) atOnce(key string, now time.Time, fresh, oldest time.Duration) (Answer, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.young(key, now, max(fresh, oldest))
	if k == nil || k.age(now) >= fresh && !(k.age(now) < oldest && m.spares(k, now)) {
		return Answer{}, false
	}
	return m.give(k, now), true
}

// spares tells whether a newer answer could not be had a moment ago. The caller holds the lock.
func (m *memory) spares(k *keptAnswer, now time.Time) bool {
	since := now.Sub(k.failed)
	return !k.failed.IsZero() && (since < sparedFor || m.under[k.key] != nil && since < sparedOver)
}

// instead returns what is kept and younger than an age where a newer answer could not be had, and remembers that.
func (m *memory) instead(key string, now time.Time, age time.Duration) (Answer, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.kept[key]; e != nil {
		e.Value.(*keptAnswer).failed = now
	}
	k := m.young(key, now, age)
	if k == nil {
		return Answer{}, false
	}
	return m.give(k, now), true
}

func (m *memory) give(k *keptAnswer, now time.Time) Answer {
	a := k.answer
	a.Age, a.Kept = k.age(now), true
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
