package demo

import (
	"fmt"
	"io"
	"strings"

	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/sheet"
	"github.com/daemun/daemun/backend/subject"
)

var citizenColumns = []sheet.Column{roster.NumberColumn, {Name: "name", Ko: "성명"}, {Name: "phone", Ko: "전화번호"},
	{Name: "birth_date", Ko: "생년월일"}, roster.ListedColumn}

// EachCitizen reads a citizens file one after the other. A row that is wrong is an error at the end, which names the first such line
// and never what stands in it.
func EachCitizen(r io.Reader, each func(Citizen) error) error {
	var first *sheet.Rejection
	err := sheet.Read(r, sheet.UTF8, citizenColumns, func(row sheet.Row) error {
		c, err := readCitizen(row)
		if err != nil {
			return err
		}
		return each(c)
	}, func(bad sheet.Rejection) {
		if first == nil {
			first = &bad
		}
	})
	if first != nil {
		err = fmt.Errorf("%s", first)
	}
	if err != nil {
		return fmt.Errorf("reading the citizens: %w", err)
	}
	return nil
}

func readCitizen(row sheet.Row) (Citizen, error) {
	n, err := roster.ReadNumber(row.Value(0))
	if err != nil {
		return Citizen{}, err
	}
	birth, err := subject.ParseDate(row.Value(3))
	if err != nil || birth != n.Birth() {
		return Citizen{}, &sheet.Rejected{Field: "birth_date", Code: "birth_date", Ko: "등록번호의 생년월일과 다릅니다.", En: "birth_date is not the date in the number"}
	}
	listed := row.Value(4)
	if listed != "true" && listed != "false" {
		return Citizen{}, &sheet.Rejected{Field: "on_roster", Code: "not_a_boolean", Ko: "true 또는 false여야 합니다.", En: "neither true nor false"}
	}
	return Citizen{n, strings.Clone(row.Value(1)), strings.Clone(row.Value(2)), birth, listed == "true"}, nil
}

// ReadCitizens reads a citizens file whole, as EachCitizen does.
func ReadCitizens(r io.Reader) ([]Citizen, error) {
	var out []Citizen
	err := EachCitizen(r, func(c Citizen) error {
		out = append(out, c)
		return nil
	})
	return out, err
}
