package edge

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/brownout"
	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/shed"
	"github.com/daemun/daemun/gateway/upstream"
)

// service is what the pages see of the gateway: the same answers as the API's, by the same way.
type service struct{ e *Edge }

func (s service) Openings() []api.Opening      { return s.e.node.Snapshot().Openings }
func (s service) Notices() []api.Notice        { return s.e.node.Snapshot().Notices }
func (s service) Measures() *brownout.Measures { return s.e.node.Measures() }
func (s service) Now() time.Time               { return s.e.node.Now() }

func (s service) Eligibility(_ context.Context, req api.EligibilityRequest, lang string) (api.Eligibility, error) {
	a, err := s.e.eligible(req, lang)
	return a, s.shown(err)
}

func (s service) Join(_ context.Context, req api.JoinRequest, ticket string) (api.Place, error) {
	now := s.e.node.Now()
	number, err := s.e.number(req.RRN, now)
	if err != nil {
		return api.Place{}, s.shown(err)
	}
	text, t, line, err := s.e.node.Join(number, req.Opening, []byte(ticket), now)
	if err != nil {
		return api.Place{}, s.shown(err)
	}
	place := line.Place(&t, now)
	wire := line.Wire(&t, &place, now)
	wire.Ticket, wire.Code = string(text[:]), s.e.node.Code(&t)
	return wire, nil
}

func (s service) Place(_ context.Context, ticket string) (api.Place, error) {
	t, line, err := s.e.node.Locate([]byte(ticket))
	if err != nil {
		return api.Place{}, s.shown(err)
	}
	now := s.e.node.Now()
	place := line.Place(&t, now)
	wire := line.Wire(&t, &place, now)
	wire.Code = s.e.node.Code(&t)
	return wire, nil
}

func (s service) Enter(ctx context.Context, ticket string) (api.Entry, error) {
	entry, err := s.e.node.Enter(ctx, []byte(ticket), s.e.node.Now())
	return entry, s.shown(err)
}

func (s service) Clinics(ctx context.Context, pass string, asked api.ClinicSearch) (list api.ClinicList, err error) {
	err = s.ask(ctx, shed.P2, http.MethodGet, "/v1/clinics?"+searchQuery(asked).Encode(), passScheme+pass, "", nil, &list)
	return list, err
}

func searchQuery(asked api.ClinicSearch) url.Values {
	query := url.Values{}
	for name, value := range map[string]string{"region": asked.Region, "district": asked.District, "vaccine": asked.Vaccine, "q": asked.Words} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if asked.Page > 0 {
		query.Set("page", strconv.Itoa(asked.Page))
	}
	return query
}

func (s service) Slots(ctx context.Context, pass, clinic, day string) (list api.SlotList, err error) {
	target := "/v1/clinics/" + url.PathEscape(clinic) + "/slots"
	if day != "" {
		target += "?" + url.Values{"day": {day}}.Encode()
	}
	err = s.ask(ctx, shed.P2, http.MethodGet, target, passScheme+pass, "", nil, &list)
	return list, err
}

func (s service) Hold(ctx context.Context, pass, slot string) (h api.Hold, err error) {
	err = s.ask(ctx, shed.P1, http.MethodPost, "/v1/holds", passScheme+pass, "", api.HoldRequest{Slot: slot}, &h)
	return h, err
}

func (s service) Holding(ctx context.Context, pass string) (h api.Hold, err error) {
	err = s.ask(ctx, shed.P1, http.MethodGet, "/v1/holds", passScheme+pass, "", nil, &h)
	return h, err
}

func (s service) Book(ctx context.Context, pass, key string, req api.BookingRequest) (b api.Booking, err error) {
	err = s.ask(ctx, shed.P0, http.MethodPost, "/v1/bookings", passScheme+pass, key, req, &b)
	return b, err
}

func (s service) Lookup(ctx context.Context, req api.LookupRequest) (b api.Booking, err error) {
	err = s.ask(ctx, shed.P3, http.MethodPost, "/v1/bookings/lookup", "", "", req, &b)
	return b, err
}

func (s service) Booking(ctx context.Context, no, proof string) (b api.Booking, err error) {
	err = s.ask(ctx, shed.P2, http.MethodGet, "/v1/bookings/"+url.PathEscape(no), proofScheme+proof, "", nil, &b)
	return b, err
}

