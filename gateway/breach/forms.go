package breach

import (
	"net/url"
	"strconv"
	"strings"
)

// form writes a page's form as a browser sends it.
func (l *Loot) form(out []byte, line string, values url.Values, cookies string) []byte {
	body := values.Encode()
	out = append(append(out, line...), " HTTP/1.1\r\nHost: "...)
	out = append(append(out, l.Host...), "\r\nCookie: "...)
	out = append(append(out, cookies...), "\r\nContent-Type: application/x-www-form-urlencoded\r\n"...)
	if l.Token != "" {
		out = append(append(append(out, "X-Daemun-Gateway: "...), l.Token...), "\r\n"...)
	}
	out = append(out, "Content-Length: "...)
	out = append(strconv.AppendInt(out, int64(len(body)), 10), "\r\n\r\n"...)
	return append(out, body...)
}

// bookForm fills the page's booking form in for a person.
func (l *Loot) bookForm(p *Person) url.Values {
	clinic, _, _ := strings.Cut(l.Slot, "-")
	digits := strings.ReplaceAll(p.RRN, "-", "")
	return url.Values{"slot": {l.Slot}, "clinic": {clinic}, "day": {"2026-07-26"}, "key": {"form-" + l.random(9)}, "name": {p.Name}, "phone": {p.Phone},
		"rrn1": {digits[:6]}, "rrn2": {digits[6:]}}
}

// forms try the pages' side of some attacks.
func forms() []Variant {
	enter := func(a Attack, name string, cookies func(l *Loot) string) Variant {
		return Variant{Attack: a, Name: name, Leads: "/clinics", append: func(out []byte, l *Loot) ([]byte, string) {
			return l.form(out, "POST /enter", url.Values{"bypass": {"1"}}, cookies(l)), ""
		}}
	}
	book := func(a Attack, name string, who func(l *Loot) *Person, cookies func(l *Loot) string) Variant {
		return refused(a, name, func(out []byte, l *Loot) []byte { return l.form(out, "POST /book", l.bookForm(who(l)), cookies(l)) })
	}
	me, inside := func(l *Loot) *Person { return &l.Me }, func(l *Loot) *Person { return &l.Inside }
	return []Variant{
		enter(ClientFlag, "entering by form before the turn", func(l *Loot) string { return "daemun_ticket=" + l.Me.Ticket + "; TS_BYPASS=true" }),
		book(Airplane, "booking by form without a pass", me, func(*Loot) string { return "offline=1" }),
		refused(DeepLink, "the booking's page", func(out []byte, l *Loot) []byte {
			return l.form(out, pick(l, []string{"GET /clinics", "GET /book?slot=" + l.Slot + "&clinic=c0001&day=2026-07-26", "GET /clinics/c0001"}), nil, "x=1")
		}),
		book(Shared, "booking by form with a bought pass", me, func(l *Loot) string { return "daemun_pass=" + l.Inside.Pass }),
		enter(Replay, "entering by form with a forged ticket", func(l *Loot) string { return "daemun_ticket=" + l.bend(l.Me.Ticket) }),
		book(Replay, "booking by form with a bent pass", inside, func(l *Loot) string { return "daemun_pass=" + l.bend(l.Inside.Pass) }),
	}
}
