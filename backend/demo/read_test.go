package demo

import (
	"strings"
	"testing"
)

func TestReaderNamesTheLineAndKeepsThePersonToItself(t *testing.T) {
	citizens := func(s string) error { _, err := ReadCitizens(strings.NewReader(s)); return err }
	const (
		people = "rrn,name,phone,birth_date,on_roster\n6703011234567,김하나,010-0000-0000,1967-03-01,true\n"
	)
	for _, c := range []struct {
		text, says string
	}{
		{people + "670301123456,이둘,010-0000-0001,1967-03-01,true\n", "line 3"},
		{people + "6703011234568,이둘,010-0000-0001,1967-03-02,true\n", "line 3"},
		{people + "6703011234568,이둘,010-0000-0001,1967-03-01,maybe\n", "line 3"},
		{people + "6703011234568,이둘\n", "line 3"},
		{"name\n", "rrn"},
	} {
		err := citizens(c.text)
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
