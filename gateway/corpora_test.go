package gateway

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

// separated are digits with at most a little between them, as people write numbers.
var separated = regexp.MustCompile(`[0-9](?:[^0-9]{0,3}[0-9]){12,}`)

// TestCorporaHoldNobodysNumber: what fuzzing found interesting is kept, but never a registration number that could be
// somebody's. Numbers issued before October 2020 have a check digit; those in the corpora have a wrong one.
func TestCorporaHoldNobodysNumber(t *testing.T) {
	files := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.Contains(filepath.ToSlash(path), "/testdata/fuzz/") {
			return err
		}
		files++
		body, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, run := range separated.FindAllString(norm.NFKC.String(string(body)), -1) {
			digits := onlyDigits(run)
			for i := range len(digits) - 12 {
				if couldBeSomebodys(digits[i : i+13]) {
					t.Errorf("%s holds %s-*******, whose check digit is right", path, digits[i:i+6])
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 100 {
		t.Errorf("only %d inputs found: the test looks at the wrong place", files)
	}
}

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, s)
}

// couldBeSomebodys tells whether 13 digits state a month and a day and end in the check digit that was used until 2020,
// for residents or for foreigners.
func couldBeSomebodys(digits string) bool {
	month, day := digits[2:4], digits[4:6]
	if month < "01" || month > "12" || day < "01" || day > "31" {
		return false
	}
	sum := 0
	for i := range 12 {
		sum += int(digits[i]-'0') * (2 + i%8)
	}
	last := int(digits[12] - '0')
	return (11-sum%11)%10 == last || (13-sum%11)%10 == last
}

func TestCheckDigit(t *testing.T) {
	for digits, want := range map[string]bool{"6703011000000": false, "6703011234560": false, "6713011000009": false} {
		if couldBeSomebodys(digits) != want {
			t.Errorf("%s: %v", digits[:6], !want)
		}
	}
	right := 0
	for last := range 10 {
		if couldBeSomebodys("670301123456" + string(rune('0'+last))) {
			right++
		}
	}
	if right != 2 { // one for residents, one for foreigners
		t.Errorf("%d of ten last digits are taken for right", right)
	}
}
