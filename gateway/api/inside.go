package api

import "time"

// HoldRequest is the body of POST /v1/holds: keep this slot for me while I fill the form. A person has one hold for each
// opening; another one takes its place.
type HoldRequest struct {
	Slot string `json:"slot"`
}

// Hold answers POST and GET /v1/holds. Booking the slot uses the hold up; DELETE /v1/holds gives it back.
type Hold struct {
	Slot      string    `json:"slot"`
	At        time.Time `json:"at"`
	Clinic    string    `json:"clinic"`
	ExpiresAt time.Time `json:"expires_at"` // never later than the pass
	// Second is the appointment for the second dose that goes with the slot; null where there is none.
	Second *Appointment `json:"second"`
}

// Appointment is one dose of a booking: where and when. A booked one has a number of its own, by which it is looked up,
// changed and cancelled like any other.
type Appointment struct {
	No         string    `json:"booking_no,omitempty"`
	Dose       int       `json:"dose"`
	Slot       string    `json:"slot"`
	At         time.Time `json:"at"`
	Clinic     string    `json:"clinic"`
	ClinicName string    `json:"clinic_name"`
	Address    string    `json:"address"`
	Vaccine    string    `json:"vaccine"`
	ChangeBy   time.Time `json:"change_by"`
	Proof      string    `json:"proof,omitempty"` // as in Booking
}

// Identity answers GET /v1/identity: whether the opening asks who people are, whether this person has shown it, and how it
// can be shown. Any one provider will do.
type Identity struct {
	Required  bool               `json:"required"`
	Verified  bool               `json:"verified"`
	By        string             `json:"by,omitempty"` // the provider that verified
	Providers []IdentityProvider `json:"providers"`
}

// States of an identity provider.
const (
	ProviderUp   = "up"
	ProviderDown = "down"
)

// IdentityProvider is one way to show who one is.
type IdentityProvider struct {
	ID     string `json:"id"`
	Kind   string `json:"kind"` // oidc: a page of the provider's own; roster: what is typed is checked against the roster
	Name   string `json:"name"`
	NameEn string `json:"name_en"`
	State  string `json:"state"` // up, down: tried and failing, others go on
	// Typed says that an IdentityClaim must be sent to start: the provider compares it, or what it tells is compared with it.
	Typed bool `json:"typed"`
	// RetryAfterS is when a provider that is down will be tried again.
	RetryAfterS int `json:"retry_after_s,omitempty"`
}

// IdentityStart answers POST /v1/identity/{provider} of an oidc provider: where to send the browser. The way back is
// /identity/{provider}/return, whose query goes to POST /v1/identity/{provider}/return as IdentityReturn.
type IdentityStart struct {
	Redirect string `json:"redirect"`
}

// IdentityReturn is what came back from a provider's page. It is answered, as POST /v1/identity/{provider} of a roster provider
// is, by Identity; sent twice it changes nothing.
type IdentityReturn struct {
	Code  string `json:"code,omitempty"`
	State string `json:"state"`
	Error string `json:"error,omitempty"`
}

// IdentityClaim is the body of POST /v1/identity/{provider} of a roster provider.
type IdentityClaim struct {
	Name string `json:"name"`
	RRN  string `json:"rrn"`
}
