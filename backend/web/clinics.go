package web

import (
	"maps"
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
	region, district, vaccine string   // "": any
	words                     []string // all of them in the name or the address
	page                      int      // from 1
	second                    bool     // what is left for second doses counts, instead of for first ones
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
	s.tellClinics(w, supply, asked)
	return nil
}

// elsewhere tells the clinics to which a booking may move.
func (s *server) elsewhere(w http.ResponseWriter, r *http.Request) error {
	no, c, err := s.own(r)
	if err != nil {
		return err
	}
	s.store.Expire(s.clock())
	to, err := s.service.Elsewhere(r.Context(), no, c)
	if err != nil {
		return err
	}
	asked, err := readSearch(r, to.Supply)
	if err != nil {
		return err
	}
	asked.vaccine, asked.second = to.Vaccine, to.Dose == booking.SecondDose
	s.tellClinics(w, to.Supply, asked)
	return nil
}

func (s *server) tellClinics(w http.ResponseWriter, supply *booking.Supply, asked search) {
	now := s.clock()
	render := func(b []byte) []byte { return appendClinics(b, supply, asked, now) }
	if len(asked.words) > 0 || asked.second { // everybody looks for something else, or few look
		writeJSON(w, http.StatusOK, render(nil))
		return
	}
	asked.page = min(asked.page, pages(len(supply.Clinics))) // so that there are never more keys than pages
	k := listKey{opening: supply.ID, region: asked.region, district: asked.district, vaccine: asked.vaccine, page: asked.page}
	writeJSON(w, http.StatusOK, s.lists.get(k, now, render))
}

func readSearch(r *http.Request, supply *booking.Supply) (search, error) {
	query := r.URL.Query()
	asked := search{region: query.Get("region"), vaccine: query.Get("vaccine"), words: strings.Fields(query.Get("q")), page: 1}
	if asked.region != "" && !clinic.ValidRegion(asked.region) {
		return asked, unknown("region", clinic.Regions)
	}
	if asked.vaccine != "" {
		if known := vaccines(supply); !slices.Contains(known, asked.vaccine) {
			return asked, unknown("vaccine", known)
		}
	}
	if d := query.Get("district"); d != "" && asked.region != "" {
		in := func(c *booking.ClinicSupply) bool { return c.Region == asked.region && districtOf(c) == d }
		if slices.ContainsFunc(supply.Clinics, in) {
			asked.district = d // one of another region, left over from before, is none
		}
	}
	if utf8.RuneCountInString(query.Get("q")) > longestWords {
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
		case q.district != "" && districtOf(c) != q.district, !holdsAll(c, q.words):
		case q.left(c) > 0:
			found = append(found, c)
		default:
			full = append(full, c)
		}
	}
	return append(found, full...)
}

// left is how many doses a clinic has for somebody who asks.
func (q *search) left(c *booking.ClinicSupply) int64 {
	if !q.second {
		return c.Left()
	}
	n := int64(0)
	for i := range c.SecondDays {
		n += int64(c.SecondDays[i].Left())
	}
	return n
}

func holdsAll(c *booking.ClinicSupply, words []string) bool {
	for _, w := range words {
		if !strings.Contains(c.Name, w) && !strings.Contains(c.Address, w) {
			return false
		}
	}
	return true
}

// districtOf is the city, county or district of a clinic: the second word of its address.
func districtOf(c *booking.ClinicSupply) string {
	_, rest, _ := strings.Cut(c.Address, " ")
	d, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	return d
}

// districts of a region, in order; none of all regions together.
func districts(s *booking.Supply, region string) []string {
	if region == "" {
		return nil
	}
	found := map[string]struct{}{}
	for _, c := range s.Clinics {
		if c.Region == region {
			found[districtOf(c)] = struct{}{}
		}
	}
	delete(found, "")
	return slices.Sorted(maps.Keys(found))
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
	b = append(b, `,"districts":[`...)
	for i, d := range districts(s, asked.region) {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, d)
	}
	b = append(b, `],"clinics":[`...)
	for i, c := range found[from:min(from+api.ClinicsPerPage, len(found))] {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendClinic(b, c, asked.left(c))
	}
	return append(b, "]}"...)
}
