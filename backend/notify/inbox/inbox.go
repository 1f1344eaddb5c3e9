// Package inbox takes a demo's messages in the place of phones and mailboxes. Nothing of it outlives the process.
package inbox

import (
	"context"
	"slices"
	"sync"

	"github.com/daemun/daemun/backend/notify"
)

// Keep is how many letters an inbox holds; older ones make room.
const Keep = 500

// Inbox holds the newest letters. Like a good gateway it takes each one once.
type Inbox struct {
	mu      sync.Mutex
	letters []notify.Letter // oldest first
	seen    map[string]bool // of those in letters
	taken   uint64
}

// Send takes a letter.
func (i *Inbox) Send(_ context.Context, l notify.Letter) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.seen[l.ID] {
		return nil
	}
	if i.seen == nil {
		i.seen = map[string]bool{}
	}
	i.taken++
	i.seen[l.ID] = true
	i.letters = append(i.letters, l)
	if len(i.letters) >= 2*Keep { // moved now and then, not with every letter
		for _, old := range i.letters[:len(i.letters)-Keep] {
			delete(i.seen, old.ID)
		}
		i.letters = slices.Clone(i.letters[len(i.letters)-Keep:])
	}
	return nil
}

// Letters returns up to Keep letters, newest first, and how many were taken in all.
func (i *Inbox) Letters() ([]notify.Letter, uint64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	out := slices.Clone(i.letters[max(0, len(i.letters)-Keep):])
	slices.Reverse(out)
	return out, i.taken
}
