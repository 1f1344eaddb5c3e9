package audit

import "fmt"

// What can be wrong with a piece of evidence.
const (
	Changed    = "changed"
	Removed    = "removed"
	Inserted   = "inserted"
	Reordered  = "reordered"
	Truncated  = "truncated"
	Rewritten  = "rewritten"
	Broken     = "unreadable"
	Differs    = "differs"
	Unlawful   = "unlawful"
	NotAtHand  = "not at hand"
	Unprovable = "not provable"
)

// Finding is one thing that does not hold, or that could not be looked at. What it is about is named by the fields that are
// not empty.
type Finding struct {
	Check   string  `json:"check"`
	What    string  `json:"what"`
	Record  uint64  `json:"record,omitempty"` // of the ledger
	To      uint64  `json:"to,omitempty"`     // last of several records
	Opening string  `json:"opening,omitempty"`
	Epoch   *uint32 `json:"epoch,omitempty"`
	Booking string  `json:"booking,omitempty"`
	Ko      string  `json:"ko"`
	En      string  `json:"en"`
}

// Check is one question, how often it was asked, and how often the answer was no or there was none.
type Check struct {
	Name    string `json:"name"`
	Ko      string `json:"ko"`
	En      string `json:"en"`
	Checked int64  `json:"checked"`
	Found   int64  `json:"found"`
	Missing int64  `json:"missing"`
}

// Outcomes of an audit; they are the exit codes of `daemun audit`.
const (
	Holds        = 0
	DoesNotHold  = 1
	CannotBeTold = 2
)

// Report is the outcome of an audit.
type Report struct {
	Audit    string    `json:"audit"`
	Checks   []*Check  `json:"checks"`
	Findings []Finding `json:"findings"` // the first of them; Check.Found counts all
	Missing  []Finding `json:"missing"`  // what could not be looked at, likewise
	Notes    []Note    `json:"notes"`
}

// Note is a figure worth knowing that neither proves nor breaks anything.
type Note struct {
	Ko string `json:"ko"`
	En string `json:"en"`
}

// mostListed bounds what is told in full.
const mostListed = 1000

// Outcome is Holds, DoesNotHold or CannotBeTold.
func (r *Report) Outcome() int {
	outcome := Holds
	for _, c := range r.Checks {
		switch {
		case c.Found > 0:
			return DoesNotHold
		case c.Missing > 0:
			outcome = CannotBeTold
		}
	}
	return outcome
}

// Count returns how much was looked at, found wrong, and not at hand.
func (r *Report) Count() (checked, found, missing int64) {
	for _, c := range r.Checks {
		checked, found, missing = checked+c.Checked, found+c.Found, missing+c.Missing
	}
	return checked, found, missing
}

// check adds a question to the report.
func (r *Report) check(name, ko, en string) *Check {
	c := &Check{Name: name, Ko: ko, En: en}
	r.Checks = append(r.Checks, c)
	return c
}

func (r *Report) find(c *Check, f Finding) {
	c.Found++
	if f.Check = c.Name; len(r.Findings) < mostListed {
		r.Findings = append(r.Findings, f)
	}
}

func (r *Report) miss(c *Check, f Finding) {
	c.Missing++
	if f.Check = c.Name; len(r.Missing) < mostListed {
		r.Missing = append(r.Missing, f)
	}
}

func (r *Report) note(ko, en string) { r.Notes = append(r.Notes, Note{ko, en}) }

// say fills in both sentences.
func (f Finding) say(ko, en string) Finding {
	f.Ko, f.En = ko, en
	return f
}

func sayf(f Finding, ko, en string, args ...any) Finding {
	return f.say(fmt.Sprintf(ko, args...), fmt.Sprintf(en, args...))
}

func sprintf2(ko, en string, args ...any) (string, string) {
	return fmt.Sprintf(ko, args...), fmt.Sprintf(en, args...)
}

// AddFiles reports on the files that the evidence came in: how many there are, and those that are not what their list says.
func (r *Report) AddFiles(altered []string, files int) {
	c := r.check("files", "증거 파일이 목록의 해시와 같다", "the files of the evidence are what its list says")
	c.Checked = int64(files)
	for _, name := range altered {
		r.find(c, sayf(Finding{What: Changed}, "파일 %s이(가) 목록(manifest.json)과 다르거나, 없거나, 목록에 없습니다.", "The file %s is not what manifest.json says, is missing, or is not listed.", name))
	}
}
