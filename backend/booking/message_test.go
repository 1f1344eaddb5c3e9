package booking_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/subject"
)

func TestBodyAppendJSONIsMarshal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := booking.Body{
			Kind: booking.MessageKind(rapid.String().Draw(t, "kind")), Lang: rapid.String().Draw(t, "lang"), About: rapid.String().Draw(t, "about"),
			Subject: subject.ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "subject")), Opening: rapid.String().Draw(t, "opening"), Doses: []booking.DoseFact{},
		}
		for range rapid.IntRange(0, 3).Draw(t, "doses") {
			m.Doses = append(m.Doses, booking.DoseFact{
				No: rapid.String().Draw(t, "no"), Dose: rapid.Int().Draw(t, "dose"), Slot: rapid.String().Draw(t, "slot"),
			})
		}
		want, err := json.Marshal(m)
		if got := m.AppendJSON(nil); err != nil || string(got) != string(want) {
			t.Fatalf("%s\n%s, %v", got, want, err)
		}
	})
}

func TestRemindedInTheMorningBefore(t *testing.T) {
	want := time.Date(2021, 7, 25, 10, 0, 0, 0, subject.Seoul)
	for _, slot := range []time.Time{
		time.Date(2021, 7, 26, 0, 0, 0, 0, subject.Seoul),
		time.Date(2021, 7, 26, 9, 30, 0, 0, subject.Seoul).UTC(),
		time.Date(2021, 7, 26, 23, 30, 0, 0, subject.Seoul),
	} {
		if got := booking.ReminderAt(slot); !got.Equal(want) {
			t.Errorf("slot %v: %v, want %v", slot, got, want)
		}
	}
}
