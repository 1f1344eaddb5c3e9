package subject

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDateAgreesWithTheCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Date{rapid.IntRange(1, 9999).Draw(t, "year"), time.Month(rapid.IntRange(0, 14).Draw(t, "month")), rapid.IntRange(0, 33).Draw(t, "day")}
		y, m, day := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Date()
		exists := d == Date{y, m, day}
		if d.Valid() != exists {
			t.Fatalf("%v: valid %v, exists %v", d, d.Valid(), exists)
		}
		read, err := ParseDate(d.String())
		if (err == nil) != exists || exists && read != d {
			t.Fatalf("%v read as %v, %v", d, read, err)
		}
	})
}

func TestDatesAreOrderedAsTheirInstants(t *testing.T) {
	day := rapid.Custom(func(t *rapid.T) Date {
		return Date{1900, 1, 1}.AddDays(rapid.IntRange(0, 80_000).Draw(t, "day"))
	})
	rapid.Check(t, func(t *rapid.T) {
		a, b := day.Draw(t, "a"), day.Draw(t, "b")
		if got, want := a.Compare(b), a.At(0, 0).Compare(b.At(0, 0)); got != want || a.Before(b) != (want < 0) {
			t.Fatalf("%v against %v: %d, want %d", a, b, got, want)
		}
	})
}

func TestDateOfIsTheDayInKorea(t *testing.T) {
	// 18:00 on the 19th in London is 03:00 on the 20th in Korea.
	if got := DateOf(time.Date(2021, 7, 19, 18, 0, 0, 0, time.UTC)); got != (Date{2021, 7, 20}) {
		t.Errorf("got %v", got)
	}
	if got := (Date{2021, 7, 20}).At(3, 0).UTC(); got != time.Date(2021, 7, 19, 18, 0, 0, 0, time.UTC) {
		t.Errorf("got %v", got)
	}
}

func TestDateInJSON(t *testing.T) {
	type person struct{ Birth, Unknown Date }
	data, err := json.Marshal(person{Birth: Date{1967, 3, 1}})
	if err != nil || string(data) != `{"Birth":"1967-03-01","Unknown":""}` {
		t.Fatalf("%s, %v", data, err)
	}
	var back person
	if err := json.Unmarshal(data, &back); err != nil || back.Birth != (Date{1967, 3, 1}) || !back.Unknown.IsZero() {
		t.Errorf("%v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"Birth":"1967-02-30"}`), &back); err == nil {
		t.Error("30 February was read")
	}
}

func TestIDText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := ID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "id"))
		read, err := ParseID(id.String())
		if err != nil || read != id || len(id.String()) != 32 {
			t.Fatalf("%v read as %v, %v", id, read, err)
		}
		var fromJSON map[string]ID
		data, err := json.Marshal(map[string]ID{"subject": id})
		if err != nil || json.Unmarshal(data, &fromJSON) != nil || fromJSON["subject"] != id {
			t.Fatalf("%v in JSON: %s, %v", id, data, err)
		}
	})
	for _, s := range []string{"", "00", "zz000000000000000000000000000000", "0000000000000000000000000000000000"} {
		if _, err := ParseID(s); err == nil {
			t.Errorf("%q was read as an ID", s)
		}
	}
}
