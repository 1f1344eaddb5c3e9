//go:build browser

package browsertest

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// state is a page in one of its states: who asks for it, where, what they do there, and how one knows that it is this one.
type state struct {
	name    string
	cookies string
	path    string
	does    string // an expression that sends a form, as by a browser that checks nothing
	is      string // an expression that only this state makes true
}

func quote(s string) string {
	b, _ := json.Marshal(s) // a string always marshals
	return string(b)
}

// fills writes values into inputs by id and sends the form without asking it.
func fills(form string, values map[string]string) string {
	var b strings.Builder
	b.WriteString("(f => { f.noValidate = true;")
	for id, v := range values {
		b.WriteString("document.getElementById(" + quote(id) + ").value=" + quote(v) + ";")
	}
	b.WriteString("HTMLFormElement.prototype.submit.call(f); return true })(document.querySelector(" + quote(form) + "))")
	return b.String()
}

// agrees fills the first form for somebody.
func agrees(c citizen) string {
	return "document.getElementById('agree').checked = true;" + fills("#form", map[string]string{"rrn1": c.front(), "rrn2": c.back()})
}

// live says in which state the waiting page is.
func live(state string) string {
	return "(document.getElementById('live')||{dataset:{}}).dataset.state === " + quote(state)
}

// states brings the site into every state that its pages know, and lists them.
func states(t *testing.T) []state {
	t.Helper()
	orders(t, "operator", "PUT", "/control/v1/openings/"+waiting+"/rate", []byte(`{"per_s":0.00001,"reason":"시험"}`))
	later := at.opensAt.Add(5 * time.Hour)
	operates(t, "operator", postponed, "postpone", api.Command{Reason: "접속이 몰려 시작을 미룹니다", OpensAt: &later})
	orders(t, "operator", "POST", "/control/v1/notices", []byte(`{"text":"접속이 몰려 입장이 느려지고 있습니다.","text_en":"Entry is slow at the moment."}`))
	inLobby, putOff := newClient(t, pick(t, lobbying)).joins(), newClient(t, pick(t, postponed)).joins()
	halted, inLine, last, late := newClient(t, pick(t, paused)).joins(), newClient(t, pick(t, waiting)).joins(), newClient(t, pick(t, exhausted)).joins(), newClient(t, pick(t, over)).joins()
	called, inside, prover := newClient(t, pick(t, booking)).joins(), newClient(t, pick(t, booking)).joins(), newClient(t, pick(t, proving)).joins()
	booked, gone := newClient(t, pick(t, booking)).joins(), newClient(t, pick(t, booking)).joins()
	tooLate := newClient(t, pick(t, exhausted)).joins()
	time.Sleep(time.Until(at.opensAt) + 2*time.Second)
	operates(t, "operator", paused, "pause", api.Command{Reason: "예약 시스템 점검"})
	operates(t, "supervisor", over, "close", api.Command{Reason: "시험을 마칩니다"})
	inside.enters()
	form := inside.holds()
	prover.enters()
	done := booked.enters().books(booked.holds())
	gone.enters().books(gone.holds())
	no := gone.cancels()
	last.enters().books(last.holds())
	all := waitStates(inLobby, putOff, halted, inLine, late, tooLate, called)
	all = append(all, formStates(t)...)
	all = append(all, insideStates(inside, prover, form)...)
	return append(all, doneStates(booked, gone, form, done, no)...)
}

// cancels cancels the booking at hand and returns its number.
func (c *client) cancels() string {
	c.t.Helper()
	_, _, body := c.send("/lookup", nil)
	no := c.finds(bookingNo, body)
	c.goes("/cancel", url.Values{"no": {no}, "sure": {"yes"}}, "/lookup")
	return no
}

func waitStates(inLobby, putOff, halted, inLine, late, tooLate, called *client) []state {
	return []state{
		{"landing", "", "/", "", `document.querySelectorAll('.card').length >= 8 && !!document.querySelector('.state.paused') && !!document.querySelector('.state.postponed') && !!document.querySelector('.state.exhausted')`},
		{"landing with a place", inLine.header(), "/", "", `!!document.querySelector('main a[href="/wait"]')`},
		{"lobby", inLobby.header(), "/wait", "", live("lobby")},
		{"postponed", putOff.header(), "/wait", "", live("lobby") + ` && document.querySelector('#live .warn') !== null`},
		{"waiting", inLine.header(), "/wait", "", live("waiting")},
		{"paused", halted.header(), "/wait", "", live("paused")},
		{"turn", called.header(), "/wait", "", live("turn")},
		{"closed", late.header(), "/wait", "", live("closed") + ` && !document.querySelector('main a[href="/leftover"]')`},
		{"exhausted", tooLate.header(), "/wait", "", live("closed") + ` && !!document.querySelector('main a[href="/leftover"]')`},
		{"draw of one's own", called.header(), "/draw", "", `!!document.getElementById('holds')`},
		{"draw for anybody", "", "/draw", "", `!!document.querySelector('.formulas') && !document.getElementById('rank')`},
		{"no place", "", "/wait", "", `!!document.querySelector('main a[href="/apply"]')`},
		{"no pass", "", "/clinics", "", `!!document.querySelector('main a[href="/apply"]')`},
		{"pass over", called.header(), "/clinics", "", `!!document.querySelector('form[action="/enter"]')`},
		{"not found", "", "/nowhere", "", `!document.querySelector('.steps') && location.pathname === '/nowhere'`},
		{"not allowed", "", "/enter", "", `location.pathname === '/enter'`},
	}
}

