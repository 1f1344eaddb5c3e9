package views

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/widgets"
	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// facts is a quiet row of what rarely changes: the schedule in force, whether the waits that people are shown come true,
// how many of those called come, and whether the doors that must be shut are shut.
type facts struct {
	book                           *words.Book
	schedule, waits, showUp, doors widgets.Text
	content                        fyne.CanvasObject
}

func newFacts(b *words.Book) *facts {
	f := &facts{book: b}
	for _, t := range []*widgets.Text{&f.schedule, &f.waits, &f.showUp, &f.doors} {
		*t = widgets.NewText(13, false, fyne.TextAlignLeading)
	}
	f.content = container.New(healthColumns,
		f.schedule.Text, f.waits.Text, f.showUp.Text, f.doors.Text)
	return f
}

func (f *facts) show(l *model.Look) {
	if l.Snapshot == nil {
		return
	}
	put := func(t widgets.Text, tone widgets.Tone, text string) {
		c := widgets.Quiet
		switch {
		case l.Level == model.Stale:
			c = widgets.Faded
		case tone == widgets.Warn || tone == widgets.Bad:
			c = tone.Color()
		}
		t.SetFitted(tone.Shape()+" "+text, c, t.Size().Width)
	}
	tone, text := f.scheduleFact(&l.Snapshot.Schedule)
	put(f.schedule, tone, text)
	tone, text = f.doorsFact(l.Snapshot)
	put(f.doors, tone, text)
	if l.Focus == nil {
		put(f.waits, widgets.Muted, f.book.T("fact.waits.unknown"))
		put(f.showUp, widgets.Muted, f.book.T("fact.showup.unknown"))
		return
	}
	tone, text = f.waitsFact(&l.Focus.WaitRanges)
	put(f.waits, tone, text)
	tone, text = f.showUpFact(l.Focus.ShowUp)
	put(f.showUp, tone, text)
}

func (f *facts) scheduleFact(s *api.ScheduleStatus) (widgets.Tone, string) {
	switch {
	case s.Version == 0:
		return widgets.Muted, f.book.T("fact.schedule.unknown")
	case s.ActivatedBy == "":
		return widgets.Muted, f.book.T("fact.schedule.file", int64(s.Version), s.Name)
	}
	return widgets.Muted, f.book.T("fact.schedule", int64(s.Version), s.Name, words.Clock(s.ActivatedAt), s.ActivatedBy)
}

// Shares of right waits below which people are told something that does not come true, and from how many on that counts.
const (
	waitsPromise = 0.9
	waitsEnough  = 50
)

func (f *facts) waitsFact(q *api.RangeQuality) (widgets.Tone, string) {
	if q.Settled == 0 {
		return widgets.Muted, f.book.T("fact.waits.unknown")
	}
	total := float64(q.Held) / float64(q.Settled)
	tone, hour := widgets.Muted, "–"
	recent := total
	if q.LastHour != nil {
		recent, hour = *q.LastHour, Percent(*q.LastHour)
	}
	if recent < waitsPromise && q.Settled >= waitsEnough {
		tone = widgets.Warn
	}
	return tone, f.book.T("fact.waits", hour, Percent(total), q.Settled)
}

func (f *facts) showUpFact(share *float64) (widgets.Tone, string) {
	if share == nil {
		return widgets.Muted, f.book.T("fact.showup.unknown")
	}
	return widgets.Muted, f.book.T("fact.showup", Percent(*share))
}

func (f *facts) doorsFact(s *api.Snapshot) (widgets.Tone, string) {
	d := &s.Doors
	switch {
	case len(d.Open) > 0:
		return widgets.Bad, f.book.T("fact.doors.open", len(d.Open), d.Tried, d.TriedAt)
	case d.TriedAt.IsZero():
		return widgets.Muted, f.book.T("fact.doors.never")
	case d.Untried > 0:
		return widgets.Warn, f.book.T("fact.doors.untried", d.Untried, d.Tried, d.TriedAt)
	case model.DoorsOld(s):
		return widgets.Warn, f.book.T("fact.doors.old", d.Tried, d.TriedAt, s.At.Sub(d.TriedAt))
	}
	return widgets.Muted, f.book.T("fact.doors", d.Tried, d.TriedAt)
}
