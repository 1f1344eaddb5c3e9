package pages

import (
	"bytes"
	"strings"
	"testing"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/brownout"
)

// Two people in the same state get the same bytes, and nothing of either is in them.
func TestThePreparedPageIsEverybodys(t *testing.T) {
	s := newFake()
	s.step = brownout.Static
	h := site(t, s)
	one := get(h, "/wait", everyCookie).Body.Bytes()
	for _, of := range []string{s.place.Code, "12,345", "12,346", s.place.Ticket} {
		if bytes.Contains(one, []byte(of)) {
			t.Errorf("%q is in it", of)
		}
	}
	s.place.Code, s.place.Ahead, s.place.NextPollS, s.place.StockOutlook = "9Z9Z-9Z9Z-9Z9Z", ptr(int64(3)), 4, "gone"
	if other := get(h, "/wait", everyCookie).Body.Bytes(); !bytes.Equal(one, other) {
		t.Errorf("another person sees\n%s", other)
	}
	s.place.Reason = "다른 대상군"
	if other := get(h, "/wait", everyCookie).Body.String(); !strings.Contains(other, s.place.Reason) {
		t.Error("what is said to a cohort is lost")
	}
	s.place.State = api.PlaceTurn
	if turn := get(h, "/wait", everyCookie).Body.String(); !strings.Contains(turn, `action="/enter"`) {
		t.Error("somebody whose turn has come cannot enter")
	}
}

func TestThePreparedPageIsMadeAnewEachSecond(t *testing.T) {
	s := newFake()
	s.step = brownout.Essential
	h := site(t, s)
	before := get(h, "/wait", everyCookie).Body.String()
	s.notices = append(s.notices, api.Notice{At: s.now, Text: "곧 다시 시작합니다", TextEn: "Going on soon"})
	if again := get(h, "/wait", everyCookie).Body.String(); again != before {
		t.Error("made anew within a second")
	}
	s.now = s.now.Add(1e9)
	if after := get(h, "/wait", everyCookie).Body.String(); !strings.Contains(after, "곧 다시 시작합니다") {
		t.Error("a notice does not reach those who wait")
	}
	if every := get(h, "/wait?auto=1", everyCookie).Header().Get("Refresh"); every != "30" {
		t.Errorf("it reloads every %q s", every)
	}
}

// Everything that a person needs to book works on every step.
func TestEveryStepHasTheWay(t *testing.T) {
	for step := brownout.Full; step.Valid(); step++ {
		s := newFake()
		s.step = step
		h := site(t, s)
		for path, needs := range map[string]string{"/": `href="/apply"`, "/apply": `name="rrn1"`, "/clinics?region=서울": "연세가정의학과의원", "/lookup": "<form"} {
			if w := get(h, path, everyCookie); w.Code >= 400 || !strings.Contains(w.Body.String(), needs) {
				t.Errorf("%v: %s: %d", step, path, w.Code)
			}
		}
	}
}

func BenchmarkPreparedPage(b *testing.B) {
	s := newFake()
	s.step = brownout.Static
	p, err := New(s, Options{})
	if err != nil {
		b.Fatal(err)
	}
	around := Waiting{Opening: &s.openings[0]}
	b.ReportAllocs()
	for b.Loop() {
		p.preparedPage(Korean, &s.place, &around)
	}
}
