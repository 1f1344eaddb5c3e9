package views

import (
	"os"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/lang"

	"github.com/daemun/daemun/admin/words"
)

var kst = time.FixedZone("KST", 9*3600)

func clock(t time.Time) string { return t.In(kst).Format("15:04:05") }

func day(t time.Time) string { return t.In(kst).Format("01-02 15:04") }

// ReadableLocale gives the toolkit a locale that it can read: for the C locale of servers it logs an error each time it
// looks. Call it before anything else.
func ReadableLocale() {
	named := false
	for _, key := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		language, _, _ := strings.Cut(os.Getenv(key), ".")
		if language == "C" || language == "POSIX" || key == "LANG" && language == "" && !named {
			_ = os.Setenv(key, "ko_KR.UTF-8") // fails only for names with = or NUL
		}
		named = named || language != ""
	}
}

// useToolkitWords makes the toolkit's own dialogs speak the language. It follows the system's locale and has no call
// to choose another, so the words also go in under that name.
func useToolkitWords(l words.Lang) {
	for _, locale := range []fyne.Locale{fyne.Locale(l), lang.SystemLocale()} {
		if err := lang.AddTranslationsForLocale(words.Toolkit(l), locale); err != nil {
			fyne.LogError("toolkit words", err)
		}
	}
}
