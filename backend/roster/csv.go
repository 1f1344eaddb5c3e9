package roster

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/daemun/daemun/backend/subject"
)

// Row is one person of a list. It is valid only until the function that got it returns.
type Row struct {
	Line   int // in the file, from 1
	Number subject.Number
	header []string
	fields []string
}

// Field returns the value under a column name, or "" where the list has no such column.
func (r Row) Field(name string) string {
	if i := slices.Index(r.header, name); i >= 0 {
		return r.fields[i]
	}
	return ""
}

// Rejection says why a row was left out. It never holds what stood in the row.
type Rejection struct {
	Line int
	Ko   string
	En   string
}

func (r Rejection) String() string {
	return fmt.Sprintf("%d행: %s / line %d: %s", r.Line, r.Ko, r.Line, r.En)
}

// HeaderError refuses a list as a whole, because its first line does not say where the numbers stand.
type HeaderError struct {
	Ko string
	En string
}

func (e *HeaderError) Error() string { return e.Ko + " / " + e.En }

const numberColumn = "rrn"

// ReadCSV reads a list whose header names at least the column rrn, one row at a time, in UTF-8. A row that cannot be
// read goes to reject, and reading goes on: one slip must not keep a million people out. An error of accept ends it.
func ReadCSV(r io.Reader, accept func(Row) error, reject func(Rejection)) error {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	header, err := readHeader(in)
	if err != nil {
		return err
	}
	column := slices.Index(header, numberColumn)
	for {
		fields, err := in.Read()
		if err == io.EOF {
			return nil
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			reject(Rejection{bad.StartLine, "열의 수나 따옴표가 첫 줄과 맞지 않습니다.", "the columns or quotes do not match the header"})
			continue
		}
		if err != nil {
			return fmt.Errorf("reading the list: %w", err)
		}
		line, _ := in.FieldPos(0)
		n, err := subject.ParseNumber(fields[column])
		if err != nil {
			reject(rejection(line, err))
			continue
		}
		if err := accept(Row{Line: line, Number: n, header: header, fields: fields}); err != nil {
			return fmt.Errorf("line %d: %w", line, err)
		}
	}
}

func rejection(line int, err error) Rejection {
	var bad *subject.NumberError
	if errors.As(err, &bad) {
		return Rejection{line, bad.Ko, bad.En}
	}
	return Rejection{line, "등록번호를 읽을 수 없습니다.", "the registration number cannot be read"}
}

func readHeader(in *csv.Reader) ([]string, error) {
	row, err := in.Read()
	if err == io.EOF {
		return nil, &HeaderError{"파일이 비어 있습니다.", "the file is empty"}
	}
	var bad *csv.ParseError
	if err != nil && !errors.As(err, &bad) {
		return nil, fmt.Errorf("reading the list: %w", err)
	}
	header := slices.Clone(row)
	if len(header) > 0 {
		header[0] = strings.TrimPrefix(header[0], "\ufeff") // spreadsheets begin UTF-8 files so
	}
	for _, name := range header {
		if !utf8.ValidString(name) {
			return nil, &HeaderError{"파일이 UTF-8이 아닙니다. ‘CSV UTF-8’ 형식으로 다시 저장해 주세요.", "the file is not UTF-8: save it as “CSV UTF-8”"}
		}
	}
	if !slices.Contains(header, numberColumn) {
		return nil, &HeaderError{"첫 줄에 rrn 열이 있어야 합니다.", "the first line must name the column rrn"}
	}
	return header, nil
}
