package cohort

import (
	"encoding/xml"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/subject"
)

func TestPicture(t *testing.T) {
	for _, name := range ShippedNames() {
		s := shippedSchedule(t, name)
		golden(t, name+".ko.svg", string(s.Picture("ko")))
		golden(t, name+".en.svg", string(s.Picture("en")))
	}
}

// wellFormed reads a picture and refuses what could reach out of it or run.
func wellFormed(t interface{ Fatalf(string, ...any) }, picture []byte) (texts []string) {
	in := xml.NewDecoder(strings.NewReader(string(picture)))
	var text strings.Builder
	for {
		token, err := in.Token()
		if err == io.EOF {
			return texts
		}
		if err != nil {
			t.Fatalf("%v in\n%s", err, picture)
		}
		switch token := token.(type) {
		case xml.StartElement:
			text.Reset()
			for _, a := range token.Attr {
				if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "href" || a.Name.Local != "xmlns" && strings.Contains(a.Value, "://") {
					t.Fatalf("<%s> has %s=%q", token.Name.Local, a.Name.Local, a.Value)
				}
			}
			if token.Name.Local == "script" || token.Name.Local == "image" {
				t.Fatalf("<%s>", token.Name.Local)
			}
		case xml.CharData:
			text.Write(token)
		case xml.EndElement:
			texts = append(texts, text.String())
			text.Reset()
		}
	}
}

func TestPictureOfAnyScheduleIsWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule.Draw(t, "schedule")
		nasty := `<script>alert("x")</script> & 'ㄱ'`
		s.Name, s.Openings[0].Name, s.Openings[0].Cohorts[0].Name, s.Openings[0].Vaccine = nasty, nasty, nasty, nasty
		wellFormed(t, s.Picture("ko"))
		wellFormed(t, s.Picture("en"))
	})
}

func TestPictureNamesEveryCohortAndOpening(t *testing.T) {
	for _, name := range ShippedNames() {
		s := shippedSchedule(t, name)
		texts := strings.Join(wellFormed(t, s.Picture("ko")), "\n")
		for _, o := range s.Openings {
			for _, want := range []string{o.Name, TimeKo(o.LobbyAt), TimeKo(o.OpensAt), TimeKo(o.ClosesAt), thousands(o.Stock)} {
				if !strings.Contains(texts, want) {
					t.Errorf("%s: %q is missing", name, want)
				}
			}
			for _, c := range o.Cohorts {
				if !strings.Contains(texts, c.Name) || !strings.Contains(texts, c.bornKo()) {
					t.Errorf("%s: cohort %s is missing", name, c.ID)
				}
			}
		}
	}
}

// The axis never runs backwards, keeps within its width and gives every day its place.
func TestAxisRunsWithTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySchedule.Draw(t, "schedule")
		for i := range s.Openings {
			by := time.Duration(rapid.IntRange(0, 60).Draw(t, "days")) * 24 * time.Hour
			o := &s.Openings[i]
			o.LobbyAt, o.OpensAt, o.ClosesAt = o.LobbyAt.Add(by), o.OpensAt.Add(by), o.ClosesAt.Add(by)
		}
		a := newAxis(s, 100, 700)
		first, last, _ := days(s)
		before := 100.0
		for at := first.At(0, 0); subject.DateOf(at).Compare(last) <= 0; at = at.Add(6 * time.Hour) {
			x := a.at(at)
			if x < before-1e-6 || x > 800+1e-6 {
				t.Fatalf("%v lies at %g, after %g", at, x, before)
			}
			before = x
		}
		if end := a.columns[len(a.columns)-1]; end.x+end.width < 800-1e-6 || end.to != last || a.columns[0].from != first {
			t.Fatalf("the axis ends at %g on %v, want 800 on %v", end.x+end.width, end.to, last)
		}
	})
}
