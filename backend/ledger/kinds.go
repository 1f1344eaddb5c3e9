package ledger

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"github.com/daemun/daemun/backend/subject"
)

// Kinds of records, each with the shape of its data.
const (
	KindGenesis     = "genesis"     // Genesis: the first record of every ledger
	KindClinic      = "clinic"      // Clinic: written at import, again when a capacity changes; the last one counts
	KindStock       = "stock"       // Stock: written at import, again when it changes; the last one counts
	KindAdmission   = "admission"   // Admission: somebody's turn came and they were let in
	KindReadmission = "readmission" // Admission: the same person let in again after their pass ran out
	KindBooking     = "booking"     // Booking
	KindIdentity    = "identity"    // Identity
	KindCancel      = "cancel"      // Cancel: slot and stock get the dose back
	KindChange      = "change"      // Change: the booking moved from one slot to another
	KindSchedule    = "schedule"    // Schedule: a schedule came into force
	KindOpening     = "opening"     // Opening: an operator's change
	KindWish        = "wish"        // Wish: somebody would take a leftover dose, or no longer
	KindOffer       = "offer"       // Offer: a leftover dose was offered to people; it takes the place of an admission
)

// KindAccesses has Accesses as its data.
const KindAccesses = "accesses"

// Accesses is the data of KindAccesses: how far the log of accesses to personal data went, and nothing that stands in it.
// Whoever holds the ledger can tell later whether the end of that log was cut off, or all of it was written anew.
type Accesses struct {
	Seq  uint64 `json:"seq"`
	Hash Hash   `json:"hash"`
}

// Genesis names the software and the format of the records.
type Genesis struct {
	Format int `json:"format"`
}

// Clinic says how many doses each slot of a clinic has for an opening.
type Clinic struct {
	Clinic  string         `json:"clinic"`
	Opening string         `json:"opening"`
	Slots   []SlotCapacity `json:"slots"`
}

// SlotCapacity is one slot of Clinic.
type SlotCapacity struct {
	Slot     string `json:"slot"`
	Capacity int    `json:"capacity"`
	Dose     int    `json:"dose,omitempty"` // 2 where second doses are given in it, which take nothing of the stock
}

// Stock says how many doses an opening has in all.
type Stock struct {
	Opening string `json:"opening"`
	Doses   int64  `json:"doses"`
}

// Rank is a rank as 16 hex digits, so that no JSON reader rounds it.
type Rank uint64

// MarshalText writes 16 hex digits.
func (r Rank) MarshalText() ([]byte, error) { return r.append(nil), nil }

// UnmarshalText reads what MarshalText writes.
func (r *Rank) UnmarshalText(text []byte) error {
	v, err := strconv.ParseUint(string(text), 16, 64)
	*r = Rank(v)
	return err
}

func (r Rank) append(b []byte) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[uint64(r)>>shift&15])
	}
	return b
}

// MarshalText writes 64 hex digits.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what MarshalText writes.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != hex.EncodedLen(len(h)) {
		return hex.ErrLength
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// Admission is the data of KindAdmission and KindReadmission. (Epoch, Rank) is the place that the pass names.
type Admission struct {
	Opening         string     `json:"opening"`
	Subject         subject.ID `json:"subject"`
	Epoch           uint32     `json:"epoch"`
	Rank            Rank       `json:"rank"`
	ScheduleVersion uint32     `json:"schedule_version"`
	IssuedAt        time.Time  `json:"issued_at"` // by the gateway, which had just found that the turn had come
	ExpiresAt       time.Time  `json:"expires_at"`
	PassSHA256      Hash       `json:"pass_sha256"` // of the pass as text
}

// AppendJSON appends what json.Marshal would make, without reflection: two of three records are of this kind.
func (a *Admission) AppendJSON(b []byte) []byte {
	b = AppendString(append(b, `{"opening":`...), a.Opening)
	b = hex.AppendEncode(append(b, `,"subject":"`...), a.Subject[:])
	b = strconv.AppendUint(append(b, `","epoch":`...), uint64(a.Epoch), 10)
	b = a.Rank.append(append(b, `,"rank":"`...))
	b = strconv.AppendUint(append(b, `","schedule_version":`...), uint64(a.ScheduleVersion), 10)
	b = a.IssuedAt.AppendFormat(append(b, `,"issued_at":"`...), time.RFC3339Nano)
	b = a.ExpiresAt.AppendFormat(append(b, `","expires_at":"`...), time.RFC3339Nano)
	b = hex.AppendEncode(append(b, `","pass_sha256":"`...), a.PassSHA256[:])
	return append(b, `"}`...)
}

// Booking is the data of KindBooking. PassSHA256 joins it to the admission that it rests on; KeySHA256 is of the
// caller's idempotency key.
type Booking struct {
	No         string     `json:"no"`
	Opening    string     `json:"opening"`
	Subject    subject.ID `json:"subject"`
	Dose       int        `json:"dose"`
	Slot       string     `json:"slot"`
	Epoch      uint32     `json:"epoch"`
	Rank       Rank       `json:"rank"`
	PassSHA256 Hash       `json:"pass_sha256"`
	KeySHA256  Hash       `json:"key_sha256"`
	Via        string     `json:"via,omitempty"`   // the lane, where somebody booked in the person's place
	Agent      string     `json:"agent,omitempty"` // who, by their certificate
}

