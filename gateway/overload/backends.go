package overload

import (
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DrainFor is how long an instance that is taken away stays known, so that what it still answers comes back: longer than any
// call takes.
const DrainFor = 30 * time.Second

// mostBackends bounds the instances.
const mostBackends = 64

// Instance is one of the backend's addresses as a gateway should use it.
type Instance struct {
	URL      string
	Draining bool      // no new requests
	At       time.Time // since when it is so; zero where the flags say it
	By       string
	Reason   string
}

// Instances are the addresses that a gateway uses whose flags name some: those, with what operators said on top.
func (s *Standing) Instances(flags []string, now time.Time) []Instance {
	urls := slices.Clone(flags)
	for _, u := range slices.Sorted(maps.Keys(s.Backends)) {
		if !slices.Contains(urls, u) {
			urls = append(urls, u)
		}
	}
	var list []Instance
	for _, u := range urls {
		said, ok := s.Backends[u]
		if ok && said.Drained && now.Sub(said.At) >= DrainFor {
			continue
		}
		list = append(list, Instance{URL: u, Draining: said.Drained, At: said.At, By: said.By, Reason: said.Reason})
	}
	return list
}

// AddBackend lets gateways use an address, for which draining is over.
func (s Standing) AddBackend(address string, flags []string, said Said) (Standing, error) {
	address, err := readURL(address)
	if err != nil {
		return s, err
	}
	known := s.Instances(flags, said.At)
	at := slices.IndexFunc(known, func(i Instance) bool { return i.URL == address })
	switch {
	case at >= 0 && !known[at].Draining:
		return s, refuse(NothingToDo, "이미 쓰고 있는 백엔드입니다.", "That backend is in use already.")
	case at < 0 && len(known) >= mostBackends:
		return s, refuse(OutOfBounds, fmt.Sprintf("백엔드는 %d대까지입니다.", mostBackends), fmt.Sprintf("There may be %d backends at most.", mostBackends))
	}
	return s.say(address, Backend{Said: said}), nil
}

// DrainBackend takes an address away: no new requests from now on, forgotten DrainFor later.
func (s Standing) DrainBackend(address string, flags []string, said Said) (Standing, error) {
	address, err := readURL(address)
	if err != nil {
		return s, err
	}
	known, others := false, 0
	for _, i := range s.Instances(flags, said.At) {
		switch {
		case i.URL == address && i.Draining:
			return s, refuse(NothingToDo, "이미 비우고 있는 백엔드입니다.", "That backend is being drained already.")
		case i.URL == address:
			known = true
		case !i.Draining:
			others++
		}
	}
	switch {
	case !known:
		return s, refuse(UnknownBackend, "그런 백엔드가 없습니다.", "No such backend.")
	case others == 0:
		return s, refuse(LastBackend, "마지막 백엔드는 비울 수 없습니다. 먼저 다른 백엔드를 추가하세요.", "The last backend cannot be drained; add another one first.")
	}
	return s.say(address, Backend{Drained: true, Said: said}), nil
}

// say takes a word on an address down.
func (s Standing) say(address string, b Backend) Standing {
	s = s.Clone()
	if s.Backends == nil {
		s.Backends = map[string]Backend{}
	}
	s.Backends[address] = b
	return s
}

// readURL reads the address of an instance and writes it in its one form.
func readURL(address string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Path != "" && u.Path != "/" || !goodHost(u) {
		return "", refuse(Unknown, "url은 http://HOST:PORT나 https://HOST:PORT 꼴로 적어 주세요.", "Write url as http://HOST:PORT or https://HOST:PORT.")
	}
	return u.Scheme + "://" + strings.ToLower(u.Host), nil
}

// goodHost tells whether an address names a host and a port.
func goodHost(u *url.URL) bool {
	port, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil || port == 0 {
		return false
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err == nil {
		return true
	}
	return host != "" && len(host) <= 253 && strings.Trim(strings.ToLower(host), "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
}
