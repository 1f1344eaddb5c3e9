package cohort

import (
	"fmt"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// The measures of a picture, in units of which a letter is about twelve high.
const (
	pageWidth   = 1000.0
	margin      = 24.0
	labelWidth  = 236.0
	headHeight  = 66.0
	axisHeight  = 36.0
	laneHeight  = 46.0
	barHeight   = 16.0
	listHeight  = 20.0
	timeWidth   = 34.0 // of 20:00
	lobbyLeast  = 4.0  // half an hour would hardly be seen
	labelMost   = 36   // columns of text beside a row
	legendSpace = 44.0
)

// Picture draws the schedule as a timeline: a row for each cohort, a column for each day in Korea, bars for lobby and
// booking, and below them the openings with their times. It is a whole SVG document of a light page that fits A4,
// with nothing outside it. lang is "en" for English, anything else for Korean.
func (s *Schedule) Picture(lang string) []byte {
	d := &drawing{schedule: s, say: pictureKo, words: wordsFor(s)}
	if lang == "en" {
		d.say = pictureEn
	}
	d.axis = newAxis(s, margin+labelWidth, pageWidth-2*margin-labelWidth)
	d.rows = rowsOf(s)
	return d.draw()
}

// drawing is a picture in the making.
type drawing struct {
	svg
	schedule *Schedule
	say      *pictureWords
	words    words
	axis     *axis
	rows     []row
}

// row is a cohort with the openings that it belongs to, each on a lane where it meets no other.
type row struct {
	cohort *Cohort
	bars   []bar
	lanes  int
}

type bar struct {
	opening *Opening
	number  int // of the opening in the file, from 1
	lane    int
}

func rowsOf(s *Schedule) []row {
	var rows []row
	for i := range s.Openings {
		o := &s.Openings[i]
		for j := range o.Cohorts {
			c := &o.Cohorts[j]
			at := slices.IndexFunc(rows, func(r row) bool { return r.cohort.ID == c.ID })
			if at < 0 {
				rows = append(rows, row{cohort: c})
				at = len(rows) - 1
			}
			rows[at].put(bar{opening: o, number: i + 1})
		}
	}
	return rows
}

// put finds the first lane on which nobody waits or books at the same time.
func (r *row) put(b bar) {
	meets := func(x bar) bool {
		return x.lane == b.lane && x.opening.LobbyAt.Before(b.opening.ClosesAt) && b.opening.LobbyAt.Before(x.opening.ClosesAt)
	}
	for slices.ContainsFunc(r.bars, meets) {
		b.lane++
	}
	r.bars = append(r.bars, b)
	r.lanes = max(r.lanes, b.lane+1)
}

func (r *row) height() float64 { return laneHeight * float64(r.lanes) }

func (d *drawing) draw() []byte {
	top := headHeight + axisHeight
	bottom := top
	for _, r := range d.rows {
		bottom += r.height()
	}
	height := bottom + legendSpace + listHeight*float64(len(d.schedule.Openings)+1) + margin
	d.begin(height)
	d.days(bottom)
	y := top
	for _, r := range d.rows {
		d.row(r, y)
		y += r.height()
	}
	d.line("edge", margin, bottom, pageWidth-margin, bottom)
	d.legend(bottom + 24)
	d.list(bottom + legendSpace)
	d.add("</svg>")
	return slices.Clone(d.Bytes())
}

// days draws the columns with their names.
func (d *drawing) days(bottom float64) {
	every := int(timeWidth/d.axis.columns[0].width) + 1 // names that would meet are left out
	for i, c := range d.axis.columns {
		if class := dayClass(c); class != "" {
			d.rect(class, c.x, headHeight, c.width, bottom-headHeight, "")
		}
		d.line("grid", c.x, headHeight, c.x, bottom)
		if i%every == 0 {
			d.text("day", c.x+c.width/2, headHeight+15, d.say.day(c))
			d.text("weekday", c.x+c.width/2, headHeight+29, d.say.weekday(c))
		}
	}
	d.line("grid", pageWidth-margin, headHeight, pageWidth-margin, bottom)
}

func dayClass(c column) string {
	switch weekday := c.from.At(12, 0).Weekday(); {
	case c.rest():
		return "rest"
	case weekday == time.Saturday || weekday == time.Sunday:
		return "weekend"
	}
	return ""
}

func (d *drawing) row(r row, y float64) {
	d.line("edge", margin, y, pageWidth-margin, y)
	d.text("name", margin, y+15, fit(d.say.name(r.cohort), labelMost))
	d.text("born", margin, y+28, fit(d.say.born(r.cohort), labelMost+11))
	d.text("born", margin, y+40, fit(d.say.lists(r.cohort), labelMost+11))
	for i, b := range r.bars {
		d.bar(b, r.bars[:i], r.bars[i+1:], y+laneHeight*float64(b.lane))
	}
}

func (d *drawing) bar(b bar, before, after []bar, y float64) {
	o := b.opening
	lobby, opens, closes := d.axis.at(o.LobbyAt), d.axis.at(o.OpensAt), d.axis.at(o.ClosesAt)
	lobby = min(lobby, opens-lobbyLeast)
	title := fmt.Sprintf("%d. %s: %s", b.number, d.say.opening(o), d.say.window(d.words, o))
	d.rect("lobby", lobby, y+15, opens-lobby, barHeight, title)
	d.rect("open", opens, y+15, max(closes-opens, 2), barHeight, title)
	if closes-opens > 14 {
		d.text("number", (opens+closes)/2, y+27, fmt.Sprint(b.number))
	}
	crowded := func(others []bar, at func(*Opening) time.Time, x float64) bool {
		return slices.ContainsFunc(others, func(other bar) bool {
			gap := d.axis.at(at(other.opening)) - x
			return other.lane == b.lane && gap > -timeWidth && gap < timeWidth
		})
	}
	if !crowded(before, func(o *Opening) time.Time { return o.OpensAt }, opens) {
		d.text("from", opens, y+12, clock(o.OpensAt.In(subject.Seoul)))
	}
	if !crowded(after, func(o *Opening) time.Time { return o.ClosesAt }, closes) {
		d.text("to", closes, y+41, clock(o.ClosesAt.In(subject.Seoul)))
	}
}

// list says of each opening what the bars cannot.
func (d *drawing) list(y float64) {
	at := []float64{margin + 22, margin + 34, margin + 306, margin + 440, margin + 574, margin + 708, margin + 836, margin + 848}
	put := func(class string, y float64, cells []string) {
		for i, cell := range cells {
			place := "cell"
			if i == 0 || i == 6 {
				place = "figure"
			}
			d.text(place+class, at[i], y, cell)
		}
	}
	put(" head", y+14, d.say.heads)
	for i := range d.schedule.Openings {
		o := &d.schedule.Openings[i]
		y += listHeight
		d.line("grid", margin, y, pageWidth-margin, y)
		put("", y+14, []string{
			fmt.Sprint(i + 1), fit(d.say.opening(o), 48), d.say.time(d.words, o.LobbyAt), d.say.time(d.words, o.OpensAt), d.say.time(d.words, o.ClosesAt),
			fit(o.Vaccine, 14), thousands(o.Stock), fit(d.say.terms(o), 20),
		})
	}
}
