package invariant

// Audit is what the program's own audit of the run's evidence came to.
type Audit struct {
	Checked int64
	trouble problems
}

// AuditReport is one part of it, as `daemun audit … --json` tells it.
type AuditReport struct {
	Code     int          `json:"exit_code"` // 0 holds, 1 does not, 2 could not be told
	Checked  int64        `json:"checked"`
	Found    int64        `json:"found"`
	Lacking  int64        `json:"not_checkable"`
	Findings []AuditEntry `json:"findings"`
	Missing  []AuditEntry `json:"missing"`
}

// AuditEntry is a thing that does not hold or could not be looked at.
type AuditEntry struct {
	En string `json:"en"`
}

// Add takes a part in. What could not be looked at is as bad as what does not hold: the lab has all evidence.
func (a *Audit) Add(part string, r AuditReport) {
	a.Checked += r.Checked
	for _, list := range [][]AuditEntry{r.Findings, r.Missing} {
		for _, f := range list {
			a.trouble.add("%s: %s", part, f.En)
		}
	}
	if more := r.Found + r.Lacking - int64(len(r.Findings)+len(r.Missing)); more > 0 {
		a.trouble.count += more
	}
	if r.Code != 0 && r.Found+r.Lacking == 0 {
		a.trouble.add("%s ended with %d and says nothing", part, r.Code)
	}
}

func auditHolds(h *History, p *problems) int64 {
	*p = h.Audit.trouble
	return h.Audit.Checked
}
