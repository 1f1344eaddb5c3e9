package pages

import (
	"html"
	"strconv"
	"strings"
	"time"

	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
)

// Waiting is what the waiting page shows beside a person's place.
type Waiting struct {
	Opening *api.Opening // the ticket's; nil when it is no longer in the schedule
	Notices []api.Notice
	Auto    bool // without JavaScript: the visitor asked for the page to reload by itself
	Lean    bool // without what is only an extra
}

// waitingPages are the waiting page's programs by look and state, compiled when the program starts.
var waitingPages = compileWaiting("waiting")

func compileWaiting(name string) map[look]map[string]program {
	all := map[look]map[string]program{}
	for _, l := range looks {
		all[l] = map[string]program{}
		for _, state := range []string{api.PlaceLobby, api.PlaceWaiting, api.PlaceTurn, api.PlacePaused, api.PlaceClosed} {
			all[l][state] = mustWaiting(l, name, state, state)
		}
		all[l][api.PhasePostponed] = mustWaiting(l, name, api.PlaceLobby, api.PhasePostponed)
		all[l][api.PhaseExhausted] = mustWaiting(l, name, api.PlaceClosed, api.PhaseExhausted)
	}
	return all
}

// shown is the state in words: an opening that was put off or ran out of doses has words of its own.
func shown(v *api.Place, o *api.Opening) string {
	switch {
	case o == nil:
	case v.State == api.PlaceLobby && o.Phase == api.PhasePostponed, v.State == api.PlaceClosed && o.Phase == api.PhaseExhausted:
		return o.Phase
	}
	return v.State
}

func mustWaiting(l look, name, state, shown string) program {
	lang := l.lang
	main := mustRender(l, name, struct{ State, Shown string }{state, shown})
	page := frames[l].fill(map[hole]string{
		holeTitle:  html.EscapeString(text(lang, "wait.title."+shown)),
		holeSwitch: strings.Join(switchLinks[lang], "/wait?lang="+otherLang(lang)),
	})
	prog, err := compile(main)
	if err != nil {
		panic(err)
	}
	return page.splice(holeMain, prog)
}

// AppendWaiting writes the waiting page for a place. It reads only its arguments and what was compiled at start, and
// allocates nothing beyond dst; this is the page that millions hold open.
func AppendWaiting(dst []byte, lang string, v api.Place, w Waiting) []byte {
	prog, known := waitingPages[look{lang, w.Lean}][shown(&v, w.Opening)]
	if !known {
		prog = waitingPages[look{lang: Korean}][api.PlaceWaiting]
	}
	return prog.waiting(dst, lang, v, w)
}

// waiting writes a waiting page.
func (prog program) waiting(dst []byte, lang string, v api.Place, w Waiting) []byte {
	for i := range prog {
		dst = append(dst, prog[i].literal...)
		dst = appendWaitingHole(dst, prog[i].hole, lang, &v, &w)
	}
	return dst
}

func appendWaitingHole(dst []byte, h hole, lang string, v *api.Place, w *Waiting) []byte {
	switch h {
	case holeHead:
		return appendWaitingHead(dst, v)
	case holeNotices:
		return appendNotices(dst, lang, w.Notices)
	case holeOpening:
		return appendOpeningName(dst, lang, w.Opening)
	case holeOutlook:
		return appendOutlook(dst, lang, v.StockOutlook)
	case holeOutlookCode:
		return appendEscaped(dst, v.StockOutlook)
	case holeReason:
		return appendReason(dst, lang, v.Reason)
	case holeReasonText:
		return appendEscaped(dst, v.Reason)
	case holeOrder:
		return appendOrder(dst, lang, w.Opening)
	case holeStock:
		return appendStock(dst, lang, v.StockLeft)
	case holeAuto:
		return appendAuto(dst, lang, pollSeconds(v), w.Auto)
	}
	return appendPlaceHole(dst, h, lang, v)
}

