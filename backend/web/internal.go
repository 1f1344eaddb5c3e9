package web

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/pass"
)

// admission answers POST /internal/admissions.
type admission struct {
	api.Entry
	AdmittedAt time.Time `json:"admitted_at"` // the first time
	Again      bool      `json:"again"`       // the pass is the one from an earlier admission
}

func (s *server) admit(w http.ResponseWriter, r *http.Request) error {
	text, err := io.ReadAll(io.LimitReader(r.Body, pass.TextLen+1))
	if err != nil {
		return &booking.Error{Kind: booking.BadRequest, Field: "body", Err: err}
	}
	p, err := s.verify(string(text))
	if err != nil {
		return err
	}
	a, err := s.service.Admit(r.Context(), &p, string(text), s.clock())
	if err != nil {
		return err
	}
	return encode(w, http.StatusOK, admission{api.Entry{Pass: a.Pass, ExpiresAt: a.ExpiresAt}, a.AdmittedAt, a.Again})
}

func (s *server) status(w http.ResponseWriter, _ *http.Request) error {
	now := s.clock()
	st := s.store.Stats(now)
	report := api.BackendReport{
		At: now, Store: st.Store, ActivePasses: st.ActivePasses, LedgerSeq: st.LedgerSeq,
		QueueWaitMS: milliseconds(st.QueueWait), CommitMS: milliseconds(st.Commit),
		Notify: s.notifyStatus(), Openings: map[string]api.OpeningReport{}, Breakers: s.providerHealth(),
	}
	for id, o := range s.store.Catalog().Openings() {
		report.Openings[id] = api.OpeningReport{StockTotal: o.Total, StockLeft: o.Unbooked(), Held: o.Held(), Booked: o.Booked(), Admitted: o.Admitted()}
	}
	return encode(w, http.StatusOK, report)
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (s *server) event(w http.ResponseWriter, r *http.Request) error {
	var e ledger.Opening
	if err := decode(r, &e); err != nil {
		return err
	}
	if err := s.service.Note(r.Context(), e, s.clock()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

const defaultRecords = 1000

// ledger streams records as they are read.
func (s *server) ledger(w http.ResponseWriter, r *http.Request) error {
	after, err := unsigned(r, "after", 0)
	if err != nil {
		return err
	}
	limit, err := unsigned(r, "limit", defaultRecords)
	if err != nil {
		return err
	}
	return stream(s, w, "ledger", s.store.Ledger(r.Context(), after, int(limit)), func(b []byte, r *ledger.Record) []byte { return r.AppendLine(b) })
}

func begin(w http.ResponseWriter, begun *bool) {
	if !*begun {
		*begun = true
		w.Header()["Content-Type"] = typeNDJSON
		w.Header()["Cache-Control"] = noStore
		w.WriteHeader(http.StatusOK)
	}
}

func unsigned(r *http.Request, name string, otherwise uint64) (uint64, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, &booking.Error{Kind: booking.BadRequest, Field: name, Err: err}
	}
	return n, nil
}
