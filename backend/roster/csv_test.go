package roster

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/daemun/daemun/backend/sheet"
	"github.com/daemun/daemun/backend/subject"
)

func read(text string) (accepted, rejected []string, err error) {
	err = ReadCSV(strings.NewReader(text), sheet.Auto, func(n subject.Number, listed bool) error {
		accepted = append(accepted, fmt.Sprint(n, " ", listed))
		return nil
	}, func(r sheet.Rejection) { rejected = append(rejected, r.String()) })
	return accepted, rejected, err
}

func TestReadCSVGoesOnAfterABadRow(t *testing.T) {
	accepted, rejected, err := read("\ufeffname,rrn\n김하나,670301-1234567\n이둘,6703011\n박셋\n\"최넷\"x,680101-1234567\n정다섯,6801012345678\n")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"670301-1****** true", "680101-2****** true"}; !slices.Equal(accepted, want) {
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

func TestReadCSVKnowsWhoIsNotListed(t *testing.T) {
	accepted, rejected, err := read("주민등록번호,대상자여부\n6703011234567,true\n6703011234568,false\n6703011234569,\n6703011234561,yes\n")
	if err != nil || !slices.Equal(accepted, []string{"670301-1****** true", "670301-1****** false", "670301-1****** true"}) || len(rejected) != 1 {
		t.Errorf("%q %q %v", accepted, rejected, err)
	}
}

func TestReadCSVNeedsAHeaderThatNamesTheNumber(t *testing.T) {
	for _, text := range []string{"", "name,phone\n", "670301-1234567\n"} {
		_, _, err := read(text)
		var refused *sheet.HeaderError
		if !errors.As(err, &refused) {
			t.Errorf("%q: %v, want a HeaderError", text, err)
		}
	}
}
