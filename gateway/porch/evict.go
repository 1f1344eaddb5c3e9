package porch

import (
	"net"
	"net/netip"
	"slices"
	"time"
)

// source is where connections come from: an IPv4 address, or the /64 that an IPv6 subscriber has to itself.
type source netip.Prefix

// visitors is what a source holds.
type visitors struct{ n int }

func sourceOf(a net.Addr) source {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return source{}
	}
	addr := tcp.AddrPort().Addr().Unmap().WithZone("")
	bits := 32
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return source{}
	}
	return source(p)
}

// slowAfter is how long a client may be in the middle of asking or of reading before its connection may be given away.
const slowAfter = 250 * time.Millisecond

// candidate is a connection that may be ended to make room.
type candidate struct {
	c     *Conn
	phase phase
	since time.Duration
	rank  int
}

// evict chooses up to n connections to end and takes them off the list; the caller closes them. Within a source those that
// never said anything go first, then those at rest, then the slow, the longest first. Between sources whoever holds most
// gives first: the k-th youngest of a source goes before the (k-1)-th youngest of any other (max-min fairness), so a flood
// from few addresses displaces itself.
func (p *Porch) evict(why Reason, n int, of func(*Conn) bool) (gone []*Conn) {
	now := p.clock()
	var all []candidate
	for _, c := range p.open {
		ph, since := phase(c.phase.Load()), time.Duration(c.since.Load())
		if of(c) && ph.yields() && (ph.rests() || now-since >= slowAfter) {
			all = append(all, candidate{c: c, phase: ph, since: since})
		}
	}
	rank(all)
	for _, v := range all {
		if len(gone) == n {
			break
		}
		if !v.c.phase.CompareAndSwap(uint32(v.phase), uint32(closing)) {
			continue // has just begun to speak
		}
		p.remove(v.c)
		p.counts.cuts[why].Add(1)
		gone = append(gone, v.c)
	}
	return gone
}

// rank sorts candidates: who goes first stands first.
func rank(all []candidate) {
	slices.SortFunc(all, func(a, b candidate) int {
		if d := netip.Prefix(a.c.from).Compare(netip.Prefix(b.c.from)); d != 0 {
			return d
		}
		if a.phase != b.phase {
			return int(b.phase) - int(a.phase)
		}
		return int(min(max(b.since-a.since, -1), 1))
	})
	for i := range all { // the last of a source is the one to give up first
		all[i].rank = 1
		if i > 0 && all[i].c.from == all[i-1].c.from {
			all[i].rank = all[i-1].rank + 1
		}
	}
	slices.SortFunc(all, func(a, b candidate) int {
		if a.rank != b.rank {
			return b.rank - a.rank
		}
		if a.phase != b.phase {
			return int(a.phase) - int(b.phase)
		}
		return int(min(max(a.since-b.since, -1), 1))
	})
}

// endSilent ends the connections on which nothing was ever said: nobody waits for an answer there.
func (p *Porch) endSilent() {
	p.mu.Lock()
	var gone []*Conn
	for i := len(p.open) - 1; i >= 0; i-- { // from behind: removing moves only what was seen
		if c := p.open[i]; c.phase.CompareAndSwap(uint32(silent), uint32(closing)) {
			p.remove(c)
			gone = append(gone, c)
		}
	}
	p.mu.Unlock()
	for _, c := range gone {
		c.drop()
	}
}

// politely is said to who is turned away before having said a thing.
const politely = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nRetry-After: 5\r\nConnection: close\r\nContent-Length: 169\r\n\r\n" +
	`{"type":"about:blank","title":"Busy","status":503,"code":"busy","detail":"잠시 뒤 다시 시도해 주세요.","detail_en":"Please try again in a moment.","retry_after_s":5}` + "\n"

// turnAway ends a connection that found no room. The words fit the socket's empty buffer, so nothing waits.
func turnAway(raw net.Conn, plain bool) {
	if plain {
		_ = raw.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
		_, _ = raw.Write([]byte(politely))
	}
	_ = raw.Close()
}
