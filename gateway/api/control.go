package api

import (
	"encoding/json"
	"time"
)

// Snapshot is what the control room sees, once a second: GET /control/v1/snapshot and each event of
// GET /control/v1/events. Totals count since the process named by Node started; rates are over the last second.
type Snapshot struct {
	At       time.Time         `json:"at"` // server time
	Node     string            `json:"node"`
	Leader   bool              `json:"leader"`
	Version  string            `json:"version"`
	UpSince  time.Time         `json:"up_since"`
	Openings []OpeningStatus   `json:"openings"`
	Capacity Capacity          `json:"capacity"`
	Classes  []ClassStatus     `json:"classes"` // P0 … P3, L (the reserved lane) and W (waiting-room answers from memory)
	Errors   map[string]uint64 `json:"errors"`  // answered problems by code, totals
	Breakers []BreakerStatus   `json:"breakers"`
	Backend  BackendStatus     `json:"backend"`
	Shared   SharedStatus      `json:"shared"`
	Notices  []Notice          `json:"notices"`
	Schedule ScheduleStatus    `json:"schedule"`
	Doors    DoorStatus        `json:"doors"`
	Overload Overload          `json:"overload"`
}

// ScheduleStatus names the schedule in force.
type ScheduleStatus struct {
	Version     uint32    `json:"version"`
	Name        string    `json:"name"`
	SHA256      string    `json:"sha256"` // hex, of the file
	ActivatedAt time.Time `json:"activated_at"`
	ActivatedBy string    `json:"activated_by"` // empty where the file at the first start still is in force
}

// DoorStatus is what the standing probes found at the doors that must be shut, tried from outside.
type DoorStatus struct {
	TriedAt time.Time `json:"tried_at"` // zero: not yet
	Tried   int       `json:"tried"`    // doors of the last round, with a verdict
	Untried int       `json:"untried"`  // doors that could not be tried: they are not known to be shut
	Open    []Door    `json:"open"`     // those that did not refuse: an alarm
}

// Door is a way in that must be shut and was found open.
type Door struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
	Ko   string    `json:"ko"` // what was tried and what answered
	En   string    `json:"en"`
}

// OpeningStatus is one opening with its queue.
type OpeningStatus struct {
	Opening
	Joined       int64          `json:"joined"`       // distinct people with a place, estimated
	InLobby      int64          `json:"in_lobby"`     // of them, before the draw
	Waiting      int64          `json:"waiting"`      // of them, turn not come
	TurnCome     int64          `json:"turn_come"`    // of them, below the cursor
	Entered      int64          `json:"entered"`      // admissions recorded
	Booked       int64          `json:"booked"`       // active bookings
	StockTotal   int64          `json:"stock_total"`  // doses
	Epoch        uint32         `json:"epoch"`        // cursor
	Rank         string         `json:"rank"`         // cursor
	SealedUpTo   int64          `json:"sealed_up_to"` // newest sealed epoch, −1 before the first
	Speed        float64        `json:"speed"`        // people a second called in, measured
	RateCap      float64        `json:"rate_cap"`     // operator's cap, people a second; 0: none
	WaitLowS     *int64         `json:"wait_low_s"`   // for somebody joining now
	WaitHighS    *int64         `json:"wait_high_s"`  //
	PausedBy     string         `json:"paused_by"`    // operator's name
	CohortStatus []CohortStatus `json:"cohort_status"`

	PhaseSince time.Time    `json:"phase_since"` // zero: unknown
	ShowUp     *float64     `json:"show_up"`     // of those called lately, the share that entered; null while unknown
	WaitRanges RangeQuality `json:"wait_ranges"`

	// Pending is an order that waits for a second person, null when none does.
	Pending *PendingAction `json:"pending"`
}

// RangeQuality is how often the waits that were shown turned out right: the turn came within the range. It is measured at
// sampled places of the line.
type RangeQuality struct {
	Settled  int64    `json:"settled"`   // ranges whose end is known, since the opening
	Held     int64    `json:"held"`      // of them, those that were right
	LastHour *float64 `json:"last_hour"` // share that held, weighted by people, of those settled in the last hour; null: none
	Unknown  float64  `json:"unknown"`   // share of samples at which no range could be given
}

// PendingAction is what one operator asked for and a second one has yet to confirm by giving the same order.
type PendingAction struct {
	Action string    `json:"action"` // open, or "rate N": N people a second, 0 for no cap
	By     string    `json:"by"`     // operator's name, who cannot confirm it
	Reason string    `json:"reason"`
	At     time.Time `json:"at"` // it lapses ten minutes later
}

// CohortStatus is one cohort of an opening as the control room sees it.
type CohortStatus struct {
	Cohort
	Joined  int64 `json:"joined"`  // people given a ticket on this node, each counted once
	Entered int64 `json:"entered"` // passes given on this node
}

