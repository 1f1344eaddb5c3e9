package web

import (
	"errors"
	"io"
	"math"
	"net/http"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/identity"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/pass"
)

// reasons tell a person why a check did not succeed and what they can do now. None of them is a 5xx: that a provider fails
// says nothing about this backend, and must not slow down those who have nothing to do with it.
var reasons = map[identity.Reason]*api.Problem{
	identity.Denied: problem(http.StatusForbidden, string(identity.Denied),
		"본인인증이 완료되지 않았습니다. 다시 시도하거나 다른 인증 방법을 선택해 주세요. 순서와 입장권은 그대로 유지됩니다.",
		"Your identity was not confirmed. Try again or choose another way; your turn and your pass are kept."),
	identity.Mismatch: problem(http.StatusForbidden, string(identity.Mismatch),
		"인증하신 분이 대기하신 분과 다릅니다. 순번을 받은 분의 이름으로 인증해 주세요.",
		"The person confirmed is not the one who waited for this turn. Please confirm as that person."),
	identity.Expired: problem(http.StatusConflict, string(identity.Expired),
		"본인인증 시간이 지났거나 이 화면에서 시작한 인증이 아닙니다. 본인인증을 다시 시작해 주세요. 순서와 입장권은 그대로 유지됩니다.",
		"This check has run out, or was not begun here. Please begin it again; your turn and your pass are kept."),
	identity.Down: problem(http.StatusFailedDependency, string(identity.Down),
		"선택하신 인증기관이 지금 응답하지 않습니다. 다른 인증 방법을 선택해 주세요. 순서와 입장권은 그대로 유지됩니다.",
		"The provider you chose does not answer at the moment. Please choose another way; your turn and your pass are kept."),
	identity.Busy: problem(http.StatusTooManyRequests, string(identity.Busy),
		"선택하신 인증기관에 이용자가 몰려 있습니다. 잠시 후 다시 시도하거나 다른 인증 방법을 선택해 주세요. 순서와 입장권은 그대로 유지됩니다.",
		"Many people are at that provider right now. Try again shortly or choose another way; your turn and your pass are kept."),
	identity.NoSuch: problem(http.StatusNotFound, string(identity.NoSuch),
		"이 예약에서 쓸 수 없는 인증 방법입니다. 목록에서 다시 선택해 주세요.", "This opening does not take that way. Please choose one from the list."),
	identity.ClaimGone: problem(http.StatusUnprocessableEntity, string(identity.ClaimGone),
		"이 인증 방법은 성명과 주민(외국인)등록번호를 먼저 입력해야 합니다.", "This way needs your name and registration number first."),
}

// checkProblem is the answer to a check that did not succeed; nil where the error is something else.
func checkProblem(err error) *api.Problem {
	var e *identity.Error
	if !errors.As(err, &e) || reasons[e.Reason] == nil {
		return nil
	}
	p := *reasons[e.Reason]
	switch e.Reason {
	case identity.Down:
		p.RetryAfterS = seconds(e.After)
	case identity.Busy:
		p.RetryAfterS = 2
	}
	return &p
}

func seconds(d time.Duration) int { return max(int(math.Ceil(d.Seconds())), 1) }

// identity answers GET /v1/identity.
func (s *server) identity(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.holder(r)
	if err != nil {
		return err
	}
	return s.tellIdentity(w, &p)
}

func (s *server) tellIdentity(w http.ResponseWriter, p *pass.Pass) error {
	o, err := s.checks.Overview(p, s.clock())
	if err != nil {
		return err
	}
	out := api.Identity{Required: o.Required, Verified: o.Verified, By: o.By, Providers: []api.IdentityProvider{}}
	for _, c := range o.Providers {
		v := api.IdentityProvider{ID: c.ID, Kind: string(c.Kind), Name: c.Name, NameEn: c.NameEn, Typed: c.Typed, State: api.ProviderUp}
		if !c.Up {
			v.State, v.RetryAfterS = api.ProviderDown, seconds(c.After)
		}
		out.Providers = append(out.Providers, v)
	}
	return encode(w, http.StatusOK, out)
}

// startCheck answers POST /v1/identity/{provider}: with where to go, or with how things stand where nobody has to go
// anywhere.
func (s *server) startCheck(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.holder(r)
	if err != nil {
		return err
	}
	claim, err := readClaim(r)
	if err != nil {
		return err
	}
	address, err := s.checks.Start(r.Context(), &p, r.PathValue("provider"), claim, s.clock())
	switch {
	case err != nil:
		return err
	case address != "":
		return encode(w, http.StatusOK, api.IdentityStart{Redirect: address})
	}
	return s.tellIdentity(w, &p)
}

// readClaim reads what was typed, nil where nothing was.
func readClaim(r *http.Request) (*identity.Claim, error) {
	var in api.IdentityClaim
	if err := decode(r, &in); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	n, err := subject.ParseNumber(in.RRN)
	if err != nil {
		return nil, &booking.Error{Kind: booking.BadNumber, Err: err}
	}
	name, err := booking.CleanName(in.Name)
	if err != nil {
		return nil, err
	}
	return &identity.Claim{Name: name, Number: n}, nil
}

// longestCode bounds what a provider's page may send back, in bytes.
const longestCode = 4 << 10

// endCheck answers POST /v1/identity/{provider}/return. It waits for the provider, behind that provider's own bound.
func (s *server) endCheck(w http.ResponseWriter, r *http.Request) error {
	p, _, err := s.holder(r)
	if err != nil {
		return err
	}
	var in api.IdentityReturn
	if err := decode(r, &in); err != nil {
		return err
	}
	if len(in.Code) > longestCode || len(in.Error) > longestCode {
		return &booking.Error{Kind: booking.BadRequest, Field: "body"}
	}
	back := identity.Back{State: in.State, Code: in.Code, Error: in.Error}
	if err := s.checks.Return(r.Context(), &p, r.PathValue("provider"), back, s.clock()); err != nil {
		return err
	}
	return s.tellIdentity(w, &p)
}

// providerHealth is what operators see of the identity providers.
func (s *server) providerHealth() []api.BreakerStatus {
	var out []api.BreakerStatus
	for _, h := range s.checks.Health() {
		out = append(out, api.BreakerStatus{Name: "identity/" + h.Provider, State: h.State, Since: h.Since, Reason: h.Reason})
	}
	return out
}
