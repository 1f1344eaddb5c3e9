package api

import "time"

// LeftoverClinic is one row of GET /v1/leftovers?region=: a clinic with doses that came back after the opening had none
// left, or was over.
type LeftoverClinic struct {
	Clinic
	Opening string    `json:"opening"`
	Doses   int64     `json:"doses"`
	NextAt  time.Time `json:"next_at"` // the first half hour that has one
}

// LeftoverList answers GET /v1/leftovers.
type LeftoverList struct {
	AsOf    time.Time        `json:"as_of"`
	Regions []string         `json:"regions"` // in which one can ask
	Clinics []LeftoverClinic `json:"clinics"`
}

// LeftoverWishRequest is the body of POST /v1/leftovers/wishes: ask me when a dose comes back there. Without Opening the
// newest one counts that takes the person; without Clinic any of the region will do.
type LeftoverWishRequest struct {
	Opening string `json:"opening,omitempty"`
	Region  string `json:"region"`
	Clinic  string `json:"clinic,omitempty"`
	RRN     string `json:"rrn"`
	Name    string `json:"name"`
	Phone   string `json:"phone"`
	Lang    string `json:"lang,omitempty"` // of the messages: ko (default), en
}

// LeftoverWish answers it. DELETE /v1/leftovers/wishes with the code ends it.
type LeftoverWish struct {
	Code    string    `json:"code"`
	Opening string    `json:"opening"`
	Region  string    `json:"region"`
	Clinic  string    `json:"clinic,omitempty"`
	AskedAt time.Time `json:"asked_at"` // what the order of asking goes by
}

// LeftoverCode is the body of DELETE /v1/leftovers/wishes.
type LeftoverCode struct {
	Code string `json:"code"`
}

// LeftoverOffer answers GET /v1/leftovers/offers/{code}.
type LeftoverOffer struct {
	State      string    `json:"state"` // open, gone (others were faster), over (its time is), taken (by this person)
	Opening    string    `json:"opening"`
	Until      time.Time `json:"until"`
	Slot       string    `json:"slot"`
	At         time.Time `json:"at"`
	Clinic     string    `json:"clinic"`
	ClinicName string    `json:"clinic_name"`
	Address    string    `json:"address"`
	Vaccine    string    `json:"vaccine"`
}

// LeftoverTake is the body of POST /v1/leftovers/offers/{code}, which answers like POST /v1/bookings and takes an
// Idempotency-Key too.
type LeftoverTake struct {
	Name  string `json:"name"`
	RRN   string `json:"rrn"`
	Phone string `json:"phone"`
	Lang  string `json:"lang,omitempty"`
}
