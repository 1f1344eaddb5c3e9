package roster

import (
	"errors"
	"io"
	"strconv"

	"github.com/daemun/daemun/backend/sheet"
	"github.com/daemun/daemun/backend/subject"
)

// NumberColumn is the column of registration numbers.
var NumberColumn = sheet.Column{Name: "rrn", Ko: "주민(외국인)등록번호", Also: []string{"주민등록번호", "외국인등록번호", "주민(외국인)등록번호", "등록번호"}}

// ListedColumn may say of each row whether the person is on the list at all.
var ListedColumn = sheet.Column{Name: "on_roster", Ko: "대상자 여부", Also: []string{"대상자여부", "대상자 여부"}, Missing: true}

// ReadCSV reads a list whose header names at least the column of registration numbers, row by row. Who is not listed by the
// list's own word is told to accept as such. A row that cannot be read goes to reject, and reading goes on: one slip must not
// keep a million people out. Errors are those of sheet.Read.
func ReadCSV(r io.Reader, encoding sheet.Encoding, accept func(n subject.Number, listed bool) error, reject func(sheet.Rejection)) error {
	return sheet.Read(r, encoding, []sheet.Column{NumberColumn, ListedColumn}, func(row sheet.Row) error {
		n, err := ReadNumber(row.Value(0))
		if err != nil {
			return err
		}
		listed, err := readListed(row.Value(1))
		if err != nil {
			return err
		}
		return accept(n, listed)
	}, reject)
}

// ReadNumber reads a registration number of a table. The error is a *sheet.Rejected, which never holds what stood there.
func ReadNumber(text string) (subject.Number, error) {
	n, err := subject.ParseNumber(text)
	var bad *subject.NumberError
	if errors.As(err, &bad) {
		return n, &sheet.Rejected{Field: NumberColumn.Name, Code: "number_" + string(bad.Kind), Ko: bad.Ko, En: bad.En}
	}
	return n, err
}

func readListed(text string) (bool, error) {
	if text == "" {
		return true, nil
	}
	listed, err := strconv.ParseBool(text)
	if err != nil {
		return false, &sheet.Rejected{Field: ListedColumn.Name, Code: "not_a_boolean", Ko: "true 또는 false로 적어 주세요.", En: "write true or false"}
	}
	return listed, nil
}
