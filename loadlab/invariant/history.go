package invariant

import (
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/measure"
)

// Window is the time in which a process may leave requests unanswered: from its kill until a second after it was ready
// again. Offsets from the start of the run.
type Window struct {
	Process  string // gateway or backend
	From, To time.Duration
	Ready    time.Duration // when the process answered again
}

// ReadBack is what came of asking for acknowledged bookings again after the run.
type ReadBack struct {
	Asked, Found int64
	Unsettled    int64 // bookings whose answer was lost and stayed unknown
	Notes        []string
}

// Arrival joins a person's first ticket with the pass they got.
type Arrival struct {
	At   time.Duration
	Pass string
}

// History is everything that is known about a run.
type History struct {
	Client   *citizen.History
	Ledger   *Journal
	Audit    Audit
	ReadBack ReadBack
	Windows  []Window
	Seconds  []measure.Second
	Opening  string
	Order    string // draw or arrival
	Started  time.Time
	Lobby    time.Duration // from the start to the opening
	Anchor   string        // hex; published before the opening, the end of the chain that every seal must be on
	Seals    []api.Seal
	Arrivals []Arrival
	Recovery time.Duration // how soon goodput must be back after a fault
}

// Result is one invariant's verdict. Checked counts what was looked at; with nothing looked at nothing is proven.
type Result struct {
	Name    string   `json:"name"`
	OK      bool     `json:"ok"`
	Checked int64    `json:"checked"`
	Broken  int64    `json:"broken"`
	Title   string   `json:"title"`
	TitleEn string   `json:"title_en"`
	Notes   []string `json:"notes,omitempty"`
}

// rule is one invariant: what it is called and how it is looked at.
type rule struct {
	name, title, titleEn string
	check                func(h *History, p *problems) (checked int64)
}

var rules = []rule{
	{"answered", "모든 요청에 답이 있다", "every request outside fault windows was answered, no page was blank", answered},
	{"polite_503", "잠시 거절할 때는 이유와 다시 올 때를 말한다", "every 503 says why and when to come back", polite},
	{"explained", "거절에는 이유가 있다", "every refusal carries a reason", explained},
	{"no_loss", "접수된 예약은 하나도 사라지지 않는다", "no acknowledged booking is lost", noLoss},
	{"no_oversell", "초과 예약이 없다", "no slot and no stock is oversold", noOversell},
	{"one_booking", "한 사람에 예약 하나", "one booking per person and per key", oneBooking},
	{"lawful", "모든 예약은 정당한 입장에 근거한다", "every booking rests on a lawful admission", lawful},
	{"draw", "추첨 순위는 누구나 다시 계산할 수 있다", "every place follows from the published seals", draw},
	{"no_cheats", "새치기는 통하지 않는다", "no cheat got through", noCheats},
	{"eligible", "대상자만, 대상자는 모두", "nobody is wrongly refused, nobody off the roster books", eligible},
	{"place_kept", "한 번 받은 순번은 지켜진다", "places and turns once given are kept", placeKept},
	{"cursor", "차례는 뒤로 가지 않는다", "the cursor never goes back", cursorForward},
	{"order", "대기실 순서는 추첨이다", "in the lobby coming earlier gains nothing", order},
	{"ledger_chain", "장부의 사슬이 온전하다", "the ledger's chain holds", ledgerChain},
	{"audit", "증거만으로 모든 것이 맞는다", "the evidence alone proves ledger, draw and bookings", auditHolds},
	{"recovery", "장애 뒤에 곧 회복한다", "service is back soon after each fault", recovery},
}

// Check judges the whole history.
func Check(h *History) []Result {
	out := make([]Result, 0, len(rules))
	for _, r := range rules {
		var p problems
		checked := r.check(h, &p)
		out = append(out, Result{Name: r.name, OK: p.count == 0, Checked: checked, Broken: p.count,
			Title: r.title, TitleEn: r.titleEn, Notes: p.notes})
	}
	return out
}

// tell adds n problems of one sort that were counted elsewhere, with one sentence.
func (p *problems) tell(n int64, what string, notes []string) {
	if n == 0 {
		return
	}
	p.add("%d × %s", n, what)
	p.count += n - 1
	for _, s := range notes {
		if len(p.notes) < 8 {
			p.notes = append(p.notes, s)
		}
	}
}