// Capacity is how much the backend takes in and how much of that is used.
type Capacity struct {
	PermitLimit  int     `json:"permit_limit"`
	InFlight     int     `json:"in_flight"`
	Queued       int     `json:"queued"`
	QueueWaitMS  float64 `json:"queue_wait_ms"`
	AdmitPerS    float64 `json:"admit_per_s"` // what the admission controller allows now
	ActivePasses int64   `json:"active_passes"`
}

// ClassStatus counts one priority class.
type ClassStatus struct {
	Class    string  `json:"class"`
	Offered  uint64  `json:"offered"`
	Answered uint64  `json:"answered"`
	Shed     uint64  `json:"shed"`
	PerS     float64 `json:"per_s"`
	P50MS    float64 `json:"p50_ms"`
	P99MS    float64 `json:"p99_ms"`
}

// BreakerStatus is one circuit breaker.
type BreakerStatus struct {
	Name   string    `json:"name"`
	State  string    `json:"state"` // closed, half-open, open
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"` // English
	// ReasonKo is the same in Korean; Until is when an open one is tried again, zero where that is not said.
	ReasonKo string    `json:"reason_ko,omitempty"`
	Until    time.Time `json:"until,omitzero"`
	// Refused counts what the breaker kept away, WouldRefuse what it would have and only counted, since the process started.
	Refused     uint64 `json:"refused,omitempty"`
	WouldRefuse uint64 `json:"would_refuse,omitempty"`
	DryRun      bool   `json:"dry_run,omitempty"`
}

// BackendStatus is what the backend last reported and when.
type BackendStatus struct {
	Reachable  bool      `json:"reachable"`
	ReportedAt time.Time `json:"reported_at"`
	Store      string    `json:"store"` // sqlite, postgres
	CommitMS   float64   `json:"commit_ms"`
	LedgerSeq  uint64    `json:"ledger_seq"`
	// Notify is how the messages to people stand.
	Notify NotifyStatus `json:"notify"`
}

// SharedStatus says whether the state shared by the gateways is at hand.
type SharedStatus struct {
	Reachable bool      `json:"reachable"`
	SeenAt    time.Time `json:"seen_at"`
	Leader    string    `json:"leader"`
	Gateways  int       `json:"gateways"`
}

// Notice is a line that everybody waiting sees.
type Notice struct {
	At     time.Time `json:"at"`
	Text   string    `json:"text"`
	TextEn string    `json:"text_en"`
	By     string    `json:"by"`
}

// Command is the body of the operator's POST calls. Reason is required. OpensAt belongs to postpone, and so does ClosesAt,
// which is needed where OpensAt is not before the close.
type Command struct {
	Reason   string     `json:"reason"`
	OpensAt  *time.Time `json:"opens_at,omitempty"`
	ClosesAt *time.Time `json:"closes_at,omitempty"`
}

// RateCommand is the body of PUT /control/v1/openings/{id}/rate; PerS 0 lifts the cap.
type RateCommand struct {
	Reason string  `json:"reason"`
	PerS   float64 `json:"per_s"`
}

// NoticeCommand is the body of POST /control/v1/notices.
type NoticeCommand struct {
	Text   string `json:"text"`
	TextEn string `json:"text_en"`
}

// WhoAmI answers GET /control/v1/whoami: the name and the role that the certificate carries.
type WhoAmI struct {
	Name string `json:"name"`
	Role string `json:"role"` // viewer, operator, supervisor
}

// LedgerRecord is one line of GET /control/v1/ledger?after=SEQ&limit=N (application/x-ndjson, in order of Seq).
type LedgerRecord struct {
	Seq  uint64          `json:"seq"`
	At   time.Time       `json:"at"`
	Kind string          `json:"kind"` // see backend/ledger
	Data json.RawMessage `json:"data"`
	Hash string          `json:"hash"` // hex SHA-256 over the previous hash and this record
}

// BackendReport answers the backend's GET /internal/status, which the gateway asks for ten times a second.
type BackendReport struct {
	At           time.Time                `json:"at"`
	Store        string                   `json:"store"`
	ActivePasses int64                    `json:"active_passes"`
	QueueWaitMS  float64                  `json:"queue_wait_ms"` // wait of writes for their commit group, recent mean
	CommitMS     float64                  `json:"commit_ms"`     // duration of a commit, recent mean
	LedgerSeq    uint64                   `json:"ledger_seq"`
	Notify       NotifyStatus             `json:"notify"`
	Openings     map[string]OpeningReport `json:"openings"`
	Breakers     []BreakerStatus          `json:"breakers,omitempty"` // of what the backend depends on itself
	Standby      bool                     `json:"standby,omitempty"`  // well, and not to be sent work: another instance does it
}

