package load

import "time"

// waiting is a request that waits for a connection.
type waiting struct {
	request Request
	since   time.Duration
}

// line holds requests in order of arrival.
type line struct {
	list []waiting
	head int
}

func (l *line) push(w waiting) {
	if l.head > 64 && l.head*2 > len(l.list) {
		n := copy(l.list, l.list[l.head:])
		l.list, l.head = l.list[:n], 0
	}
	l.list = append(l.list, w)
}

// pop takes the first one, if it has waited since then or longer.
func (l *line) pop(then time.Duration) (waiting, bool) {
	if l.head == len(l.list) || l.list[l.head].since > then {
		return waiting{}, false
	}
	w := l.list[l.head]
	l.head++
	return w, true
}
