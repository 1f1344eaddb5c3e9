package notify

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/subject"
)

//go:embed templates/*.tmpl
var files embed.FS

// templates by language. Each kind of message has two: its name, and that with ".subject".
var templates = map[string]*template.Template{
	booking.Korean:  template.Must(template.ParseFS(files, "templates/ko.tmpl")),
	booking.English: template.Must(template.ParseFS(files, "templates/en.tmpl")),
}

// view is what a template sees.
type view struct {
	Name     string // masked: a phone shows it to whoever is near, and a number can be mistyped
	Doses    []doseView
	ChangeBy string // of the first dose
	Until    string // of an offer
	Link     string // that takes it
}

type doseView struct {
	Dose                               int
	No, When, Clinic, Address, Vaccine string
}

// Writer writes letters.
type Writer struct {
	Site string // address of the citizens' pages, without a slash at its end
}

// Write writes a message to a person. The clinic is described as it is known now.
func (w Writer) Write(m *booking.Message, to booking.Address, c *booking.Catalog) (Letter, error) {
	words := templates[m.Lang]
	if words == nil || words.Lookup(string(m.Kind)) == nil {
		return Letter{}, &Refused{Reason: "no_words", Err: fmt.Errorf("message %s: nothing is written for the kind %q in the language %q", m.ID(), m.Kind, m.Lang)}
	}
	v := view{Name: booking.MaskName(to.Name), Until: moment(m.Until, m.Lang), Link: w.Site + "/leftover/" + to.Code}
	for i := range m.Doses {
		slot := slotOf(m, &m.Doses[i], c)
		if slot == nil {
			return Letter{}, &Refused{Reason: "no_slot", Err: fmt.Errorf("message %s names the unknown slot %q of opening %q", m.ID(), m.Doses[i].Slot, m.Opening)}
		}
		if i == 0 {
			v.ChangeBy = moment(booking.ChangeBy(slot.At()), m.Lang)
		}
		v.Doses = append(v.Doses, doseView{
			Dose: m.Doses[i].Dose, No: m.Doses[i].No, When: moment(slot.At(), m.Lang),
			Clinic: short(slot.Place.Name), Address: short(slot.Place.Address), Vaccine: short(slot.Vaccine()),
		})
	}
	l := Letter{
		ID: m.ID(), Kind: m.Kind, Channel: m.Channel, Lang: m.Lang, Name: v.Name, Phone: to.Phone, Email: to.Email, At: m.DueAt,
	}
	var err error
	if l.Subject, err = fill(words, string(m.Kind)+".subject", v); err != nil {
		return Letter{}, err
	}
	if l.Text, err = fill(words, string(m.Kind), v); err != nil {
		return Letter{}, err
	}
	if m.Channel == booking.ByMail {
		footer, err := fill(words, "footer", v)
		if err != nil {
			return Letter{}, err
		}
		l.Text += "\n\n" + footer
	}
	return l, nil
}

func fill(words *template.Template, name string, v view) (string, error) {
	var b strings.Builder
	if err := words.ExecuteTemplate(&b, name, v); err != nil {
		return "", fmt.Errorf("notify: %w", err)
	}
	return strings.TrimSpace(b.String()), nil
}

// longestLine keeps what an office imported from making a message too long to be sent, in characters.
const longestLine = 100

func short(s string) string {
	r := []rune(s)
	if len(r) <= longestLine {
		return s
	}
	return string(r[:longestLine-1]) + "…"
}

var weekdays = [...]string{"일", "월", "화", "수", "목", "금", "토"}

// moment writes a time of Korea as people read it.
func moment(t time.Time, lang string) string {
	t = t.In(subject.Seoul)
	if lang == booking.English {
		return t.Format("Mon 2 Jan 2006, 15:04")
	}
	return t.Format("2006. 1. 2.(") + weekdays[t.Weekday()] + t.Format(") 15:04")
}
