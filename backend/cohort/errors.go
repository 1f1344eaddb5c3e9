package cohort

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// ScheduleError refuses a schedule: where in the file, and what to do about it. Line and Column count from 1.
type ScheduleError struct {
	Line   int
	Column int
	Ko     string // a sentence for the official who wrote the file
	En     string // the same in English
}

func (e *ScheduleError) Error() string {
	return fmt.Sprintf("%d행 %d열: %s / line %d, column %d: %s", e.Line, e.Column, e.Ko, e.Line, e.Column, e.En)
}

// yamlError puts what the YAML library found wrong into our words.
func yamlError(err error) *ScheduleError {
	e := &ScheduleError{Line: 1, Column: 1, En: err.Error(), Ko: "YAML 문법에 맞지 않습니다. 들여쓰기와 따옴표를 확인해 주세요."}
	var found yaml.Error
	if !errors.As(err, &found) {
		return e
	}
	e.En = found.GetMessage() + ": check indentation and quotes"
	key := ""
	if t := found.GetToken(); t != nil && t.Position != nil {
		e.Line, e.Column, key = max(1, t.Position.Line), max(1, t.Position.Column), t.Value
	}
	switch found := found.(type) {
	case *yaml.UnknownFieldError:
		e.Ko = fmt.Sprintf("알 수 없는 항목입니다(%q). 철자를 확인하거나 지워 주세요.", key)
		e.En = fmt.Sprintf("the key %q is unknown: check the spelling or remove it", key)
	case *yaml.DuplicateKeyError:
		e.Ko = fmt.Sprintf("같은 항목이 두 번 적혀 있습니다(%q). 하나만 남겨 주세요.", key)
		e.En = fmt.Sprintf("the key %q is written twice: keep one of the two", key)
	case *yaml.TypeError:
		e.Ko, e.En = expected(found.DstType.Kind())
	case *yaml.OverflowError:
		e.Ko, e.En = "숫자가 너무 큽니다. 값을 확인해 주세요.", "the number is too large: check it"
	case *yaml.UnexpectedNodeTypeError:
		e.Ko, e.En = expected(reflect.Struct)
		if found.Expected == ast.SequenceType {
			e.Ko, e.En = expected(reflect.Slice)
		}
	}
	return e
}

func expected(kind reflect.Kind) (ko, en string) {
	switch kind {
	case reflect.Int, reflect.Int64, reflect.Uint32:
		return "이 항목에는 숫자를 적어 주세요.", "write a number here"
	case reflect.Bool:
		return "이 항목에는 true(예) 또는 false(아니요)를 적어 주세요.", "write true or false here"
	case reflect.String:
		return "이 항목에는 글을 적어 주세요.", "write text here"
	case reflect.Slice:
		return "이 항목에는 목록을 적어 주세요. 줄마다 ‘- ’로 시작합니다.", "write a list here, each line beginning with “- ”"
	}
	return "이 자리에는 ‘항목: 값’의 묶음을 적어 주세요.", "write a group of “key: value” here"
}