// OpeningReport is the backend's count for one opening.
type OpeningReport struct {
	StockTotal int64 `json:"stock_total"`
	StockLeft  int64 `json:"stock_left"` // not booked; Held is a part of it
	Held       int64 `json:"held"`       // kept for people who are filling the form: what they do not book comes back
	Booked     int64 `json:"booked"`
	Admitted   int64 `json:"admitted"`
}

// Schedule calls, all under /control/v1/schedule. A schedule travels as the text of its file.

// ScheduleDocument answers GET /control/v1/schedule.
type ScheduleDocument struct {
	ScheduleStatus
	Text string `json:"text"`
}

// ScheduleRequest is the body of POST check, preview and activate. Cases and Lang belong to preview; Reason and
// Acknowledge to activate.
type ScheduleRequest struct {
	Text  string         `json:"text"`
	Lang  string         `json:"lang,omitempty"` // ko or en
	Cases []ScheduleCase `json:"cases,omitempty"`
	// Reason says why, for the ledger.
	Reason string `json:"reason,omitempty"`
	// Acknowledge is the code that goes with the list of those who lose a window, as check gave it.
	Acknowledge string `json:"acknowledge,omitempty"`
}

// ScheduleCase asks whom a schedule admits at an instant.
type ScheduleCase struct {
	BirthDate string    `json:"birth_date"` // YYYY-MM-DD
	At        time.Time `json:"at"`
}

// ScheduleCheck answers POST /control/v1/schedule/check: what an official should look at, and what would change for
// whom if the schedule went live now.
type ScheduleCheck struct {
	Version  uint32            `json:"version"`
	Usable   bool              `json:"usable"`
	Findings []ScheduleFinding `json:"findings"`
	Impacts  []ScheduleImpact  `json:"impacts"`
	// Acknowledge must be given to activate where somebody loses a window; empty where nobody does.
	Acknowledge string `json:"acknowledge"`
}

// ScheduleFinding is something in a schedule to look at; a serious one keeps it from going live.
type ScheduleFinding struct {
	Code    string `json:"code"`
	Serious bool   `json:"serious"`
	Opening string `json:"opening,omitempty"`
	Cohort  string `json:"cohort,omitempty"`
	Ko      string `json:"ko"`
	En      string `json:"en"`
}

// ScheduleImpact says in words what changes for some people.
type ScheduleImpact struct {
	Loses bool   `json:"loses"` // they lose a window, or time of one
	Ko    string `json:"ko"`
	En    string `json:"en"`
}

// SchedulePreview answers POST /control/v1/schedule/preview.
type SchedulePreview struct {
	Table   string           `json:"table"`   // as text
	Picture string           `json:"picture"` // as SVG
	Answers []ScheduleAnswer `json:"answers"` // one for each case
}

// ScheduleAnswer lists the openings that admit a person at an instant.
type ScheduleAnswer struct {
	ScheduleCase
	Openings []string `json:"openings"`
}

// RehearsalRequest is the body of POST /control/v1/rehearsals, which two people must send: a pass with which staff may
// try everything up to a booking that is checked like a real one and then not made.
type RehearsalRequest struct {
	Name    string `json:"name"` // of the rehearsal, in the ledger
	Opening string `json:"opening"`
	RRN     string `json:"rrn"`     // of the person who tries; must be eligible in the opening
	Minutes int    `json:"minutes"` // how long the pass is good, 5 to 240
	Reason  string `json:"reason"`
}

// Rehearsal answers it. Pass is empty while a second person has yet to confirm.
type Rehearsal struct {
	Name      string         `json:"name"`
	Opening   string         `json:"opening"`
	Pass      string         `json:"pass,omitempty"`
	ExpiresAt *time.Time     `json:"expires_at"`
	Pending   *PendingAction `json:"pending"`
}

// LedgerCheckpoint is one line of GET /control/v1/ledger/checkpoints (application/x-ndjson): the backend's signature of
// how far the ledger went at a time.
type LedgerCheckpoint struct {
	Seq       uint64    `json:"seq"`
	Hash      string    `json:"hash"` // hex, of the record Seq
	At        time.Time `json:"at"`
	Key       byte      `json:"key"`       // number of the key
	Signature string    `json:"signature"` // hex, Ed25519; see backend/ledger
}

// SpentPass is one line of GET /control/v1/ledger/passes?after=NUMBER&limit=N (application/x-ndjson): the text of a pass
// that has expired, for an audit.
type SpentPass struct {
	Number uint64 `json:"number"`
	Pass   string `json:"pass"`
}

// PublicKeys answers GET /control/v1/keys: what signatures on passes and checkpoints are verified with, in hex by number.
type PublicKeys struct {
	Pass   map[string]string `json:"pass"`
	Ledger map[string]string `json:"ledger"`
}
