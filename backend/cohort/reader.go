package cohort

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// reader keeps the first thing that is wrong with a schedule file and where it stands.
type reader struct {
	file *ast.File // nil when the text is no YAML; the decoder then says so
	err  *ScheduleError
}

func newReader(data []byte) *reader {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return &reader{}
	}
	return &reader{file: file}
}

// fail keeps the first refusal only: what follows from one mistake would hide it.
func (r *reader) fail(path, ko, en string) {
	if r.err != nil {
		return
	}
	line, column := r.position(path)
	r.err = &ScheduleError{Line: line, Column: column, Ko: ko, En: en}
}

// position finds the value at a path. For a key that is missing it is the place of what should have held it.
func (r *reader) position(path string) (line, column int) {
	for r.file != nil && path != "$" {
		if p, err := yaml.PathString(path); err == nil {
			if node, err := p.FilterFile(r.file); err == nil && node != nil && node.GetToken() != nil {
				pos := start(node)
				return pos.GetToken().Position.Line, pos.GetToken().Position.Column
			}
		}
		path = path[:max(1, strings.LastIndexAny(path, ".["))]
	}
	return 1, 1
}

// start is the first key of a mapping, because the library places a mapping at its first colon.
func start(node ast.Node) ast.Node {
	if m, ok := node.(*ast.MappingNode); ok && len(m.Values) > 0 {
		return m.Values[0].Key
	}
	if m, ok := node.(*ast.MappingValueNode); ok {
		return m.Key
	}
	return node
}

// ids refuses identifiers that occur twice or whose numbers collide.
type ids struct {
	ko, en string
	byID   map[string]bool
	byNum  map[uint32]string
}

func newIDs(ko, en string) *ids {
	return &ids{ko: ko, en: en, byID: map[string]bool{}, byNum: map[uint32]string{}}
}

func (r *reader) id(known *ids, at, id string) {
	path, n := at+".id", number(id)
	switch other, taken := known.byNum[n]; {
	case len(id) > maxID || !idPattern.MatchString(id):
		r.fail(path, fmt.Sprintf("%s의 id는 영문 소문자와 숫자, 붙임표로 64자까지 적어 주세요. 예: 2021-07-19", known.ko),
			fmt.Sprintf("write the %s's id in lower-case letters, digits and single hyphens, at most 64, such as 2021-07-19", known.en))
	case known.byID[id]:
		r.fail(path, fmt.Sprintf("id %q이(가) 두 번 쓰였습니다. %s마다 다른 id를 적어 주세요.", id, known.ko),
			fmt.Sprintf("id %q is used twice: give every %s its own", id, known.en))
	case taken:
		r.fail(path, fmt.Sprintf("id %q과(와) %q은(는) 내부 번호가 같습니다. 둘 중 하나를 바꿔 주세요.", id, other),
			fmt.Sprintf("the ids %q and %q share an internal number: change one of them", id, other))
	}
	known.byID[id], known.byNum[n] = true, id
}
