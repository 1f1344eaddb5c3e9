package web

import (
	"net/http"

	"golang.org/x/text/language"

	"github.com/daemun/daemun/backend/booking"
)

// languages are those that messages are written in; the first is for who asks for none.
var languages = language.NewMatcher([]language.Tag{language.Korean, language.English})

// longestLanguages bounds a header that a stranger sends, in bytes.
const longestLanguages = 200

// languageOf is the language in which messages go to who sent a request: theirs if it is Korean, and English for everybody
// else who names one.
func languageOf(r *http.Request) string {
	header := r.Header.Get("Accept-Language")
	if header == "" || len(header) > longestLanguages {
		return ""
	}
	asked, _, err := language.ParseAcceptLanguage(header)
	if err != nil || len(asked) == 0 || asked[0] == language.Und {
		return ""
	}
	if _, i, confidence := languages.Match(asked...); i == 0 && confidence != language.No {
		return booking.Korean
	}
	return booking.English
}