// appendPlaceHole writes the numbers and times of a place.
func appendPlaceHole(dst []byte, h hole, lang string, v *api.Place) []byte {
	switch h {
	case holePoll:
		return strconv.AppendInt(dst, pollSeconds(v), 10)
	case holeEvery:
		return appendf(dst, lang, "wait.every", pollSeconds(v))
	case holeAhead:
		return appendCounted(dst, lang, v.Ahead, 0, "wait.people")
	case holePlace:
		return appendCounted(dst, lang, v.Ahead, 1, "wait.nth")
	case holeWait:
		return appendWait(dst, lang, v.WaitLowS, v.WaitHighS)
	case holeCode:
		return appendCode(dst, lang, v.Code)
	case holeOpens:
		return appendDateTime(dst, lang, v.OpensAt)
	case holeOpensISO:
		return v.OpensAt.In(subject.Seoul).AppendFormat(dst, time.RFC3339)
	case holeUntil:
		return appendUntil(dst, lang, v.OpensAt.Sub(v.ServerTime))
	case holeClock:
		return v.ServerTime.In(subject.Seoul).AppendFormat(dst, "15:04:05")
	}
	return dst
}

// pollSeconds is when to ask again, kept within what the API promises whatever was answered.
func pollSeconds(v *api.Place) int64 { return int64(min(max(v.NextPollS, 1), 30)) }

// appendWaitingHead loads the script while there is anything to wait for.
func appendWaitingHead(dst []byte, v *api.Place) []byte {
	if v.State == api.PlaceClosed {
		return dst
	}
	return append(dst, waitingHead...)
}

// appendAuto says to who has no JavaScript whether the page reloads, and lets them choose. It does so only where they asked
// for it: a page that begins anew by itself takes away what a screen reader was reading.
func appendAuto(dst []byte, lang string, every int64, auto bool) []byte {
	if auto {
		dst = appendf(dst, lang, "wait.moves", every)
		dst = append(append(dst, ` <a href="/wait">`...), text(lang, "wait.stop")...)
		return append(dst, "</a>"...)
	}
	dst = append(append(dst, text(lang, "wait.still")...), ` <a href="/wait?auto=1">`...)
	return append(append(dst, text(lang, "wait.move")...), "</a>"...)
}

// reloads tells whether a page reloads by itself where that was asked for. One with a button to press never does: it would
// be taken away under the finger.
func reloads(v *api.Place) bool { return v.State != api.PlaceTurn && v.State != api.PlaceClosed }

// appendCode tells the short code under which the call centre finds the place.
func appendCode(dst []byte, lang, code string) []byte {
	if code == "" {
		return dst
	}
	dst = append(append(append(dst, "<li>"...), text(lang, "wait.code")...), " <b>"...)
	return append(appendEscaped(dst, code), "</b></li>\n"...)
}

func appendCounted(dst []byte, lang string, n *int64, plus int64, unit string) []byte {
	if n == nil {
		return append(dst, text(lang, "wait.unknown")...)
	}
	dst = appendThousands(dst, max(*n, 0)+plus)
	return append(dst, text(lang, unit)...)
}

func appendOpeningName(dst []byte, lang string, o *api.Opening) []byte {
	if o == nil {
		return dst
	}
	return appendEscaped(dst, either(lang, o.Name, o.NameEn))
}

func appendOrder(dst []byte, lang string, o *api.Opening) []byte {
	if o != nil && o.Order == "arrival" {
		return append(dst, text(lang, "wait.order.arrival")...)
	}
	return append(dst, text(lang, "wait.order.draw")...)
}

func appendOutlook(dst []byte, lang, outlook string) []byte {
	var sentence string
	switch outlook {
	case "scarce":
		sentence = text(lang, "wait.out.scarce")
	case "gone":
		sentence = text(lang, "wait.out.gone")
	default:
		return dst
	}
	dst = append(dst, `<p class="box warn">`...)
	return append(append(dst, sentence...), "</p>\n"...)
}

func appendReason(dst []byte, lang, reason string) []byte {
	if reason == "" {
		return dst
	}
	dst = append(dst, `<p class="box warn"><strong>`...)
	dst = append(append(dst, text(lang, "reason")...), "</strong> "...)
	return append(appendEscaped(dst, reason), "</p>\n"...)
}

// shownNotices bounds the waiting page; the newest come last.
const shownNotices = 3

func appendNotices(dst []byte, lang string, notices []api.Notice) []byte {
	for _, n := range newest(notices) {
		dst = append(dst, `<p class="notice"><strong>`...)
		dst = append(append(dst, text(lang, "notice")...), "</strong> "...)
		dst = appendEscaped(dst, either(lang, n.Text, n.TextEn))
		dst = append(dst, " <time>"...)
		dst = n.At.In(subject.Seoul).AppendFormat(dst, "15:04")
		dst = append(dst, "</time></p>\n"...)
	}
	return dst
}

func newest(notices []api.Notice) []api.Notice {
	return notices[max(len(notices)-shownNotices, 0):]
}