// AppendJSON appends what json.Marshal would make, without reflection.
func (k *Booking) AppendJSON(b []byte) []byte {
	b = AppendString(append(b, `{"no":`...), k.No)
	b = AppendString(append(b, `,"opening":`...), k.Opening)
	b = hex.AppendEncode(append(b, `,"subject":"`...), k.Subject[:])
	b = strconv.AppendInt(append(b, `","dose":`...), int64(k.Dose), 10)
	b = AppendString(append(b, `,"slot":`...), k.Slot)
	b = strconv.AppendUint(append(b, `,"epoch":`...), uint64(k.Epoch), 10)
	b = k.Rank.append(append(b, `,"rank":"`...))
	b = hex.AppendEncode(append(b, `","pass_sha256":"`...), k.PassSHA256[:])
	b = append(hex.AppendEncode(append(b, `","key_sha256":"`...), k.KeySHA256[:]), '"')
	if k.Via != "" {
		b = AppendString(append(b, `,"via":`...), k.Via)
	}
	if k.Agent != "" {
		b = AppendString(append(b, `,"agent":`...), k.Agent)
	}
	return append(b, '}')
}

// Identity is the data of KindIdentity: a provider found the holder of a pass to be the person of the pass.
type Identity struct {
	Opening  string     `json:"opening"`
	Subject  subject.ID `json:"subject"`
	Provider string     `json:"provider"`
}

// Cancel is the data of KindCancel. By says whose hand it was: person, or a lane.
type Cancel struct {
	No      string     `json:"no"`
	Opening string     `json:"opening"`
	Subject subject.ID `json:"subject"`
	Slot    string     `json:"slot"`
	By      string     `json:"by"`
	Agent   string     `json:"agent,omitempty"` // who of the lane
	// Leftover says that the dose did not go back to the opening's stock but to people who asked for one.
	Leftover bool `json:"leftover,omitempty"`
}

// Wish is the data of KindWish: who would take a leftover dose where. Clinic is empty for any in the region. The newest one
// of a subject and opening counts; the order of asking is that of the first record with the same area. Over says that the
// person no longer wants one.
type Wish struct {
	Opening string     `json:"opening"`
	Subject subject.ID `json:"subject"`
	Region  string     `json:"region,omitempty"`
	Clinic  string     `json:"clinic,omitempty"`
	Over    bool       `json:"over,omitempty"`
}

// Offer is the data of KindOffer: a leftover dose of a slot, offered to people at one time. A booking made from it has the
// hash of the taker's code in the place of a pass's.
type Offer struct {
	Opening string    `json:"opening"`
	Slot    string    `json:"slot"`
	Until   time.Time `json:"until"`
	To      []Offered `json:"to"`
}

// Offered is one person of an Offer.
type Offered struct {
	Subject    subject.ID `json:"subject"`
	CodeSHA256 Hash       `json:"code_sha256"`
}

// Change is the data of KindChange.
type Change struct {
	No      string     `json:"no"`
	Opening string     `json:"opening"`
	Subject subject.ID `json:"subject"`
	From    string     `json:"from"`
	To      string     `json:"to"`
}

// ActionNotice is the action of an Opening that is a notice to everybody: it belongs to no opening, its Reason is the text.
const ActionNotice = "notice"

// Actions of an Opening that are about how the gateways protect themselves and the backend; they belong to no opening.
// Before and After are what operators had said until then, and with it.
const (
	ActionOverload    = "overload"        // parameters, and rules that only count
	ActionAskOverload = "ask to overload" // the same, waiting for a second person
	ActionBrownout    = "brownout"        // a step held, or given back
	ActionBackends    = "backends"        // an instance added or drained
)

// Everywhere tells whether a change belongs to no opening.
func (o *Opening) Everywhere() bool {
	switch o.Action {
	case ActionNotice, ActionOverload, ActionAskOverload, ActionBrownout, ActionBackends:
		return true
	}
	return false
}

// Opening is the data of KindOpening: what an operator (or the clock, or the stock) did to an opening or one of its
// cohorts, why, and the state before and after as the gateway tells it.
//
// ID is the key under which the gateways kept the change until it was recorded: the same change has the same one, however
// often it is brought. At is when it took effect.
type Opening struct {
	ID      string          `json:"id,omitempty"`
	At      time.Time       `json:"at,omitzero"`
	Opening string          `json:"opening"`
	Cohort  string          `json:"cohort,omitempty"`
	Action  string          `json:"action"`
	By      string          `json:"by"`
	Role    string          `json:"role"`
	Reason  string          `json:"reason"`
	Before  json.RawMessage `json:"before,omitempty"`
	After   json.RawMessage `json:"after,omitempty"`
}

// AppendString appends s as a JSON string. Identifiers need no escape; whatever does goes the long way round.
func AppendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// Schedule is the data of KindSchedule: a schedule that came into force, by whom, why and from when. By is empty where the
// file of a first start did. Each one holds until From of the next.
type Schedule struct {
	ID      string    `json:"id,omitempty"` // as in Opening
	Version uint32    `json:"version"`
	SHA256  string    `json:"sha256"` // hex, of Text
	Text    string    `json:"text"`   // the file
	By      string    `json:"by,omitempty"`
	Role    string    `json:"role,omitempty"`
	Reason  string    `json:"reason,omitempty"`
	From    time.Time `json:"from"`
}
