package ledger

import "github.com/daemun/daemun/backend/subject"

// Kinds of records that clinics bring about.
const (
	KindVisit  = "visit"  // Visit: a clinic said what became of somebody's appointment
	KindUnused = "unused" // Unused: a clinic said that doses of a slot stay unused
)

// Lanes by which something is done in a person's place or by a clinic.
const (
	LaneCallCentre = "call_centre"
	LaneClinic     = "clinic"
)

// Visit is the data of KindVisit. The last one of a booking counts.
type Visit struct {
	No      string     `json:"no"`
	Opening string     `json:"opening"`
	Subject subject.ID `json:"subject"`
	Clinic  string     `json:"clinic"`
	Slot    string     `json:"slot"`
	Visit   string     `json:"visit"` // arrived, vaccinated, no_show
	By      string     `json:"by"`    // of the certificate
}

// Unused is the data of KindUnused. ID is the report's own: the same report has the same one, however often it is brought.
type Unused struct {
	ID      string `json:"id"`
	Clinic  string `json:"clinic"`
	Opening string `json:"opening"`
	Slot    string `json:"slot"`
	Doses   int    `json:"doses"`
	By      string `json:"by"` // of the certificate
}
