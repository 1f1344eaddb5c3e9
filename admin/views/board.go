package views

import (
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/widgets"
	"github.com/daemun/daemun/admin/words"
)

// place names a line of the board: an opening or, with cohort set, one of its cohorts.
type place struct{ opening, cohort string }

const boardColumns = 8

var boardLayout = widgets.Columns{Widths: []float32{0, 100, 180, 72, 72, 72, 72, 126}, Gap: 6, Inset: 10, Height: 27}

// board lists the openings with their cohorts and carries the buttons for the line chosen.
type board struct {
	book     *words.Book
	rows     []boardRow
	chosen   place
	look     *model.Look
	list     *widget.List
	buttons  map[model.Verb]*widget.Button
	target   widgets.Text
	why      widgets.Text
	waiting  *waitingBar
	onChoose func(opening string)
	onAsk    func(model.Verb, model.Target)
	content  fyne.CanvasObject
}

func newBoard(b *words.Book, onChoose func(string), onAsk func(model.Verb, model.Target)) *board {
	d := &board{
		book: b, onChoose: onChoose, onAsk: onAsk, buttons: map[model.Verb]*widget.Button{},
		target: widgets.NewText(15, true, fyne.TextAlignLeading), why: widgets.NewText(13, false, fyne.TextAlignLeading),
	}
	d.waiting = newWaitingBar(b, onAsk)
	d.list = widget.NewList(func() int { return len(d.rows) }, newBoardRow, d.fill)
	d.list.OnSelected = d.selected
	head := container.New(margin{8}, d.actions())
	table := container.NewBorder(d.captions(), nil, nil, nil, d.list)
	d.content = container.NewStack(canvas.NewRectangle(widgets.Panel), container.NewBorder(head, nil, nil, nil, table))
	return d
}

func (d *board) actions() fyne.CanvasObject {
	row := container.NewGridWithColumns(len(model.Verbs))
	for _, v := range model.Verbs {
		button := widget.NewButton(d.book.T("verb."+string(v)), func() { d.onAsk(v, d.targetNow()) })
		switch v {
		case model.Pause, model.Resume:
			button.Importance = widget.HighImportance
		}
		d.buttons[v] = button
		row.Add(button)
	}
	lines := container.New(widgets.Rows{Height: 22}, d.target.Text, d.why.Text)
	return container.NewVBox(row, lines, d.waiting.content)
}

func (d *board) captions() fyne.CanvasObject {
	var cells []fyne.CanvasObject
	for i, key := range []string{"name", "state", "window", "joined", "waiting", "entered", "booked", "stock"} {
		t := widgets.NewText(13, true, columnAlign(i))
		t.Set(d.book.T("column."+key), widgets.Quiet)
		cells = append(cells, t.Text)
	}
	return container.New(boardLayout, cells...)
}

// columnAlign puts numbers to the right.
func columnAlign(column int) fyne.TextAlign {
	if column >= 3 {
		return fyne.TextAlignTrailing
	}
	return fyne.TextAlignLeading
}

func newBoardRow() fyne.CanvasObject {
	var cells []fyne.CanvasObject
	for i := range boardColumns {
		cells = append(cells, widgets.NewText(14.5, false, columnAlign(i)).Text)
	}
	return container.New(boardLayout, cells...)
}

func (d *board) fill(i widget.ListItemID, o fyne.CanvasObject) {
	if i >= len(d.rows) {
		return
	}
	row := d.rows[i]
	for column, cell := range o.(*fyne.Container).Objects {
		t := widgets.Text{Text: cell.(*canvas.Text)}
		ink := row.ink
		if column == 1 {
			ink = row.state
		}
		if column == 0 {
			t.SetFitted(row.cells[0], ink, t.Size().Width)
			continue
		}
		t.Set(row.cells[column], ink)
	}
}

func (d *board) selected(i widget.ListItemID) {
	if i < len(d.rows) && d.rows[i].at != d.chosen {
		d.chosen = d.rows[i].at
		d.onChoose(d.chosen.opening)
	}
}

func (d *board) show(l *model.Look) {
	d.look = l
	rows := d.rowsOf(l)
	if !sameRows(rows, d.rows) {
		d.rows = rows
		d.list.Refresh()
	}
	d.mark()
	d.showActions()
	if d.waiting.pick(l) {
		d.content.Refresh()
	}
	d.waiting.say(l)
}

// mark keeps the highlight on the line that the buttons act on, even when lines come and go.
func (d *board) mark() {
	t := d.targetNow()
	for i, row := range d.rows {
		if t.Opening != nil && row.at.opening == t.Opening.ID && (t.Cohort == nil) == (row.at.cohort == "") &&
			(t.Cohort == nil || t.Cohort.ID == row.at.cohort) {
			d.list.Select(i)
			return
		}
	}
	d.list.UnselectAll()
}

// targetNow is the line chosen, or the opening in focus while nobody chose.
func (d *board) targetNow() model.Target {
	if d.look == nil || d.look.Focus == nil {
		return model.Target{}
	}
	t := model.Target{Opening: d.look.Focus}
	if d.chosen.opening == t.Opening.ID && d.chosen.cohort != "" {
		for i := range t.Opening.CohortStatus {
			if c := &t.Opening.CohortStatus[i]; c.ID == d.chosen.cohort {
				t.Cohort = c
			}
		}
	}
	return t
}

func (d *board) showActions() {
	t := d.targetNow()
	var refusals []string
	for _, v := range model.Verbs {
		refusal := model.Refusal(v, d.look.Who.Role, t)
		enable(d.buttons[v], refusal == nil)
		if refusal != nil {
			refusals = append(refusals, d.book.T("verb."+string(v))+": "+d.book.Say(*refusal))
		}
	}
	ink := widgets.Ink
	if d.look.Level == model.Stale {
		ink = widgets.Faded
	}
	d.target.SetFitted(d.targetLine(t), ink, d.target.Size().Width)
	d.why.SetFitted(d.whyLine(refusals), widgets.Quiet, d.why.Size().Width)
}

func (d *board) whyLine(refusals []string) string {
	if d.look.Who.Role == "viewer" {
		return d.book.T("why.viewer")
	}
	return strings.Join(refusals, "  ·  ")
}

func (d *board) targetLine(t model.Target) string {
	if t.Opening == nil {
		return d.book.T("target.none")
	}
	line := d.book.T("target.chosen", t.Name())
	reason := t.Opening.Reason
	if t.Cohort != nil {
		reason = t.Cohort.Reason
	} else {
		line += "  ·  " + d.book.Say(model.PhaseLine(t.Opening, d.look.Now))
	}
	if reason != "" {
		line += "  —  " + d.book.T("target.reason", reason)
	}
	return line
}

func enable(b *widget.Button, on bool) {
	switch {
	case on && b.Disabled():
		b.Enable()
	case !on && !b.Disabled():
		b.Disable()
	}
}