func (s service) Moves(ctx context.Context, no, proof, clinic, day string) (list api.SlotList, err error) {
	query := url.Values{}
	for name, value := range map[string]string{"clinic": clinic, "day": day} {
		if value != "" {
			query.Set(name, value)
		}
	}
	err = s.ask(ctx, shed.P2, http.MethodGet, bookingTarget(no, "/slots", query), proofScheme+proof, "", nil, &list)
	return list, err
}

func (s service) MoveClinics(ctx context.Context, no, proof string, asked api.ClinicSearch) (list api.ClinicList, err error) {
	err = s.ask(ctx, shed.P2, http.MethodGet, bookingTarget(no, "/clinics", searchQuery(asked)), proofScheme+proof, "", nil, &list)
	return list, err
}

func bookingTarget(no, part string, query url.Values) string {
	target := "/v1/bookings/" + url.PathEscape(no) + part
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	return target
}

func (s service) Change(ctx context.Context, no, proof, slot string) (b api.Booking, err error) {
	err = s.ask(ctx, shed.P0, http.MethodPatch, "/v1/bookings/"+url.PathEscape(no), proofScheme+proof, "", api.ChangeRequest{Slot: slot}, &b)
	return b, err
}

func (s service) Cancel(ctx context.Context, no, proof string) (b api.Booking, err error) {
	err = s.ask(ctx, shed.P0, http.MethodDelete, "/v1/bookings/"+url.PathEscape(no), proofScheme+proof, "", nil, &b)
	return b, err
}

func (s service) Leftovers(ctx context.Context, region string) (list api.LeftoverList, err error) {
	err = s.ask(ctx, shed.P3, http.MethodGet, "/v1/leftovers?"+url.Values{"region": {region}}.Encode(), "", "", nil, &list)
	return list, err
}

func (s service) Wish(ctx context.Context, req api.LeftoverWishRequest) (w api.LeftoverWish, err error) {
	err = s.ask(ctx, shed.P3, http.MethodPost, "/v1/leftovers/wishes", "", "", req, &w)
	return w, err
}

func (s service) Unwish(ctx context.Context, code string) error {
	return s.ask(ctx, shed.P3, http.MethodDelete, "/v1/leftovers/wishes", "", "", api.LeftoverCode{Code: code}, nil)
}

func (s service) Offer(ctx context.Context, code string) (o api.LeftoverOffer, err error) {
	err = s.ask(ctx, shed.P3, http.MethodGet, "/v1/leftovers/offers/"+url.PathEscape(code), "", "", nil, &o)
	return o, err
}

func (s service) Take(ctx context.Context, code, key string, req api.LeftoverTake) (b api.Booking, err error) {
	err = s.ask(ctx, shed.P2, http.MethodPost, "/v1/leftovers/offers/"+url.PathEscape(code), "", key, req, &b)
	return b, err
}

// ask sends a page's question to the backend under the question's class and reads the answer into v.
func (s service) ask(ctx context.Context, class shed.Class, method, target, authorization, key string, body, v any) error {
	at, scope := shed.At(class), uint32(0)
	if text, isPass := strings.CutPrefix(authorization, passScheme); isPass {
		if p, ok := s.e.good(text, false); ok { // else askBy refuses it
			at, scope = shed.Of(class, p.Subject, s.Now()), p.Opening
		}
	}
	send := func(r upstream.Request) (upstream.Answer, error) { return s.e.backend.Shared(ctx, at, scope, r) }
	return s.askBy(ctx, send, class, method, target, authorization, key, body, v)
}

// askBy is ask by a way of its own.
func (s service) askBy(ctx context.Context, send func(upstream.Request) (upstream.Answer, error), class shed.Class, method, target, authorization, key string, body, v any) error {
	if text, isPass := strings.CutPrefix(authorization, passScheme); isPass {
		if _, ok := s.e.good(text, false); !ok {
			return problem("bad_pass")
		}
	}
	r := upstream.Request{Method: method, Path: target, Authorization: authorization, IdempotencyKey: key, For: addressIn(ctx)}
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return s.shown(err)
		}
		r.Body, r.ContentType = encoded, "application/json"
	}
	start := time.Now()
	a, err := send(r)
	s.e.countAsk(class, start, err)
	if err != nil {
		return s.shown(err)
	}
	if a.Status >= http.StatusBadRequest {
		return s.shown(node.ReadProblem(a))
	}
	if v == nil {
		return nil
	}
	if err := json.Unmarshal(a.Body, v); err != nil {
		return s.shown(fmt.Errorf("read the backend's answer: %w", err))
	}
	return nil
}

// shown turns any error into the problem that a person is shown.
func (s service) shown(err error) error {
	if err == nil {
		return nil
	}
	return s.e.problemOf(err)
}
