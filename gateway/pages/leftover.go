package pages

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"time"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/gateway/api"
)

// Leftovers is what the pages know of doses that came back. See Service for refusals.
type Leftovers interface {
	Leftovers(ctx context.Context, region string) (api.LeftoverList, error)
	Wish(ctx context.Context, req api.LeftoverWishRequest) (api.LeftoverWish, error)
	Unwish(ctx context.Context, code string) error
	Offer(ctx context.Context, code string) (api.LeftoverOffer, error)
	Take(ctx context.Context, code, key string, req api.LeftoverTake) (api.Booking, error)
}

// maxCode bounds the code in a link.
const maxCode = 40

type leftoverView struct {
	Errors      []formError
	AsOf        time.Time
	Regions     []string
	Region      string
	RegionError string
	Clinics     []api.LeftoverClinic
	Clinic      string
	Name, Phone field
	Number      numberField
}

// leftovers shows what came back in a region and the form to be asked when more does.
func (p *Pages) leftovers(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	v := newLeftoverView(lang, "", "")
	if region := r.URL.Query().Get("region"); clinic.ValidRegion(region) {
		v.Region = region
	}
	p.showLeftovers(w, r, lang, http.StatusOK, v)
}

func newLeftoverView(lang, name, phone string) leftoverView {
	return leftoverView{
		Regions: clinic.Regions, Name: nameField(lang, name), Phone: phoneField(lang, phone),
		Number: numberField{Hint: text(lang, "leftover.rrn")},
	}
}

func (p *Pages) showLeftovers(w http.ResponseWriter, r *http.Request, lang string, status int, v leftoverView) {
	if v.Region != "" {
		list, err := p.svc.Leftovers(r.Context(), v.Region)
		if err != nil {
			p.problem(w, r, lang, problemOf(err))
			return
		}
		v.Clinics, v.AsOf = list.Clinics, list.AsOf
	}
	p.show(w, r, page{Status: status, Lang: lang, Title: formTitle(lang, "leftover.title", v.Errors), Form: true}, "leftovers", v)
}

// wish takes a person's word that they would take a dose.
func (p *Pages) wish(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	if other, yes := p.switched(w, r); yes {
		_, typed := parseWish(r.PostForm, other)
		v := newLeftoverView(other, typed.Name.Value, typed.Phone.Value)
		v.Region, v.Clinic = typed.Region, typed.Clinic
		p.showLeftovers(w, r, other, http.StatusOK, v)
		return
	}
	req, v := parseWish(r.PostForm, lang)
	if len(v.Errors) > 0 {
		p.showLeftovers(w, r, lang, http.StatusUnprocessableEntity, v)
		return
	}
	made, err := p.svc.Wish(r.Context(), req)
	if err != nil {
		problem := problemOf(err)
		setRetryAfter(w, problem)
		v.Number.Error = text(lang, "rrn.again")
		v.Errors = []formError{{Text: formSentence(lang, problem)}, {ID: "rrn1", Text: v.Number.Error}}
		p.showLeftovers(w, r, lang, problem.Status, v)
		return
	}
	p.show(w, r, page{Lang: lang, Title: text(lang, "wished.title")}, "wished", wishedView{LeftoverWish: made, Phone: v.Phone.Value})
}

type wishedView struct {
	api.LeftoverWish
	Phone string
}

func parseWish(form url.Values, lang string) (api.LeftoverWishRequest, leftoverView) {
	v := newLeftoverView(lang, clean(form.Get("name"), maxName), clean(form.Get("phone"), maxPhone))
	v.Clinic = token(form.Get("clinic"), maxKey)
	if region := form.Get("region"); clinic.ValidRegion(region) {
		v.Region = region
	} else {
		v.RegionError = text(lang, "leftover.region.error")
	}
	req := api.LeftoverWishRequest{Region: v.Region, Clinic: v.Clinic, Name: v.Name.Value, Lang: lang}
	req.RRN, v.Number.Error = parseNumber(form, lang)
	if v.Name.Value == "" {
		v.Name.Error = text(lang, "name.error")
	}
	phone, ok := parsePhone(v.Phone.Value)
	if req.Phone = phone; !ok {
		v.Phone.Error = text(lang, "phone.error")
	}
	if v.RegionError+v.Name.Error+v.Phone.Error != "" && v.Number.Error == "" {
		v.Number.Error = text(lang, "rrn.again")
	}
	v.Errors = listErrors([]field{v.Name, v.Phone}, v.Number, 1)
	if v.RegionError != "" {
		v.Errors = append([]formError{{ID: "region", Text: v.RegionError}}, v.Errors...)
	}
	return req, v
}

// unwish ends a wish.
func (p *Pages) unwish(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	if err := p.svc.Unwish(r.Context(), token(r.PostForm.Get("code"), maxCode)); err != nil {
		p.problem(w, r, lang, problemOf(err))
		return
	}
	p.show(w, r, page{Lang: lang, Title: text(lang, "unwished.title")}, "unwished", nil)
}

type offerView struct {
	api.LeftoverOffer
	Code, Key   string
	Errors      []formError
	Name, Phone field
	Number      numberField
}

// offer shows a dose that was offered to one person, and the form to take it.
func (p *Pages) offer(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	v := offerView{
		Key: rand.Text(), Name: nameField(lang, ""), Phone: phoneField(lang, ""), Number: numberField{Hint: text(lang, "leftover.rrn")},
	}
	p.showOffer(w, r, lang, http.StatusOK, v)
}

func (p *Pages) showOffer(w http.ResponseWriter, r *http.Request, lang string, status int, v offerView) {
	v.Code = token(r.PathValue("code"), maxCode)
	o, err := p.svc.Offer(r.Context(), v.Code)
	if err != nil {
		p.problem(w, r, lang, problemOf(err))
		return
	}
	v.LeftoverOffer = o
	p.show(w, r, page{Status: status, Lang: lang, Title: formTitle(lang, "offer.title", v.Errors)}, "offer", v)
}

// take books the dose of an offer. The form brought its own key, so pressing twice books once.
func (p *Pages) take(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	req, v := parseTake(r.PostForm, lang)
	if v.Key = token(r.PostForm.Get("key"), maxKey); len(v.Key) < 8 {
		p.problem(w, r, lang, &api.Problem{Status: http.StatusBadRequest, Code: "bad_request"})
		return
	}
	if len(v.Errors) > 0 {
		p.showOffer(w, r, lang, http.StatusUnprocessableEntity, v)
		return
	}
	booking, err := p.svc.Take(r.Context(), token(r.PathValue("code"), maxCode), v.Key, req)
	if err != nil {
		problem := problemOf(err)
		setRetryAfter(w, problem)
		v.Number.Error = text(lang, "rrn.again")
		v.Errors = []formError{{Text: formSentence(lang, problem)}}
		p.showOffer(w, r, lang, problem.Status, v)
		return
	}
	p.setProof(w, &booking)
	p.to(w, r, "/done?"+url.Values{"no": {booking.No}}.Encode())
}

func parseTake(form url.Values, lang string) (api.LeftoverTake, offerView) {
	wished, w := parseWish(url.Values{
		"region": {clinic.Regions[0]}, "name": form["name"], "phone": form["phone"], "rrn1": form["rrn1"], "rrn2": form["rrn2"],
	}, lang)
	return api.LeftoverTake{Name: wished.Name, RRN: wished.RRN, Phone: wished.Phone, Lang: lang},
		offerView{Name: w.Name, Phone: w.Phone, Number: w.Number, Errors: w.Errors}
}
