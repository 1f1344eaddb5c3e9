package pages

import (
	"maps"

	"github.com/daemun/daemun/gateway/api"
)

// While the gateway has no time for more, everybody who waits in the same state of an opening sees the same page, made once a
// second. It says that the place is kept, and asks to come back later.

// preparedPages are its programs.
var preparedPages = compileWaiting("waiting-static")

// preparedPoll is when the page asks again, in seconds: as late as pages promise.
const preparedPoll = 30

// prepared are the pages of some second.
type prepared struct {
	at    int64 // Unix seconds
	pages map[preparedKey][]byte
}

// preparedKey is all that a prepared page depends on. Reason is the server's: there are as many as openings and cohorts.
type preparedKey struct {
	lang, opening, shown, reason string
	auto                         bool
}

// preparable tells whether a place's page may be the one for all. Whose turn has come sees that, with the way in; when all is
// over nothing is personal, and nobody asks again.
func preparable(v *api.Place) bool {
	return v.State == api.PlaceLobby || v.State == api.PlaceWaiting || v.State == api.PlacePaused
}

func (p *Pages) preparedPage(lang string, v *api.Place, around *Waiting) []byte {
	key := preparedKey{lang, v.Opening, shown(v, around.Opening), v.Reason, around.Auto}
	now := p.svc.Now()
	kept := p.prepared.Load()
	if kept == nil || kept.at != now.Unix() {
		kept = &prepared{at: now.Unix()}
	}
	if body, ok := kept.pages[key]; ok {
		return body
	}
	common := api.Place{
		Opening: v.Opening, State: v.State, Reason: v.Reason, OpensAt: v.OpensAt, ServerTime: now, NextPollS: preparedPoll,
	}
	body := preparedPages[look{lang, true}][key.shown].waiting(nil, lang, common, Waiting{Opening: around.Opening, Notices: p.svc.Notices(), Auto: around.Auto})
	next := &prepared{at: kept.at, pages: maps.Clone(kept.pages)}
	if next.pages == nil {
		next.pages = map[preparedKey][]byte{}
	}
	next.pages[key] = body
	p.prepared.Store(next) // two who make different ones at once make one of them again
	return body
}

// reloadSeconds is when a page that reloads by itself does.
func (p *Pages) reloadSeconds(v *api.Place) int64 {
	if p.svc.Measures().Static && preparable(v) {
		return preparedPoll
	}
	return pollSeconds(v)
}
