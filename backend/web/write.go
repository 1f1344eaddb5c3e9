package web

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/daemun/daemun/backend/booking"
)

// Header values shared by all answers; nobody writes into them.
var (
	typeJSON    = []string{"application/json; charset=utf-8"}
	typeProblem = []string{"application/problem+json; charset=utf-8"}
	typeNDJSON  = []string{"application/x-ndjson"}
	noStore     = []string{"no-store"}
)

func writeJSON(w http.ResponseWriter, status int, body []byte) { write(w, status, typeJSON, body) }

func write(w http.ResponseWriter, status int, contentType []string, body []byte) {
	h := w.Header()
	h["Content-Type"] = contentType
	h["Cache-Control"] = noStore
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	w.Write(body) // an error here is the gateway going away: nobody is left to tell
}

func encode(w http.ResponseWriter, status int, v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	writeJSON(w, status, body)
	return nil
}

// decode reads one JSON value of at most maxBody bytes and nothing after it. Unknown keys are refused: a typing error
// in a key must not pass for a field left out.
func decode(r *http.Request, into any) error {
	d := json.NewDecoder(http.MaxBytesReader(nil, r.Body, maxBody))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = errors.New("more than one JSON value")
		}
	}
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return problemTooLarge
	}
	return &booking.Error{Kind: booking.BadRequest, Field: "body", Err: err}
}
