package api

import "time"

// The reserved lanes: /lane/v1 on a listener of its own, with a certificate of the call centre or of a clinic. Every
// request that concerns a person states who called and why; both go to the access log.

// LaneWho answers GET /lane/v1/whoami.
type LaneWho struct {
	Name   string `json:"name"`
	Role   string `json:"role"` // call_centre or clinic
	Clinic string `json:"clinic,omitempty"`
}

// LaneCall is why an agent handles somebody's data.
type LaneCall struct {
	Caller string `json:"caller"` // who asked for it: person, family, carer, other
	Reason string `json:"reason"` // what they asked for and how the person agreed, 1 to 200 characters; no numbers
}

// LaneJoin is the body of POST /lane/v1/queue/join. Code is the short code of the place that the person has already; without
// one they take the place that joining now gives anybody. The answer is a Place with its Code, which the person is told.
type LaneJoin struct {
	RRN     string `json:"rrn"`
	Opening string `json:"opening,omitempty"`
	Code    string `json:"code,omitempty"`
	LaneCall
}

// LaneBooking is the body of POST /lane/v1/bookings, with the person's pass. Phone may be a landline or empty: then the
// agent reads the booking number out, or prints it.
type LaneBooking struct {
	Slot  string `json:"slot"`
	Name  string `json:"name"`
	RRN   string `json:"rrn"`
	Phone string `json:"phone,omitempty"`
	LaneCall
}

// LaneLookup is the body of POST /lane/v1/bookings/lookup.
type LaneLookup struct {
	No   string `json:"booking_no"`
	Name string `json:"name"`
	LaneCall
}

// LaneCancel is the body of POST /lane/v1/bookings/{no}/cancel, with the proof that the lookup gave.
type LaneCancel struct{ LaneCall }

// LaneAccess is the body of POST /lane/v1/accesses, by which a gateway records what it did from memory.
type LaneAccess struct {
	Task    string `json:"task"`
	Subject string `json:"subject"` // hex
	LaneCall
}

// Visits: what became of an appointment, by the word of the clinic.
const (
	VisitArrived    = "arrived"
	VisitVaccinated = "vaccinated"
	VisitNoShow     = "no_show"
)

// ClinicDay answers GET /lane/v1/clinic/day?day=YYYY-MM-DD: the clinic's own day, today without a day.
type ClinicDay struct {
	AsOf         time.Time           `json:"as_of"`
	Clinic       string              `json:"clinic"`
	Name         string              `json:"name"`
	Day          string              `json:"day"`
	Slots        []ClinicSlot        `json:"slots"`
	Appointments []ClinicAppointment `json:"appointments"` // by time
}

// ClinicSlot is one half hour of a clinic's day.
type ClinicSlot struct {
	Opening  string    `json:"opening"`
	Slot     string    `json:"slot"`
	At       time.Time `json:"at"`
	Vaccine  string    `json:"vaccine"`
	Capacity int       `json:"capacity"`
	Booked   int       `json:"booked"`
	Unused   int       `json:"unused"` // doses reported as unused
}

// ClinicAppointment is one booking of a clinic's day. Name comes masked.
type ClinicAppointment struct {
	No      string    `json:"booking_no"`
	Slot    string    `json:"slot"`
	At      time.Time `json:"at"`
	Dose    int       `json:"dose"`
	Vaccine string    `json:"vaccine"`
	Name    string    `json:"name"`
	Visit   string    `json:"visit"` // empty: nothing said yet
}

// ClinicVisit is the body of POST /lane/v1/clinic/visits.
type ClinicVisit struct {
	No    string `json:"booking_no"`
	Visit string `json:"visit"`
}

// ClinicUnused is the body of POST /lane/v1/clinic/unused, with an Idempotency-Key: doses of a half hour that will not be
// given to those who booked them.
type ClinicUnused struct {
	Opening string `json:"opening"`
	Slot    string `json:"slot"`
	Doses   int    `json:"doses"`
}

// ClinicUnusedReport answers it. Total is what is reported of the slot by now.
type ClinicUnusedReport struct {
	ClinicUnused
	Total int       `json:"total"`
	At    time.Time `json:"at"`
}
