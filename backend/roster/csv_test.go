package roster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func read(t *testing.T, text string) (accepted, rejected []string, err error) {
	t.Helper()
	err = ReadCSV(strings.NewReader(text), func(r Row) error {
		accepted = append(accepted, fmt.Sprintf("%d %v %s", r.Line, r.Number, r.Field("name")))
		return nil
	}, func(r Rejection) { rejected = append(rejected, r.String()) })
	return accepted, rejected, err
}

func TestReadCSVGoesOnAfterABadRow(t *testing.T) {
	accepted, rejected, err := read(t, "\ufeffname,rrn\n김하나,670301-1234567\n이둘,6703011\n박셋\n\"최넷\"x,680101-1234567\n정다섯,6801012345678\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"2 670301-1****** 김하나", "6 680101-2****** 정다섯"}; !slices.Equal(accepted, want) {
		t.Errorf("accepted %q, want %q", accepted, want)
	}
	if len(rejected) != 3 {
		t.Fatalf("rejected %q, want lines 3, 4 and 5", rejected)
	}
	for i, line := range []string{"3행", "4행", "5행"} {
		if !strings.HasPrefix(rejected[i], line) {
			t.Errorf("rejection %d is %q, want %s", i, rejected[i], line)
		}
		if strings.Contains(rejected[i], "6703011") || strings.Contains(rejected[i], "최넷") {
			t.Errorf("the rejection shows what stood in the row: %q", rejected[i])
		}
	}
}

func TestReadCSVNeedsAHeaderThatNamesTheNumber(t *testing.T) {
	for _, text := range []string{"", "name,phone\n", "670301-1234567\n", "\xc0\xcc\xb8\xa7,rrn\n"} {
		_, _, err := read(t, text)
		var refused *HeaderError
		if !errors.As(err, &refused) {
			t.Errorf("%q: %v, want a HeaderError", text, err)
		}
	}
}

func TestReadCSVEndsAtAnErrorOfTheReceiver(t *testing.T) {
	full := errors.New("full")
	calls := 0
	err := ReadCSV(strings.NewReader("rrn\n6703011234567\n6703011234568\n"), func(Row) error { calls++; return full }, func(Rejection) {})
	if !errors.Is(err, full) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}

func FuzzReadCSV(f *testing.F) {
	f.Add("rrn,name\n6703011234567,김하나\n")
	f.Add("name\n\"")
	f.Add("\ufeffrrn\n\"670301\n1234567\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		last := 1
		step := func(line int) {
			if line <= last {
				t.Fatalf("line %d after line %d", line, last)
			}
			last = line
		}
		_ = ReadCSV(strings.NewReader(text), func(r Row) error { step(r.Line); return nil }, func(r Rejection) { step(r.Line) })
	})
}
