// Package sheet reads the tables that offices deliver as CSV files: columns by name in any order, in UTF-8 with or without
// its mark or in the Korean code page, lines ended the way of any system. A row that cannot be read is told and left out; it
// never takes the next one with it, so a row is one line.
package sheet

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Column is a column that a table may have.
type Column struct {
	Name    string
	Ko      string   // how people call it
	Also    []string // other names that it is known by
	Missing bool     // a table may come without it
}

// Row is one row. It is valid only until the function that got it returns.
type Row struct {
	Line   int      // in the file, from 1
	values []string // by column as it was asked for
}

// Value is what stands in the column with the given number in the order in which Read was asked for them, without the
// spaces around it; "" where the table does not have it.
func (r Row) Value(column int) string { return r.values[column] }

// Rejection says why a row was left out. It never holds what stood in the row.
type Rejection struct {
	Line  int
	Field string // name of the column; "" where it is about the whole row
	Code  string // for machines
	Ko    string
	En    string
}

func (r Rejection) String() string {
	if r.Field == "" {
		return fmt.Sprintf("%d행: %s / line %d: %s", r.Line, r.Ko, r.Line, r.En)
	}
	return fmt.Sprintf("%d행 %s: %s / line %d, %s: %s", r.Line, r.Field, r.Ko, r.Line, r.Field, r.En)
}

// HeaderError refuses a table as a whole, because it is in no known form or its first line does not say what stands where.
type HeaderError struct {
	Ko string
	En string
}

func (e *HeaderError) Error() string { return e.Ko + " / " + e.En }

// longestLine is how many bytes a row may have: more is a file of another kind.
const longestLine = 64 << 10

// reader reads one table.
type reader struct {
	in      *bufio.Reader
	line    int
	fields  []string
	values  []string
	columns []Column
	at      []int // by column: which field, -1 where the table does not have it
	width   int   // fields in a row
	reject  func(Rejection)
}

// Read reads a table row by row. A row goes to accept, which may leave it out by a *Rejection as its error; any other
// error ends the reading. What is left out goes to reject. The error is a *HeaderError, accept's, or the reader's.
func Read(r io.Reader, encoding Encoding, columns []Column, accept func(Row) error, reject func(Rejection)) error {
	decoded, err := decode(r, encoding)
	if err != nil {
		return err
	}
	t := &reader{in: bufio.NewReaderSize(decoded, longestLine), columns: columns, values: make([]string, len(columns)), reject: reject}
	if err := t.header(); err != nil {
		return err
	}
	for {
		text, err := t.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := t.row(text, accept); err != nil {
			return fmt.Errorf("line %d: %w", t.line, err)
		}
	}
}

var errTooLong = errors.New("the line is too long")

// next reads a line that is not empty. One that is too long is told and passed over.
func (t *reader) next() (string, error) {
	for {
		text, err := t.readLine()
		if err == errTooLong {
			t.reject(Rejection{t.line, "", "too_long", fmt.Sprintf("한 행이 %d바이트를 넘습니다.", longestLine), fmt.Sprintf("the row has more than %d bytes", longestLine)})
			continue
		}
		if err != nil || text != "" {
			return text, err
		}
	}
}

func (t *reader) readLine() (string, error) {
	part, err := t.in.ReadSlice('\n')
	if err == io.EOF && len(part) > 0 {
		err = nil
	}
	if err == io.EOF {
		return "", err
	}
	t.line++
	switch {
	case err == nil && len(part) > longestLine:
		return "", errTooLong
	case err == nil:
		return strings.TrimRight(string(part), "\r\n"), nil
	case !errors.Is(err, bufio.ErrBufferFull):
		return "", fmt.Errorf("reading the table: %w", err)
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = t.in.ReadSlice('\n')
	}
	return "", errTooLong
}

// split cuts a line into its fields. What is quoted is left to package csv.
func (t *reader) split(text string) ([]string, error) {
	t.fields = t.fields[:0]
	if strings.Contains(text, `"`) {
		in := csv.NewReader(strings.NewReader(text))
		in.FieldsPerRecord = -1
		return in.Read()
	}
	for {
		field, rest, more := strings.Cut(text, ",")
		t.fields = append(t.fields, field)
		if !more {
			return t.fields, nil
		}
		text = rest
	}
}

