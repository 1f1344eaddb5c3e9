// Package words holds everything the console says, in Korean and in English.
//
// The model speaks in messages (a key and its arguments), so that a line of the log that was written in one language
// can be read in the other after a switch.
package words

import (
	"embed"
	"encoding/json"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"
)

//go:embed ko.json en.json toolkit.ko.json toolkit.en.json
var files embed.FS

// Lang is a language of the console.
type Lang string

// The languages there are; Ko is the default.
const (
	Ko Lang = "ko"
	En Lang = "en"
)

// ParseLang reads a language as a flag gives it.
func ParseLang(s string) (Lang, error) {
	if l := Lang(s); l == Ko || l == En {
		return l, nil
	}
	return "", fmt.Errorf("language %q: there are ko and en", s)
}

// Other is the language to switch to.
func (l Lang) Other() Lang {
	if l == Ko {
		return En
	}
	return Ko
}

// kst is Korea's time; it has no summer time, so no zone database is needed.
var kst = time.FixedZone("KST", 9*3600)

// Message is something to say: Args fill {0}, {1} … of the sentence that Key names. An argument may be a number,
// a time (shown as KST), a Duration, a Name or another Message.
type Message struct {
	Key  string
	Args []any
}

// M is a message.
func M(key string, args ...any) Message { return Message{Key: key, Args: args} }

// Name is something that has a name in both languages, an opening or a cohort.
type Name struct{ Ko, En string }

// In is the name in a language, or the one there is.
func (n Name) In(l Lang) string {
	if l == En && n.En != "" || n.Ko == "" {
		return n.En
	}
	return n.Ko
}

// Clock is a time of day with its date, to the minute, for openings that may be days away.
type Clock time.Time

// Book is the words of one language.
type Book struct {
	Lang  Lang
	words map[string]string
}

// Load reads the words of a language.
func Load(l Lang) *Book {
	b := &Book{Lang: l}
	if err := json.Unmarshal(mustRead(string(l)+".json"), &b.words); err != nil {
		panic("words of " + string(l) + ": " + err.Error()) // embedded: wrong only in a broken build
	}
	return b
}

// Toolkit is the translation of the toolkit's own words (Cancel, Save …) in the form that Fyne reads.
func Toolkit(l Lang) []byte { return mustRead("toolkit." + string(l) + ".json") }

func mustRead(name string) []byte {
	data, err := files.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return data
}

// T says a key with its arguments. An unknown key shows itself, so that it is seen.
func (b *Book) T(key string, args ...any) string {
	text, ok := b.words[key]
	if !ok {
		return key
	}
	for i, arg := range args {
		text = strings.ReplaceAll(text, "{"+strconv.Itoa(i)+"}", b.show(arg))
	}
	return text
}

// Say says a message.
func (b *Book) Say(m Message) string { return b.T(m.Key, m.Args...) }

// Has reports whether there are words for the key.
func (b *Book) Has(key string) bool { _, ok := b.words[key]; return ok }

// Keys lists all keys in order.
func (b *Book) Keys() []string {
	keys := make([]string, 0, len(b.words))
	for k := range b.words {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// List returns the sentences key.1, key.2 … in order.
func (b *Book) List(key string) []string {
	var list []string
	for i := 1; b.Has(key + "." + strconv.Itoa(i)); i++ {
		list = append(list, b.T(key+"."+strconv.Itoa(i)))
	}
	return list
}

func (b *Book) show(arg any) string {
	switch v := arg.(type) {
	case string:
		return v
	case int:
		return Number(int64(v))
	case int64:
		return Number(v)
	case float64:
		return Rate(v)
	case time.Time:
		return v.In(kst).Format("15:04:05")
	case Clock:
		return time.Time(v).In(kst).Format("01-02 15:04")
	case time.Duration:
		return b.Span(v)
	case Name:
		return v.In(b.Lang)
	case Message:
		return b.Say(v)
	}
	return fmt.Sprint(arg)
}

// Number writes a count with its thousands apart.
func Number(n int64) string {
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Rate writes a measured value: one decimal while small, none from ten up. An unknown value is a dash.
func Rate(v float64) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case v > -9.95 && v < 9.95 && math.Abs(v-math.Round(v)) >= 0.05:
		return strings.Replace(strconv.FormatFloat(v, 'f', 1, 64), "-", "−", 1)
	}
	return Number(int64(math.Round(v)))
}

// Span writes a duration by its largest fitting unit or two: 45 s, 3 min, 2 h 10 min.
func (b *Book) Span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return b.T("span.s", int(d/time.Second))
	case d < time.Hour:
		return b.T("span.m", int(d/time.Minute))
	case d < 48*time.Hour && d%time.Hour < time.Minute:
		return b.T("span.h", int(d/time.Hour))
	case d < 48*time.Hour:
		return b.T("span.hm", int(d/time.Hour), int(d%time.Hour/time.Minute))
	}
	return b.T("span.d", int(d/(24*time.Hour)))
}
