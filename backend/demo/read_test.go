package demo

import (
	"strings"
	"testing"
)

func TestReadersNameTheLineAndKeepThePersonToThemselves(t *testing.T) {
	citizens := func(s string) error { _, err := ReadCitizens(strings.NewReader(s)); return err }
	clinics := func(s string) error { _, err := ReadClinics(strings.NewReader(s)); return err }
	slots := func(s string) error { _, err := ReadSlots(strings.NewReader(s)); return err }
	const (
		people = "rrn,name,phone,birth_date,on_roster\n6703011234567,김하나,010-0000-0000,1967-03-01,true\n"
		places = "id,name,region,address,vaccine\n"
		times  = "id,clinic,at,vaccine,capacity\n"
	)
	for _, c := range []struct {
		read       func(string) error
		text, says string
	}{
		{citizens, people + "670301123456,이둘,010-0000-0001,1967-03-01,true\n", "line 3"},
		{citizens, people + "6703011234568,이둘,010-0000-0001,1967-03-02,true\n", "line 3"},
		{citizens, people + "6703011234568,이둘,010-0000-0001,1967-03-01,maybe\n", "line 3"},
		{citizens, people + "6703011234568,이둘\n", "line 3"},
		{citizens, "name\n", "rrn"},
		{clinics, "", "header"},
		{clinics, "id,name\n", "header"},
		{clinics, places + "c0001,바른의원,평양,평양 1,모더나\n", "line 2"},
		{clinics, places + "c0001,바른의원\n", "line 2"},
		{slots, times + "c0001-0726-0900,c0001,26 July,모더나,3\n", "line 2"},
		{slots, times + "c0001-0726-0900,c0001,2021-07-26T09:00:00+09:00,모더나,0\n", "line 2"},
		{slots, places, "first line"},
	} {
		err := c.read(c.text)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v, want an error that says %q", c.text, err, c.says)
			continue
		}
		for _, personal := range []string{"670301", "이둘", "010-0000"} {
			if strings.Contains(err.Error(), personal) {
				t.Errorf("the error shows %q: %v", personal, err)
			}
		}
	}
	if err := citizens(people); err != nil {
		t.Error(err)
	}
}