func (t *reader) row(text string, accept func(Row) error) error {
	bad := func(code, ko, en string) error {
		t.reject(Rejection{t.line, "", code, ko, en})
		return nil
	}
	fields, err := t.split(text)
	switch {
	case err != nil:
		return bad("quotes", "따옴표가 맞지 않습니다. 한 행은 한 줄에 적어야 합니다.", "the quotes do not match; a row must be one line")
	case len(fields) != t.width:
		return bad("columns", fmt.Sprintf("열이 %d개인데 첫 줄에는 %d개입니다.", len(fields), t.width), fmt.Sprintf("%d columns, but %d in the first line", len(fields), t.width))
	case strings.ContainsRune(text, utf8.RuneError) || !utf8.ValidString(text):
		return bad("encoding", "글자를 읽을 수 없습니다. 파일을 ‘CSV UTF-8’ 형식으로 다시 저장해 주세요.", "characters that cannot be read; save the file as “CSV UTF-8”")
	}
	for i, at := range t.at {
		t.values[i] = ""
		if at >= 0 {
			t.values[i] = strings.TrimSpace(fields[at])
		}
	}
	err = accept(Row{t.line, t.values})
	var refused *Rejected
	if errors.As(err, &refused) {
		t.reject(Rejection{t.line, refused.Field, refused.Code, refused.Ko, refused.En})
		return nil
	}
	return err
}

// Rejected is the error by which a row is left out.
type Rejected struct {
	Field, Code string
	Ko, En      string
}

func (r *Rejected) Error() string { return r.Ko + " / " + r.En }

func (t *reader) header() error {
	text, err := t.readLine()
	if err == io.EOF {
		return &HeaderError{"파일이 비어 있습니다.", "the file is empty"}
	}
	if err != nil {
		return &HeaderError{"첫 줄을 읽을 수 없습니다. 쉼표로 나눈 CSV 파일이어야 합니다.", "the first line cannot be read; a CSV file with commas is wanted"}
	}
	fields, err := t.split(text)
	if err != nil || !utf8.ValidString(text) {
		return &HeaderError{"첫 줄을 읽을 수 없습니다. ‘CSV UTF-8(쉼표로 분리)’ 형식으로 다시 저장해 주세요.", "the first line cannot be read; save the file as “CSV UTF-8 (comma delimited)”"}
	}
	names := make([]string, len(fields))
	for i, name := range fields {
		names[i] = strings.ToLower(strings.TrimSpace(name))
	}
	t.width = len(names)
	return t.find(names)
}

// find looks up which field each column stands in.
func (t *reader) find(names []string) error {
	for _, c := range t.columns {
		at := -1
		for i, name := range names {
			if name != c.Name && !slices.Contains(c.Also, name) {
				continue
			}
			if at >= 0 {
				return &HeaderError{fmt.Sprintf("첫 줄에 %s(%s) 열이 두 번 있습니다.", c.Name, c.Ko), fmt.Sprintf("the first line names the column %s twice", c.Name)}
			}
			at = i
		}
		if at < 0 && !c.Missing {
			return missing(c, t.columns, names)
		}
		t.at = append(t.at, at)
	}
	return nil
}

func missing(c Column, columns []Column, names []string) error {
	if len(names) == 1 && strings.ContainsAny(names[0], ";\t|\r") {
		return &HeaderError{"열이 쉼표로 나뉘어 있지 않습니다. ‘CSV UTF-8(쉼표로 분리)’ 형식으로 다시 저장해 주세요.",
			"the columns are not separated by commas; save the file as “CSV UTF-8 (comma delimited)”"}
	}
	var wanted []string
	for _, c := range columns {
		if !c.Missing {
			wanted = append(wanted, c.Name)
		}
	}
	all := strings.Join(wanted, ", ")
	return &HeaderError{fmt.Sprintf("첫 줄에 %s(%s) 열이 없습니다. 필요한 열: %s", c.Name, c.Ko, all),
		fmt.Sprintf("the first line must name the column %s; wanted are %s", c.Name, all)}
}
