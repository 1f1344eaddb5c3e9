package web

import (
	"net/http"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
)

// leftovers lists the doses that came back, for everybody.
func (s *server) leftovers(w http.ResponseWriter, r *http.Request) error {
	region := r.URL.Query().Get("region")
	if region != "" && !clinic.ValidRegion(region) {
		return unknown("region", clinic.Regions)
	}
	now := s.clock()
	list := api.LeftoverList{AsOf: now.In(subject.Seoul), Regions: clinic.Regions, Clinics: []api.LeftoverClinic{}}
	spares, err := s.service.Spares(r.Context(), now)
	if err != nil {
		return err
	}
	for _, spare := range spares {
		place := spare.Slot.Place
		if region != "" && place.Region != region {
			continue
		}
		last := len(list.Clinics) - 1
		if last >= 0 && list.Clinics[last].ID == place.ID && list.Clinics[last].Opening == spare.Opening {
			list.Clinics[last].Doses += spare.Doses
			continue
		}
		list.Clinics = append(list.Clinics, api.LeftoverClinic{
			Clinic:  api.Clinic{ID: place.ID, Name: place.Name, Region: place.Region, Address: place.Address, Vaccine: place.Vaccine},
			Opening: spare.Opening, Doses: spare.Doses, NextAt: spare.Slot.At().In(subject.Seoul),
		})
	}
	return encode(w, http.StatusOK, list)
}

func (s *server) wish(w http.ResponseWriter, r *http.Request) error {
	var in api.LeftoverWishRequest
	if err := decode(r, &in); err != nil {
		return err
	}
	if !clinic.ValidRegion(in.Region) {
		return unknown("region", clinic.Regions)
	}
	made, err := s.service.Wish(r.Context(), booking.WishRequest{
		Opening: in.Opening, Region: in.Region, Clinic: in.Clinic, RRN: in.RRN, Name: in.Name, Phone: in.Phone, Lang: in.Lang,
	}, s.clock())
	if err != nil {
		return err
	}
	return encode(w, http.StatusCreated, api.LeftoverWish{
		Code: made.Code, Opening: made.Opening, Region: made.Region, Clinic: made.Clinic, AskedAt: made.At.In(subject.Seoul),
	})
}

func (s *server) unwish(w http.ResponseWriter, r *http.Request) error {
	var in api.LeftoverCode
	if err := decode(r, &in); err != nil {
		return err
	}
	if err := s.service.Unwish(r.Context(), in.Code, s.clock()); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (s *server) offer(w http.ResponseWriter, r *http.Request) error {
	o, err := s.service.OfferBy(r.Context(), r.PathValue("code"), s.clock())
	if err != nil {
		return err
	}
	place := o.Place.Place
	return encode(w, http.StatusOK, api.LeftoverOffer{
		State: string(o.State), Opening: o.Opening, Until: o.Until.In(subject.Seoul), Slot: o.Slot, At: o.Place.At().In(subject.Seoul),
		Clinic: place.ID, ClinicName: place.Name, Address: place.Address, Vaccine: o.Place.Vaccine(),
	})
}

func (s *server) takeLeftover(w http.ResponseWriter, r *http.Request) error {
	key := r.Header.Get("Idempotency-Key")
	if !validKey(key) {
		return &booking.Error{Kind: booking.BadRequest, Field: "idempotency-key"}
	}
	var in api.LeftoverTake
	if err := decode(r, &in); err != nil {
		return err
	}
	d, err := s.service.TakeLeftover(r.Context(), r.PathValue("code"),
		booking.Request{RRN: in.RRN, Name: in.Name, Phone: in.Phone, Lang: in.Lang, Key: key}, s.clock())
	if err != nil {
		return err
	}
	return encode(w, http.StatusCreated, s.view(&d, &d.BookedAt))
}
