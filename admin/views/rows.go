package views

import (
	"image/color"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/widgets"
	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// boardRow is a line as it is drawn.
type boardRow struct {
	at    place
	cells [boardColumns]string
	state color.NRGBA
	ink   color.NRGBA
}

func sameRows(a, b []boardRow) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

func (d *board) rowsOf(l *model.Look) []boardRow {
	if l.Snapshot == nil {
		return nil
	}
	var rows []boardRow
	for i := range l.Snapshot.Openings {
		o := &l.Snapshot.Openings[i]
		row := d.openingRow(o)
		if model.WaitingAt(o, l.Now) != nil {
			row.cells[0] = "▲ " + row.cells[0]
		}
		rows = append(rows, row)
		for j := range o.CohortStatus {
			rows = append(rows, d.cohortRow(o, &o.CohortStatus[j]))
		}
	}
	if l.Level == model.Stale {
		for i := range rows {
			rows[i].ink, rows[i].state = widgets.Faded, widgets.Faded
		}
	}
	return rows
}

func (d *board) openingRow(o *api.OpeningStatus) boardRow {
	row := boardRow{at: place{opening: o.ID}, state: stateInk(model.PhaseOf(o)), ink: widgets.Ink}
	row.cells = [boardColumns]string{
		model.NameOf(o).In(d.book.Lang), stateShape(model.PhaseOf(o)) + " " + d.book.T("state."+model.PhaseOf(o)), day(o.OpensAt) + " – " + day(o.ClosesAt),
		words.Number(o.Joined), words.Number(o.Waiting), words.Number(o.Entered), words.Number(o.Booked), stockCell(o),
	}
	return row
}

func stockCell(o *api.OpeningStatus) string {
	share, known := model.StockShare(o)
	if !known {
		return "–"
	}
	return words.Number(*o.StockLeft) + " (" + Percent(share) + ")"
}

func (d *board) cohortRow(o *api.OpeningStatus, c *api.CohortStatus) boardRow {
	row := boardRow{at: place{o.ID, c.ID}, state: widgets.Quiet, ink: widgets.Quiet}
	state := ""
	switch {
	case c.Paused:
		row.state, state = widgets.Caution, stateShape(api.OpeningPaused)+" "+d.book.T("state.paused")
	case o.State == api.OpeningOpen:
		state = "● " + d.book.T("cohort.running")
	}
	row.cells = [boardColumns]string{"    └ " + model.CohortName(c).In(d.book.Lang), state, "", words.Number(c.Joined), "", words.Number(c.Entered), "", ""}
	return row
}

func stateInk(state string) color.NRGBA {
	switch state {
	case api.OpeningOpen:
		return widgets.Good
	case api.OpeningPaused, api.PhasePostponed:
		return widgets.Caution
	case api.PhaseExhausted:
		return widgets.Alert
	case api.OpeningLobby:
		return widgets.Blue
	}
	return widgets.Quiet
}

func stateShape(state string) string {
	return map[string]string{
		api.OpeningOpen: "●", api.OpeningPaused: "◆", api.OpeningLobby: "◐", api.OpeningScheduled: "○", api.OpeningClosed: "■",
		api.PhasePostponed: "▲", api.PhaseExhausted: "■",
	}[state]
}
