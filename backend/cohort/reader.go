package cohort

import (
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// reader keeps the first thing that is wrong with a schedule file and where it stands.
type reader struct {
	file *ast.File
	err  *ScheduleError
}

// decode reads the one document of a file into out. Anchors and aliases are refused: a reviewer should see the whole
// rule where it applies, and a small file must not unfold into a huge one.
func (r *reader) decode(data []byte, out any) {
	if deepest(data) > maxDepth {
		r.fail("$", "괄호가 너무 깊게 겹쳐 있습니다. 문서의 예를 따라 주세요.", "brackets are nested too deeply; follow the example in the documentation")
		return
	}
	file, err := parser.ParseBytes(data, 0, parser.AllowDuplicateMapKey()) // the decoder refuses them, by a kind of its own
	if err != nil {
		r.err = yamlError(err)
		return
	}
	r.file = file
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		r.fail("$", "파일 하나에 일정 하나만 적어 주세요.", "write exactly one schedule in a file")
		return
	}
	body := file.Docs[0].Body
	ast.Walk(anchorFinder{r}, body)
	if r.err != nil {
		return
	}
	if err := yaml.NodeToValue(body, out, yaml.Strict()); err != nil {
		r.err = yamlError(err)
	}
}

// maxDepth bounds how deeply flow brackets nest, because the parser goes down one call for each. The shape needs 5.
const maxDepth = 50

func deepest(data []byte) int {
	depth, most := 0, 0
	for _, b := range data {
		switch b {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		}
		most = max(most, depth)
	}
	return most
}

type anchorFinder struct{ r *reader }

func (f anchorFinder) Visit(n ast.Node) ast.Visitor {
	switch n.Type() {
	case ast.AnchorType, ast.AliasType, ast.MergeKeyType, ast.TagType:
		f.r.failAt(n, "YAML의 &, *, <<, ! 표기는 쓸 수 없습니다. 내용을 그대로 적어 주세요.",
			"YAML anchors, aliases, merges and tags are not allowed: write the content out")
		return nil
	}
	return f
}

func (r *reader) failAt(n ast.Node, ko, en string) {
	if r.err == nil {
		pos := n.GetToken().Position
		r.err = &ScheduleError{Line: pos.Line, Column: pos.Column, Ko: ko, En: en}
	}
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
