package ledger

// KindList records a list of people taken in whole; the last one of a name counts. Its data is a List.
const KindList = "list"

// List says who is on a list without naming anybody.
type List struct {
	List   string `json:"list"` // as the schedule names it
	People int    `json:"people"`
	SHA256 Hash   `json:"sha256"` // of the list's file, see roster.Set
}
