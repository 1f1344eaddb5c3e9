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
	Classes  []ClassStatus     `json:"classes"` // P0 … P3 and W (waiting-room answers from memory)
	Errors   map[string]uint64 `json:"errors"`  // answered problems by code, totals
	Breakers []BreakerStatus   `json:"breakers"`
	Backend  BackendStatus     `json:"backend"`
	Shared   SharedStatus      `json:"shared"`
	Notices  []Notice          `json:"notices"`
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

	// Pending is an order that waits for a second person, null when none does.
	Pending *PendingAction `json:"pending"`
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
	Joined  int64 `json:"joined"`  // tickets given on this node
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
	Reason string    `json:"reason"`
}

// BackendStatus is what the backend last reported and when.
type BackendStatus struct {
	Reachable  bool      `json:"reachable"`
	ReportedAt time.Time `json:"reported_at"`
	Store      string    `json:"store"` // sqlite, postgres
	CommitMS   float64   `json:"commit_ms"`
	LedgerSeq  uint64    `json:"ledger_seq"`
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

// Command is the body of the operator's POST calls. Reason is required. OpensAt belongs to postpone.
type Command struct {
	Reason  string     `json:"reason"`
	OpensAt *time.Time `json:"opens_at,omitempty"`
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
	Openings     map[string]OpeningReport `json:"openings"`
}

// OpeningReport is the backend's count for one opening.
type OpeningReport struct {
	StockTotal int64 `json:"stock_total"`
	StockLeft  int64 `json:"stock_left"`
	Booked     int64 `json:"booked"`
	Admitted   int64 `json:"admitted"`
}
