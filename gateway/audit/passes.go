package audit

import (
	"crypto/sha256"
	"strings"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/pass"
)

func hashText(text string) ledger.Hash { return sha256.Sum256([]byte(text)) }

func number(opening string) uint32 { return cohort.Opening{ID: opening}.Number() }

// legible puts a letter for whatever a pass is never written with, so that the rest of it can still be read.
func legible(r rune) rune {
	if r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
		return r
	}
	return 'A'
}

// closest finds the admission whose pass a text once was: the one that most of what it says agrees with.
func (c *reconciler) closest(text string) *admission {
	p, ok := pass.Read(strings.Map(legible, text))
	if !ok {
		return nil
	}
	var best *admission
	most := 1 // more than one thing must agree
	for i := range c.h.admissions {
		a := &c.h.admissions[i]
		agrees := 0
		for _, same := range []bool{a.subject == p.Subject, a.place.Rank == p.Rank, a.place.Epoch == p.Epoch, a.expires == p.ExpiresAt.UnixMilli()} {
			if same {
				agrees++
			}
		}
		if agrees > most {
			best, most = a, agrees
		}
	}
	return best
}
