package oidc

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"

	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/sheet"
	"github.com/daemun/daemun/backend/subject"
)

// LinkTable is Links in memory: pseudonyms of CIs to subjects, 16 bytes each. Neither CI nor number is kept.
type LinkTable struct {
	key   *subject.Key
	links map[[16]byte]subject.ID
}

var ciColumn = sheet.Column{Name: "ci", Ko: "연계정보(CI)", Also: []string{"CI", "연계정보"}}

// ReadLinks reads a table with the columns ci and rrn, as an identity provider makes it of a list of registration numbers.
// One row that is wrong refuses the table, because somebody would be refused for it later: the error names the first such
// line, how many there are, and never what stands in it.
func ReadLinks(r io.Reader, key *subject.Key) (*LinkTable, error) {
	t := &LinkTable{key: key, links: map[[16]byte]subject.ID{}}
	var first *sheet.Rejection
	bad := 0
	err := sheet.Read(r, sheet.Auto, []sheet.Column{ciColumn, roster.NumberColumn}, func(row sheet.Row) error {
		n, err := roster.ReadNumber(row.Value(1))
		if err != nil {
			return err
		}
		return t.add(row.Value(0), key.Subject(n))
	}, func(b sheet.Rejection) {
		if bad++; first == nil {
			first = &b
		}
	})
	if err == nil && first != nil {
		err = fmt.Errorf("%d rows are wrong, the first one: %s", bad, first)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the links of CIs: %w", err)
	}
	return t, nil
}

func (t *LinkTable) add(ci string, who subject.ID) error {
	if ci == "" || len(ci) > longestClaim {
		return &sheet.Rejected{Field: "ci", Code: "ci", Ko: "연계정보(CI)가 비어 있거나 너무 깁니다.", En: "the CI is empty or too long"}
	}
	name := t.pseudonym(ci)
	if known, ok := t.links[name]; ok && known != who {
		return &sheet.Rejected{Field: "ci", Code: "ci_twice", Ko: "같은 연계정보(CI)가 다른 사람에게도 적혀 있습니다.", En: "the same CI stands with somebody else too"}
	}
	t.links[name] = who
	return nil
}

// Subject implements Links.
func (t *LinkTable) Subject(ci string) (subject.ID, bool) {
	who, ok := t.links[t.pseudonym(strings.TrimSpace(ci))]
	return who, ok
}

// Len is how many CIs are linked.
func (t *LinkTable) Len() int { return len(t.links) }

// pseudonym is an HMAC under the key of subjects, over other words than a subject's.
func (t *LinkTable) pseudonym(ci string) [16]byte {
	mac := hmac.New(sha256.New, t.key[:])
	mac.Write([]byte("daemun ci\x00" + ci))
	return [16]byte(mac.Sum(nil)[:16])
}
