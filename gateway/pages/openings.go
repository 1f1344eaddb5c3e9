package pages

import (
	"bytes"
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// opening finds an opening by its ID; nil when the schedule does not have it.
func (p *Pages) opening(id string) *api.Opening {
	all := p.svc.Openings()
	for i := range all {
		if all[i].ID == id {
			return &all[i]
		}
	}
	return nil
}

// landing is the start page as rendered at some second. Millions ask for it in the same moment and all see the same.
type landing struct {
	at   int64 // Unix seconds
	body []byte
}

// landing serves the start page from memory, rendered at most once a second for each language and look.
func (p *Pages) landing(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	hasTicket := cookie(r, TicketCookie) != ""
	pg := page{Lang: lang, Title: text(lang, "landing.title"), Switch: "/?lang=" + otherLang(lang), Public: true, Lean: p.svc.Measures().Lean}
	slot := &p.landings[landingIndex(&pg, hasTicket)]
	now := p.svc.Now()
	kept := slot.Load()
	if kept == nil || kept.at != now.Unix() {
		var main bytes.Buffer
		if err := p.templates[look{lang, pg.Lean}].ExecuteTemplate(&main, "landing", p.landingView(lang, hasTicket, now)); err != nil {
			p.Problem(w, r, &api.Problem{Status: http.StatusInternalServerError, Code: "internal"})
			return
		}
		kept = &landing{at: now.Unix(), body: appendPage(nil, pg, main.Bytes())}
		slot.Store(kept)
	}
	p.send(w, pg, kept.body)
}

func landingIndex(pg *page, hasTicket bool) int {
	i := 0
	for bit, set := range []bool{pg.Lang == English, hasTicket, pg.Lean} {
		if set {
			i |= 1 << bit
		}
	}
	return i
}

type landingView struct {
	Notices   []api.Notice
	HasTicket bool
	Several   bool          // more than one can be joined: one button above them leads there
	Openings  []openingView // to come or going on
	Closed    []openingView
}

type openingView struct {
	api.Opening
	Stands   string // its phase, by which words and colours go
	When     string // where it stands in time, in words
	Joinable bool
	Alone    bool // the only one that is
}

func (p *Pages) landingView(lang string, hasTicket bool, now time.Time) landingView {
	v := landingView{Notices: newest(p.svc.Notices()), HasTicket: hasTicket}
	for _, o := range p.svc.Openings() {
		one := openingView{Opening: o, Stands: cmp.Or(o.Phase, o.State), When: whenWords(lang, o, now), Joinable: joinable(o)}
		if o.State == api.OpeningClosed {
			v.Closed = append(v.Closed, one)
		} else {
			v.Openings = append(v.Openings, one)
		}
	}
	slices.SortStableFunc(v.Openings, func(a, b openingView) int { return order(a) - order(b) })
	v.Several = len(v.Openings) > 1 && v.Openings[1].Joinable
	if !v.Several && len(v.Openings) > 0 {
		v.Openings[0].Alone = v.Openings[0].Joinable
	}
	return v
}

// order puts what one can join before what is still to come.
func order(o openingView) int {
	if o.Joinable {
		return 0
	}
	return 1
}

func joinable(o api.Opening) bool {
	return o.State == api.OpeningLobby || o.State == api.OpeningOpen || o.State == api.OpeningPaused
}

// whenWords says when an opening's next change comes and how long that still takes.
func whenWords(lang string, o api.Opening, now time.Time) string {
	stands := cmp.Or(o.Phase, o.State)
	next := map[string]time.Time{
		api.OpeningScheduled: o.LobbyAt, api.OpeningLobby: o.OpensAt,
		api.OpeningOpen: o.ClosesAt, api.OpeningClosed: o.ClosesAt, api.PhasePostponed: o.OpensAt,
	}[stands]
	sentence := text(lang, "when."+stands)
	args := []string{dateTimeWords(lang, next), untilWords(lang, next.Sub(now))}
	for _, arg := range args[:strings.Count(sentence, "%s")] {
		sentence = strings.Replace(sentence, "%s", arg, 1)
	}
	return sentence
}
