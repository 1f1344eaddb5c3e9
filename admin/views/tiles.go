package views

import (
	"fmt"
	"math"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/daemun/daemun/admin/model"
	"github.com/daemun/daemun/admin/widgets"
	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// tiles are the figures that a decision hangs on, of the opening in focus.
type tiles struct {
	book    *words.Book
	queue   *widgets.Tile
	wait    *widgets.Tile
	calls   *widgets.Tile
	entered *widgets.Tile
	booked  *widgets.Tile
	stock   *widgets.Tile
	sheds   *widgets.Tile
	breaker *widgets.Tile
	content fyne.CanvasObject
}

func newTiles(b *words.Book) *tiles {
	t := &tiles{book: b}
	var all []fyne.CanvasObject
	for _, one := range []struct {
		tile **widgets.Tile
		name string
	}{
		{&t.queue, "queue"}, {&t.wait, "wait"}, {&t.calls, "calls"}, {&t.entered, "entered"}, {&t.booked, "booked"},
		{&t.stock, "stock"}, {&t.sheds, "sheds"}, {&t.breaker, "breaker"},
	} {
		*one.tile = widgets.NewTile(b.T("tile." + one.name))
		all = append(all, *one.tile)
	}
	t.content = container.NewGridWithColumns(len(all), all...)
	return t
}

func (t *tiles) show(l *model.Look) {
	stale := l.Level != model.Fresh && l.Level != model.Late
	put := func(tile *widgets.Tile, r widgets.Reading) {
		r.Stale = stale
		tile.Display(r)
	}
	latest := l.Latest()
	if o := l.Focus; o != nil {
		now := latest.Openings[o.ID]
		put(t.queue, t.queueReading(o))
		put(t.wait, t.waitReading(o))
		put(t.calls, t.callsReading(o))
		put(t.entered, t.flowReading(o.Entered, now.EnteredPerS))
		put(t.booked, t.flowReading(o.Booked, now.BookedPerS))
		put(t.stock, t.stockReading(o))
	}
	if l.Snapshot != nil {
		put(t.sheds, t.shedReading(latest))
		put(t.breaker, t.breakerReading(l.Snapshot))
	}
}

func (t *tiles) queueReading(o *api.OpeningStatus) widgets.Reading {
	return widgets.Reading{
		Value: words.Number(o.Waiting), Unit: t.book.T("unit.people"), Note: t.book.T("tile.queue.note", o.Joined), Share: -1,
	}
}

func (t *tiles) waitReading(o *api.OpeningStatus) widgets.Reading {
	r := widgets.Reading{Value: "–", Note: t.book.T("tile.wait.unknown"), Share: -1}
	if o.WaitLowS == nil || o.WaitHighS == nil {
		return r
	}
	span := func(s int64) string { return t.book.Span(time.Duration(s) * time.Second) }
	if low, high := span(*o.WaitLowS), span(*o.WaitHighS); low == high {
		r.Value = low
	} else {
		r.Value = low + "–" + high
	}
	if (*o.WaitLowS >= 60) == (*o.WaitHighS >= 60) && *o.WaitHighS < 3600 && *o.WaitLowS != *o.WaitHighS {
		r.Value = rangeOf(*o.WaitLowS, *o.WaitHighS)
		r.Unit = t.book.T(map[bool]string{true: "unit.minutes", false: "unit.seconds"}[*o.WaitLowS >= 60])
	}
	r.Note = t.book.T("tile.wait.note")
	return r
}

// rangeOf writes seconds below a minute as such and else as minutes, the low end rounded down and the high end up.
func rangeOf(low, high int64) string {
	if low < 60 {
		return fmt.Sprintf("%d–%d", low, high)
	}
	return fmt.Sprintf("%d–%d", low/60, (high+59)/60)
}

func (t *tiles) callsReading(o *api.OpeningStatus) widgets.Reading {
	r := widgets.Reading{Value: words.Rate(o.Speed), Unit: t.book.T("unit.people_s"), Note: t.book.T("tile.calls.free"), Share: -1}
	if o.RateCap > 0 {
		r.Note = t.book.T("tile.calls.cap", o.RateCap)
	}
	if o.State == api.OpeningPaused {
		r.Tone, r.Note = widgets.Warn, "▲ "+t.book.T("tile.calls.paused", o.PausedBy)
	}
	return r
}

func (t *tiles) flowReading(total int64, perS float64) widgets.Reading {
	return widgets.Reading{
		Value: words.Number(total), Unit: t.book.T("unit.people"), Note: t.book.T("tile.flow.note", perS), Share: -1,
	}
}

func (t *tiles) stockReading(o *api.OpeningStatus) widgets.Reading {
	share, known := model.StockShare(o)
	if !known {
		return widgets.Reading{Value: "–", Note: t.book.T("unknown"), Share: -1}
	}
	r := widgets.Reading{Value: words.Number(*o.StockLeft), Unit: t.book.T("unit.doses"), Share: share}
	r.Note = t.book.T("tile.stock.note", Percent(share), o.StockTotal)
	switch {
	case *o.StockLeft <= 0:
		r.Tone, r.Note = widgets.Bad, "■ "+r.Note
	case share < 0.10:
		r.Tone, r.Note = widgets.Warn, "▲ "+r.Note
	}
	return r
}

// Percent writes a share; below ten percent with a decimal, and never 0 % or 100 % unless it is exactly that.
func Percent(share float64) string {
	switch p := share * 100; {
	case p <= 0:
		return "0 %"
	case p > 0 && p < 0.1:
		return "< 0.1 %"
	case p < 10:
		return fmt.Sprintf("%.1f %%", math.Floor(p*10)/10)
	default:
		return fmt.Sprintf("%d %%", int(p))
	}
}

func (t *tiles) shedReading(s model.Sample) widgets.Reading {
	r := widgets.Reading{Value: words.Rate(s.ShedPerS), Unit: t.book.T("unit.per_s"), Note: t.book.T("tile.sheds.none"), Share: -1}
	var parts []string
	for _, class := range classOrder {
		if v := s.Sheds[class]; v > 0 {
			parts = append(parts, class+" "+words.Rate(v))
		}
	}
	if len(parts) > 0 {
		r.Note = strings.Join(parts, " · ")
	}
	switch {
	case s.Sheds["P0"] > 0:
		r.Tone = widgets.Bad
	case s.Sheds["P1"] > 0:
		r.Tone = widgets.Warn
	}
	return r
}

// classOrder is highest priority first; L is the reserved lane, W are the answers from the gateway's memory.
var classOrder = []string{"P0", "P1", "P2", "P3", "L", "W"}

func (t *tiles) breakerReading(s *api.Snapshot) widgets.Reading {
	r := widgets.Reading{Value: t.book.T("breaker.closed"), Note: t.book.T("breaker.closed.note", len(s.Breakers)), Tone: widgets.Plain, Share: -1}
	if len(s.Breakers) == 0 {
		r.Value, r.Note = "–", t.book.T("unknown")
	}
	for _, b := range s.Breakers {
		tone := breakerTone(b.State)
		if tone <= r.Tone {
			continue
		}
		r.Tone, r.Value = tone, t.book.T("breaker."+b.State)
		r.Note = tone.Shape() + " " + t.book.T("breaker.since", b.Name, s.At.Sub(b.Since))
	}
	return r
}

func breakerTone(state string) widgets.Tone {
	switch state {
	case "open":
		return widgets.Bad
	case "half-open":
		return widgets.Warn
	}
	return widgets.Plain
}
