// Package api holds the wire shapes of Daemun's public and control APIs and nothing else: no logic, no I/O.
// Servers encode these, the console, the load lab and the pages decode them.
//
// Times are RFC 3339 with zone; durations carry their unit in the name. A null stands for "unknown", never zero.
package api

import "time"

// Opening states as shown outside.
const (
	OpeningScheduled = "scheduled"
	OpeningLobby     = "lobby"
	OpeningOpen      = "open"
	OpeningPaused    = "paused"
	OpeningClosed    = "closed"
)

// Phases of an opening: its states, and two that the states take together with others. A postponed opening is shown as
// lobby (or scheduled), an exhausted one as closed.
const (
	PhasePostponed = "postponed" // waits for a later time than was announced; places are kept
	PhaseExhausted = "exhausted" // every dose is booked
)

// Place states of a ticket.
const (
	PlaceLobby   = "lobby"
	PlaceWaiting = "waiting"
	PlaceTurn    = "turn"
	PlacePaused  = "paused"
	PlaceClosed  = "closed"
)

// Opening is one row of GET /v1/openings.
type Opening struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	NameEn   string    `json:"name_en"`
	State    string    `json:"state"`
	Phase    string    `json:"phase"`            // State, or postponed or exhausted
	Reason   string    `json:"reason,omitempty"` // an operator's words, shown to everybody
	LobbyAt  time.Time `json:"lobby_at"`
	OpensAt  time.Time `json:"opens_at"`
	ClosesAt time.Time `json:"closes_at"`
	Order    string    `json:"order"` // draw or arrival: how the lobby is ordered
	Proxy    bool      `json:"proxy"` // whether booking for somebody else is allowed
	Vaccine  string    `json:"vaccine"`
	// IdentityRequired says that people have to show who they are once they are inside.
	IdentityRequired bool     `json:"identity_required"`
	Cohorts          []Cohort `json:"cohorts"`
	StockLeft        *int64   `json:"stock_left"`
	Anchor           string   `json:"anchor"` // hex; the published end of the seed hash chain
}

// Cohort is one group of people that an opening admits.
type Cohort struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	NameEn string `json:"name_en"`
	Paused bool   `json:"paused"`
	Reason string `json:"reason,omitempty"`
}

// Eligibility answers POST /v1/eligibility. Reason is always set; where there is no window now but one to come,
// Opening and OpensAt name it.
type Eligibility struct {
	Eligible bool       `json:"eligible"`
	Opening  string     `json:"opening,omitempty"`
	Cohort   string     `json:"cohort,omitempty"`
	OpensAt  *time.Time `json:"opens_at"`
	ClosesAt *time.Time `json:"closes_at"`
	Code     string     `json:"code"`   // open_now, lobby_now, later, closed, no_window, not_on_roster, excluded
	Reason   string     `json:"reason"` // a sentence for the person
}

// EligibilityRequest carries either a registration number or a birth date (YYYY-MM-DD).
type EligibilityRequest struct {
	RRN       string `json:"rrn,omitempty"`
	BirthDate string `json:"birth_date,omitempty"`
}

// JoinRequest is the body of POST /v1/queue/join. Without Opening the one that admits the person is taken.
type JoinRequest struct {
	RRN     string `json:"rrn"`
	Opening string `json:"opening,omitempty"`
}

// Place answers join and place. Ahead, WaitLowS and WaitHighS are null while unknown (before the draw, or while
// nothing moves).
type Place struct {
	Ticket string `json:"ticket,omitempty"`
	// Code stands beside the ticket: with it and the registration number the call centre finds the place again.
	Code      string `json:"code,omitempty"`
	Opening   string `json:"opening"`
	Cohort    string `json:"cohort"`
	State     string `json:"state"`
	Reason    string `json:"reason,omitempty"`
	Ahead     *int64 `json:"ahead"`
	WaitLowS  *int64 `json:"wait_low_s"`
	WaitHighS *int64 `json:"wait_high_s"`
	// StockOutlook: plenty, scarce (fewer doses left than people up to this place), gone, unknown.
	StockOutlook string    `json:"stock_outlook"`
	StockLeft    *int64    `json:"stock_left"`
	OpensAt      time.Time `json:"opens_at"`
	NextPollS    int       `json:"next_poll_s"`
	ServerTime   time.Time `json:"server_time"`
}

// Entry answers POST /v1/queue/enter.
type Entry struct {
	Pass      string    `json:"pass"`
	ExpiresAt time.Time `json:"expires_at"`
}

// Seal closes an epoch of the queue for good; with it everybody can recompute every rank of the epoch.
type Seal struct {
	Epoch uint32 `json:"epoch"`
	Count uint64 `json:"count"` // distinct subjects, estimated
	Tally string `json:"tally"` // hex SHA-256 over the sketches that the count came from
	Seed  string `json:"seed"`  // hex; next value of the hash chain
}

