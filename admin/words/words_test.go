package words

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"math"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var slot = regexp.MustCompile(`\{\d+\}`)

func slots(text string) map[string]bool {
	found := map[string]bool{}
	for _, s := range slot.FindAllString(text, -1) {
		found[s] = true
	}
	return found
}

func TestBothLanguagesSayTheSame(t *testing.T) {
	ko, en := Load(Ko), Load(En)
	for _, key := range ko.Keys() {
		if !en.Has(key) {
			t.Errorf("%s is not in English", key)
			continue
		}
		a, b := slots(ko.words[key]), slots(en.words[key])
		for s := range a {
			if !b[s] {
				t.Errorf("%s: %s only in Korean", key, s)
			}
		}
		for s := range b {
			if !a[s] {
				t.Errorf("%s: %s only in English", key, s)
			}
		}
	}
	for _, key := range en.Keys() {
		if !ko.Has(key) {
			t.Errorf("%s is not in Korean", key)
		}
	}
}

func TestToolkitWordsAreComplete(t *testing.T) {
	var ko, en map[string]any
	for l, into := range map[Lang]*map[string]any{Ko: &ko, En: &en} {
		if err := json.Unmarshal(Toolkit(l), into); err != nil {
			t.Fatal(err)
		}
	}
	for key := range en {
		if _, ok := ko[key]; !ok {
			t.Errorf("toolkit word %q is not in Korean", key)
		}
	}
	if len(ko) != len(en) {
		t.Errorf("%d Korean and %d English toolkit words", len(ko), len(en))
	}
}

// keyCall are the functions whose first argument, or the one named, is a key.
var keyCall = map[string]int{"T": 0, "M": 0, "missing": 0, "impact": 1, "label": 0, "hint": 0}

// TestKeysUsedExist reads the console's source: a key written out there must have words.
func TestKeysUsedExist(t *testing.T) {
	ko := Load(Ko)
	checked := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if key, ok := keyIn(n); ok {
				checked++
				if !ko.Has(key) {
					t.Errorf("%s uses %q, which has no words", path, key)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if checked < 100 {
		t.Errorf("only %d keys found in the source: the test looks at the wrong place", checked)
	}
}

func keyIn(n ast.Node) (string, bool) {
	call, ok := n.(*ast.CallExpr)
	if !ok {
		return "", false
	}
	name := ""
	switch f := call.Fun.(type) {
	case *ast.Ident:
		name = f.Name
	case *ast.SelectorExpr:
		name = f.Sel.Name
	}
	at, ok := keyCall[name]
	if !ok || len(call.Args) <= at {
		return "", false
	}
	literal, ok := call.Args[at].(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	key, err := strconv.Unquote(literal.Value)
	return key, err == nil
}

func TestArguments(t *testing.T) {
	ko, en := Load(Ko), Load(En)
	at := time.Date(2021, 7, 19, 11, 0, 5, 0, time.UTC)
	for _, row := range []struct{ got, want string }{
		{ko.T("do.pause", int64(321044)), "321,044명의 호출을 멈춤"},
		{ko.T("alarm.over", M("alarm.none")), "해제: 경보 없음"},
		{en.T("target.cohort", Name{Ko: "오십대", En: "Fifties"}, Name{Ko: "1967년생"}), "Fifties · 1967년생"},
		{en.T("target.chosen", at), "Chosen: 20:00:05"},
		{ko.T("impact.postpone.now", Clock(at)), "현재 개통 시각은 07-19 20:00입니다."},
		{ko.T("age", 75*time.Second), "자료 1분 전"},
		{en.Span(130 * time.Minute), "2 h 10 min"},
		{ko.Span(2 * time.Hour), "2시간"},
		{en.Span(72 * time.Hour), "3 d"},
		{ko.T("no.such.key"), "no.such.key"},
	} {
		if row.got != row.want {
			t.Errorf("%q, want %q", row.got, row.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 1234567: "1,234,567", -1000: "−1,000", -999: "−999"} {
		if got := Number(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0", 0.25: "0.2", 0.01: "0", 9.5: "9.5", 9.96: "10", 10.6: "11", 1234.4: "1,234", math.Inf(1): "–"} {
		if got := Rate(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
	if got := Rate(math.NaN()); got != "–" {
		t.Errorf("unknown: %q", got)
	}
}

func TestParseLang(t *testing.T) {
	if l, err := ParseLang("en"); err != nil || l.Other() != Ko {
		t.Errorf("en: %v, other %v", err, l.Other())
	}
	if _, err := ParseLang("fr"); err == nil {
		t.Error("fr is taken")
	}
}
