package operator

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/subject"
)

// ExportRequest asks for the bookings of an opening with their personal data.
type ExportRequest struct {
	Opening string `json:"opening"`
	Reason  string `json:"reason"`
}

// ExportHeader is the first line of an export.
var ExportHeader = []string{"booking_no", "state", "opening", "dose", "vaccine", "clinic", "clinic_name", "at", "rrn", "name", "phone",
	"proxy_name", "proxy_phone", "proxy_relation", "booked_at", "ended_at"}

// export streams CSV as spreadsheets read it: UTF-8 with a mark in front, and nothing that they would take for a formula.
func (s *server) export(w http.ResponseWriter, r *http.Request, o booking.Officer) error {
	var in ExportRequest
	if err := read(r, &in); err != nil {
		return err
	}
	if err := because(&o, in.Reason); err != nil {
		return err
	}
	all, err := s.Service.Export(r.Context(), o, in.Opening, s.Clock)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if _, err := w.Write([]byte("\ufeff")); err != nil {
		return err
	}
	out, control := csv.NewWriter(w), http.NewResponseController(w)
	_ = out.Write(ExportHeader) // Flush's error is looked at below and covers every Write
	n := 0
	for d, err := range all {
		if err != nil {
			return err
		}
		_ = out.Write(row(&d))
		if n++; n%100 == 0 {
			out.Flush()
			if err := errors.Join(able(control.SetWriteDeadline(time.Now().Add(writeWithin))), out.Error()); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}

func row(d *booking.Detail) []string {
	place := d.Place
	fields := []string{d.No, string(d.Status), d.Opening, strconv.Itoa(d.Dose), place.Vaccine(), place.Place.ID, place.Place.Name, moment(place.At()),
		d.RRN, d.Name, d.Phone, "", "", "", moment(d.BookedAt), moment(d.EndedAt)}
	if p := d.Proxy; p != nil {
		fields[11], fields[12], fields[13] = p.Name, p.Phone, p.Relation
	}
	for i, f := range fields {
		fields[i] = harmless(f)
	}
	return fields
}

// harmless keeps a spreadsheet from running what somebody typed as their name.
func harmless(field string) string {
	if field != "" && strings.ContainsRune("=+-@\t\r", rune(field[0])) {
		return "'" + field
	}
	return field
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(subject.Seoul).Format(time.RFC3339)
}

// RetentionRequest asks to erase the personal data of what was over some days ago.
type RetentionRequest struct {
	OlderThanDays int    `json:"older_than_days"`
	DryRun        bool   `json:"dry_run"`
	Reason        string `json:"reason"`
}

// RetentionLine is a line of the answer: how far it is, and at the end that it is done.
type RetentionLine struct {
	booking.Erasure
	Before time.Time `json:"before"`
	DryRun bool      `json:"dry_run,omitempty"`
	Done   bool      `json:"done"`
}

// LeastDays is the shortest time for which data is kept after it was needed last.
const LeastDays = 1

func (s *server) retention(w http.ResponseWriter, r *http.Request, o booking.Officer) error {
	var in RetentionRequest
	if err := read(r, &in); err != nil {
		return err
	}
	if err := because(&o, in.Reason); err != nil {
		return err
	}
	if in.OlderThanDays < LeastDays || in.OlderThanDays > 36500 {
		return problem(http.StatusBadRequest, "bad_request", "보관 기간은 1일 이상이어야 합니다.", fmt.Sprintf("The period must be %d day or more.", LeastDays))
	}
	line := RetentionLine{Before: s.Clock().AddDate(0, 0, -in.OlderThanDays).In(subject.Seoul), DryRun: in.DryRun}
	tell := lines(w)
	var gone error
	e, err := s.Service.Erase(r.Context(), o, line.Before, in.DryRun, s.Clock, func(e booking.Erasure) {
		line.Erasure = e
		gone = tell(line)
	})
	if err != nil {
		return err
	}
	if gone != nil {
		return gone
	}
	line.Erasure, line.Done = e, true
	return tell(line)
}
