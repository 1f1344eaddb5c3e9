package cohort

import (
	"bytes"
	"errors"
	"regexp"

	"github.com/goccy/go-yaml"
)

// maxFile bounds a schedule file, in bytes. A campaign with a hundred openings needs a quarter of it.
const maxFile = 256 << 10

var idPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

const maxID = 64

// Parse reads a schedule file and checks everything in it. A refusal is a *ScheduleError.
//
// Keys that the shape does not know are refused, because a misspelt "roster" would otherwise open a cohort to everybody.
// Times are RFC 3339 with their zone, or without one as 2021-07-19 20:00 in Korea time.
func Parse(data []byte) (*Schedule, error) {
	if len(data) > maxFile {
		return nil, &ScheduleError{Line: 1, Column: 1, Ko: "파일이 256 KiB보다 큽니다. 일정을 나누어 주세요.",
			En: "the file is larger than 256 KiB; split the schedule"}
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // Windows editors begin UTF-8 files so
	var r reader
	var f scheduleFile
	if r.decode(data, &f); r.err != nil {
		return nil, r.err
	}
	s := r.schedule(f)
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
}

func yamlError(err error) *ScheduleError {
	e := &ScheduleError{Line: 1, Column: 1, En: err.Error(), Ko: "YAML 문법에 맞지 않습니다. 들여쓰기와 따옴표를 확인해 주세요."}
	var y yaml.Error
	if !errors.As(err, &y) {
		return e
	}
	e.En = y.GetMessage()
	if t := y.GetToken(); t != nil && t.Position != nil {
		e.Line, e.Column = max(1, t.Position.Line), max(1, t.Position.Column)
	}
	var unknown *yaml.UnknownFieldError
	var duplicate *yaml.DuplicateKeyError
	var kind *yaml.TypeError
	var overflow *yaml.OverflowError
	var shape *yaml.UnexpectedNodeTypeError
	switch {
	case errors.As(err, &unknown):
		e.Ko = "알 수 없는 항목입니다. 철자를 확인하거나 지워 주세요."
		e.En += ": check the spelling or remove it"
	case errors.As(err, &duplicate):
		e.Ko = "같은 항목이 두 번 적혀 있습니다. 하나만 남겨 주세요."
		e.En += ": keep one of the two"
	case errors.As(err, &kind), errors.As(err, &overflow), errors.As(err, &shape):
		e.Ko = "값의 형식이 이 항목에 맞지 않습니다. 문서의 예를 따라 주세요."
		e.En = "the value has the wrong form for this key; follow the example in the documentation"
	}
	return e
}