// Cursor answers GET /v1/openings/{id}/cursor.
type Cursor struct {
	Epoch uint32  `json:"epoch"`
	Rank  string  `json:"rank"` // 16 hex digits, so that no JSON reader rounds it
	State string  `json:"state"`
	Speed float64 `json:"speed"` // people a second, measured
	Seals []Seal  `json:"seals"` // the newest ones; all of them at /v1/openings/{id}/seals
}

// Clinic is one row of GET /v1/clinics.
type Clinic struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Region  string `json:"region"`
	Address string `json:"address"`
	Vaccine string `json:"vaccine"`
	Left    int64  `json:"left"` // doses left over all its slots of the opening
}

// ClinicsPerPage is how many clinics GET /v1/clinics tells at a time: a province can have thousands.
const ClinicsPerPage = 30

// ClinicSearch says which clinics GET /v1/clinics is to tell: ?region=, district=, vaccine=, q= (every word of it in the name
// or the address; all of them where nothing is said) and page=, from 1.
type ClinicSearch struct {
	Region, District, Vaccine, Words string
	Page                             int
}

// ClinicList answers GET /v1/clinics: a page of those that fit, the ones with anything left first. Past the last page comes
// the last one.
type ClinicList struct {
	AsOf  time.Time `json:"as_of"`
	Total int       `json:"total"` // that fit
	Page  int       `json:"page"`
	Pages int       `json:"pages"`
	// Districts are those of the region asked for, in order; none without a region.
	Districts []string `json:"districts"`
	Clinics   []Clinic `json:"clinics"`
}

// Slot is a clinic's half hour.
type Slot struct {
	ID       string    `json:"id"`
	Clinic   string    `json:"clinic"`
	At       time.Time `json:"at"`
	Vaccine  string    `json:"vaccine"`
	Capacity int       `json:"capacity"`
	Left     int       `json:"left"`
}

// SlotList answers GET /v1/clinics/{id}/slots. Days lists the days (YYYY-MM-DD) on which anything is left.
type SlotList struct {
	AsOf   time.Time `json:"as_of"`
	Clinic *Clinic   `json:"clinic,omitempty"` // whose slots these are, so that a page can name it
	Days   []string  `json:"days"`
	Slots  []Slot    `json:"slots"`
}

// BookingRequest is the body of POST /v1/bookings. RRN is the number of the person to be vaccinated; the pass must be
// theirs. A proxy (who books for them) states name, phone and relation. The booking is confirmed by text message to Phone,
// and by e-mail too where Email is given, in Lang: ko or en, by default what Accept-Language asks for.
type BookingRequest struct {
	Slot  string `json:"slot"`
	Name  string `json:"name"`
	RRN   string `json:"rrn"`
	Phone string `json:"phone"`
	Email string `json:"email,omitempty"`
	Lang  string `json:"lang,omitempty"`
	Proxy *Proxy `json:"proxy,omitempty"`
}

// Proxy is the person who books for somebody else.
type Proxy struct {
	Name     string `json:"name"`
	Phone    string `json:"phone"`
	Relation string `json:"relation"`
}

// Booking answers the booking calls. Names and phones come back masked.
type Booking struct {
	No         string    `json:"booking_no"`
	State      string    `json:"state"` // booked, cancelled
	Opening    string    `json:"opening"`
	Slot       string    `json:"slot"`
	At         time.Time `json:"at"`
	Clinic     string    `json:"clinic"`
	ClinicName string    `json:"clinic_name"`
	Address    string    `json:"address"`
	Vaccine    string    `json:"vaccine"`
	Dose       int       `json:"dose"`
	Name       string    `json:"name"`
	Phone      string    `json:"phone"`
	BookedAt   time.Time `json:"booked_at"`
	ChangeBy   time.Time `json:"change_by"` // until when it may be changed or cancelled
	// Second is the second dose, booked together with the first; null where there is none, and for the second itself.
	Second *Appointment `json:"second"`
	// Proof opens this booking again (Authorization: Proof …) for a quarter of an hour.
	Proof string `json:"proof,omitempty"`
}

// LookupRequest is the body of POST /v1/bookings/lookup: what a person knows about their own booking.
type LookupRequest struct {
	No   string `json:"booking_no"`
	Name string `json:"name"`
	RRN  string `json:"rrn"`
}

// ChangeRequest is the body of PATCH /v1/bookings/{no}.
type ChangeRequest struct {
	Slot string `json:"slot"`
}

// Problem is an RFC 9457 problem document and, in Go, the error that becomes one at the edge.
type Problem struct {
	Type        string `json:"type"` // about:blank
	Title       string `json:"title"`
	Status      int    `json:"status"`
	Code        string `json:"code"`
	Detail      string `json:"detail"`              // a sentence for the person, Korean
	DetailEn    string `json:"detail_en,omitempty"` // the same in English
	RetryAfterS int    `json:"retry_after_s,omitempty"`
	// Line and Column, from 1, are where in a file the mistake is; 0 where the problem is no file's.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

// Error makes a Problem usable as an error.
func (p *Problem) Error() string { return p.Code + ": " + p.DetailEn }