func formStates(t *testing.T) []state {
	return []state{
		{"apply", "", "/apply", "", `!!document.getElementById('agree')`},
		{"apply with errors", "", "/apply", fills("#form", nil), `document.querySelectorAll('#errors a').length === 2`},
		{"refused, later", "", "/apply", agrees(pick(t, planned)), `document.querySelectorAll('.facts time, .facts strong').length > 0 && !!document.querySelector('.box.info')`},
		{"refused, not on the roster", "", "/apply", agrees(stranger(t)), `!!document.querySelector('main .box.warn') && !document.getElementById('form')`},
		{"lookup", "", "/lookup", "", `!!document.getElementById('no')`},
		{"lookup with errors", "", "/lookup", fills("#form", nil), `document.querySelectorAll('#errors a').length === 3`},
		{"lookup failed", "", "/lookup", fills("#form", map[string]string{"name": "홍길동", "rrn1": "670301", "rrn2": "1234560", "no": "ABCDE-23456"}), `document.querySelectorAll('#errors li').length === 2`},
		{"leftovers", "", "/leftover?region=" + url.QueryEscape("서울"), "", `!!document.getElementById('where')`},
		{"leftovers with errors", "", "/leftover", fills("#form", nil), `document.querySelectorAll('#errors a').length === 4`},
		{"offer unknown", "", "/leftover/AAAAAAAAAAAAAAAAAAAAAAAAAA", "", `!document.getElementById('form')`},
	}
}

// timesOf is the clinic and the day that a form is about.
func timesOf(form string) (clinic, day string) {
	u, _ := url.Parse(form) // it was sent by the server
	return u.Query().Get("clinic"), u.Query().Get("day")
}

// whole is a day of many times: on Saturdays clinics close at noon.
func whole(day string) string {
	if d, err := time.Parse(time.DateOnly, day); err == nil && d.Weekday() == time.Saturday {
		return d.AddDate(0, 0, 2).Format(time.DateOnly)
	}
	return day
}

func insideStates(inside, prover *client, form string) []state {
	clinic, day := timesOf(form)
	seoul := "/clinics?region=" + url.QueryEscape("서울")
	return []state{
		{"clinics", inside.header(), "/clinics", "", `!!document.getElementById('region') && !document.getElementById('district')`},
		{"clinics of a region", inside.header(), seoul, "", `document.querySelectorAll('.list li').length === 30 && !!document.querySelector('.pages a')`},
		{"clinics of a district", inside.header(), seoul + "&district=" + url.QueryEscape("강남구"), "", `document.getElementById('district').value === '강남구' && !!document.querySelector('.list li')`},
		{"no clinic", inside.header(), seoul + "&q=none", "", `!document.querySelector('.list li') && !!document.getElementById('found')`},
		{"times", inside.header(), "/clinics/" + clinic + "?day=" + whole(day), "", `document.querySelectorAll('.times button').length > 3`},
		{"form", inside.header(), form, "", `!!document.getElementById('held') && document.body.textContent.includes('2')`},
		{"form with errors", inside.header(), form, "document.getElementById('proxy').checked = true;" + fills("#form", map[string]string{"phone": "12"}), `document.querySelectorAll('#errors a').length === 6`},
		{"form of a time not kept", inside.header(), "/book?" + url.Values{"clinic": {clinic}, "day": {day}, "slot": {inside.spare}}.Encode(), "", `!!document.getElementById('form') && !document.getElementById('held')`},
		{"identity", prover.header(), "/identity", "", `!!document.querySelector('a[href="/identity/roster"]')`},
		{"identity, form", prover.header(), "/identity/roster", "", `!!document.getElementById('rrn1')`},
		{"identity, errors", prover.header(), "/identity/roster", fills("#form", nil), `document.querySelectorAll('#errors a').length === 2`},
	}
}

func doneStates(booked, gone *client, form, done, no string) []state {
	clinic, day := timesOf(form)
	return []state{
		{"done", booked.header(), done, "", `document.querySelectorAll('.doses > li').length === 2 && !!document.querySelector('.steps .was')`},
		{"booking", booked.header(), "/lookup", "", `document.querySelectorAll('.doses a').length === 2 && !!document.getElementById('sure')`},
		{"change", booked.header(), "/change?" + url.Values{"clinic": {clinic}, "day": {whole(day)}}.Encode(), "", `document.querySelectorAll('.times button').length > 3`},
		{"change of the second dose", booked.header(), "/change?dose=2", "", `!!document.querySelector('form input[name=dose][value="2"]')`},
		{"change, other clinics", booked.header(), "/change?region=" + url.QueryEscape("경기"), "", `!!document.querySelector('.list a[href^="/change?clinic="]')`},
		{"change, sure", booked.header(), "/change", `document.querySelector('.times button').click();true`, `!!document.querySelector('input[name=sure]')`},
		{"cancel, unsure", booked.header(), "/lookup", fills("form[action='/cancel']", nil), `!!document.getElementById('sure-error')`},
		{"cancelled", gone.header(), "/lookup", "", `!!document.querySelector('.state.closed') && document.getElementById('no').textContent === ` + quote(no)},
		{"forgotten", booked.header(), "/lookup", fills("form[action='/leave']", nil), `location.pathname === '/leave'`},
	}
}
