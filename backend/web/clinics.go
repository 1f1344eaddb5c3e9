package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/gateway/api"
)

// search is which clinics somebody asks for.
type search struct {
	region, vaccine string // "": any
	words           string // in the name or the address
	page            int    // from 1
}

// longestWords is how many characters of what somebody looks for are looked at.
const longestWords = 50

func (s *server) clinics(w http.ResponseWriter, r *http.Request) error {
	supply, err := s.supply(r)
	if err != nil {
		return err
	}
	asked, err := readSearch(r, supply)
	if err != nil {
		return err
	}
	now := s.clock()
	render := func(b []byte) []byte { return appendClinics(b, supply, asked, now) }
	if asked.words != "" { // everybody looks for something else
		writeJSON(w, http.StatusOK, render(nil))
		return nil
	}
	asked.page = min(asked.page, pages(len(supply.Clinics))) // so that there are never more keys than pages
	k := listKey{opening: supply.ID, region: asked.region, vaccine: asked.vaccine, page: asked.page}
	writeJSON(w, http.StatusOK, s.lists.get(k, now, render))
	return nil
}

func readSearch(r *http.Request, supply *booking.Supply) (search, error) {
	query := r.URL.Query()
	asked := search{region: query.Get("region"), vaccine: query.Get("vaccine"), words: strings.TrimSpace(query.Get("q")), page: 1}
	if asked.region != "" && !clinic.ValidRegion(asked.region) {
		return asked, unknown("region", clinic.Regions)
	}
	if asked.vaccine != "" {
		if known := vaccines(supply); !slices.Contains(known, asked.vaccine) {
			return asked, unknown("vaccine", known)
		}
	}
	if utf8.RuneCountInString(asked.words) > longestWords {
		return asked, &booking.Error{Kind: booking.BadRequest, Field: "q"}
	}
	if text := query.Get("page"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return asked, &booking.Error{Kind: booking.BadRequest, Field: "page", Err: err}
		}
		asked.page = n
	}
	return asked, nil
}

func pages(clinics int) int { return max(1, (clinics+api.ClinicsPerPage-1)/api.ClinicsPerPage) }

// find lists the clinics that fit, those with anything left first.
func (q *search) find(s *booking.Supply) []*booking.ClinicSupply {
	var found, full []*booking.ClinicSupply
	for _, c := range s.Clinics {
		switch {
		case q.region != "" && c.Region != q.region, q.vaccine != "" && c.Vaccine != q.vaccine:
		case q.words != "" && !strings.Contains(c.Name, q.words) && !strings.Contains(c.Address, q.words):
		case c.Left() > 0:
			found = append(found, c)
		default:
			full = append(full, c)
		}
	}
	return append(found, full...)
}

// appendClinics appends an api.ClinicList.
func appendClinics(b []byte, s *booking.Supply, asked search, now time.Time) []byte {
	found := asked.find(s)
	last := pages(len(found))
	page := min(asked.page, last)
	from := (page - 1) * api.ClinicsPerPage
	b = appendTime(append(b, `{"as_of":`...), now)
	b = strconv.AppendInt(append(b, `,"total":`...), int64(len(found)), 10)
	b = strconv.AppendInt(append(b, `,"page":`...), int64(page), 10)
	b = strconv.AppendInt(append(b, `,"pages":`...), int64(last), 10)
	b = append(b, `,"clinics":[`...)
	for i, c := range found[from:min(from+api.ClinicsPerPage, len(found))] {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendClinic(b, c, c.Left())
	}
	return append(b, "]}"...)
}
