//go:build window

package windowtest

import (
	"image"
	"testing"
	"time"

	"github.com/daemun/daemun/admin/words"
	"github.com/daemun/daemun/gateway/api"
)

// How many people queue, and how many of them are called in a second: slow enough that somebody waits to the end.
const (
	people = 120
	pace   = 0.2
	faster = 5.0 // what they are called with after a second person agreed
)

// firstLine is how far below the board's buttons its first line stands, in pixels.
const firstLine = 105

// fewestColours is less than any picture of the drawn window has, and more than an empty or half-drawn one.
const fewestColours = 200

// TestOperatorAtTheConsole sits down at the console, pauses the opening and resumes it, watches over the public API what
// somebody who waits is told, and at last confirms what a colleague asked for.
func TestOperatorAtTheConsole(t *testing.T) {
	screen, site := newScreen(t), newSite(t)
	id := site.opening().ID
	site.order("operator", "PUT", "openings/"+id+"/rate", api.RateCommand{Reason: "천천히", PerS: pace}, &api.OpeningStatus{})
	waiting := somebodyWhoWaits(t, site, site.join(people))

	console := screen.open(built(t, "daemun-console"), "--control", "https://"+site.control,
		"--cert", site.operator("supervisor"), "--ca", site.operator("ca"), "--size", "1440x900")
	eventually(t, "the console shows what can be ordered", func() bool { return len(screen.buttons()) == 1 }, console, site.server)
	if n := colours(screen.picture("board")); n < fewestColours {
		t.Errorf("the window is blank: %d colours", n)
	}
	choosesTheOpening(screen)

	pauses(t, screen, site, waiting)
	resumes(t, screen, site, waiting)
	confirms(t, screen, site)
}

func pauses(t *testing.T, screen *screen, site *site, waiting string) {
	t.Helper()
	reason := words.Load(words.Ko).T("template.pause.1")
	button := screen.buttons()[0]
	opens(screen, "pause")
	screen.keys("Tab", "Right") // the first of the ready reasons
	delay := sends(screen, "pause", func() bool {
		p := site.place(waiting)
		return p.State == api.PlacePaused && p.Reason == reason
	})
	t.Logf("paused for somebody who waits %s after the click", delay.Round(time.Millisecond))
	if o := site.opening(); o.State != api.OpeningPaused || o.PausedBy == "" || o.Reason != reason {
		t.Errorf("the opening is %q, paused by %q for %q", o.State, o.PausedBy, o.Reason)
	}
	offersTheOther(screen, button)
}

func resumes(t *testing.T, screen *screen, site *site, waiting string) {
	t.Helper()
	button := screen.buttons()[0]
	opens(screen, "resume")
	screen.keys("Tab", "Right")
	delay := sends(screen, "resume", func() bool {
		state := site.place(waiting).State
		return state == api.PlaceWaiting || state == api.PlaceTurn
	})
	t.Logf("resumed for somebody who waits %s after the click", delay.Round(time.Millisecond))
	if o := site.opening(); o.State != api.OpeningOpen {
		t.Errorf("the opening is %q after it was resumed", o.State)
	}
	offersTheOther(screen, button)
}

// confirms is the second person for a higher cap on the pace: the form comes with what the first one asked for.
func confirms(t *testing.T, screen *screen, site *site) {
	t.Helper()
	var asked api.OpeningStatus
	site.order("operator", "PUT", "openings/"+site.opening().ID+"/rate", api.RateCommand{Reason: "백엔드가 안정되어 높입니다", PerS: faster}, &asked)
	if asked.RateCap != pace || asked.Pending == nil {
		t.Fatalf("one person alone raised the cap: %v, waiting %+v", asked.RateCap, asked.Pending)
	}
	eventually(t, "the console shows what waits for a second person", func() bool { return len(screen.buttons()) == 2 })
	screen.picture("second")
	opens(screen, "confirm")
	sends(screen, "confirm", func() bool { return site.opening().RateCap == faster })
	eventually(t, "nothing waits any more", func() bool { return len(screen.buttons()) == 1 })
	screen.picture("board")
}

// somebodyWhoWaits is the ticket of who will be called last.
func somebodyWhoWaits(t *testing.T, site *site, tickets []string) (ticket string) {
	t.Helper()
	eventually(t, "the opening begins and somebody waits", func() bool {
		last := int64(people / 2)
		for _, candidate := range tickets {
			if p := site.place(candidate); p.State == api.PlaceWaiting && p.Ahead != nil && *p.Ahead > last {
				ticket, last = candidate, *p.Ahead
			}
		}
		return ticket != ""
	}, site.server)
	return ticket
}

// choosesTheOpening clicks on the board's first line, which stands below the buttons.
func choosesTheOpening(s *screen) {
	s.t.Helper()
	button := s.buttons()[0]
	s.click(image.Pt(button.Min.X, button.Max.Y+firstLine))
	s.picture("chosen")
}

// opens presses the lowest of the board's buttons and waits for the form that comes up.
func opens(s *screen, name string) {
	s.t.Helper()
	s.soon("the form of "+name+" opens", s.press, func() bool { return len(s.buttons()) == 0 })
	s.picture(name + "-form")
}

// sends ticks the box with the keyboard, sends the form with the mouse, and tells how long after that click the order
// was in effect.
func sends(s *screen, name string, inEffect func() bool) time.Duration {
	s.t.Helper()
	s.keys("shift+Tab", "shift+Tab", "space") // backwards from the form's first field, past Cancel, to the box
	eventually(s.t, "the form of "+name+" is complete", func() bool { return len(s.buttons()) == 1 })
	s.picture(name + "-complete")
	s.soon(name+" is in effect", s.press, inEffect)
	delay := time.Since(s.clicked)
	eventually(s.t, "the form of "+name+" is gone", func() bool { return len(s.buttons()) > 0 })
	s.picture(name + "-done")
	return delay
}

// offersTheOther waits until the board knows what happened: it offers to resume where it offered to pause, or the other
// way round.
func offersTheOther(s *screen, before image.Rectangle) {
	s.t.Helper()
	eventually(s.t, "the board offers the opposite of what was ordered", func() bool {
		now := s.buttons()
		return len(now) == 1 && !now[0].Overlaps(before)
	})
	s.picture("board")
}

// press clicks on the lowest button in the strongest colour, if there is one.
func (s *screen) press() {
	s.t.Helper()
	if all := s.buttons(); len(all) > 0 {
		s.click(centre(all[len(all)-1]))
	}
}
