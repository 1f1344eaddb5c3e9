package edge

import (
	"bytes"
	"strings"

	"github.com/daemun/daemun/gateway/route"
)

// longestTarget is how many parts the path of a relayed route has at most.
const longestTarget = 6

// relays finds the rows of the table that only pass a request on, from its bytes. What it finds is what the table finds;
// what it does not find is left to the table.
type relays struct {
	byLength [longestTarget + 1][]relayed
}

// relayed is a row that passes requests on. A part of its path that may be anything is nil.
type relayed struct {
	route.Route
	parts [][]byte
}

func newRelays(rows []route.Route) *relays {
	out := &relays{}
	for _, r := range rows {
		row := relayed{Route: r}
		for part := range strings.SplitSeq(strings.TrimPrefix(r.Pattern, "/"), "/") {
			if strings.HasPrefix(part, "{") {
				row.parts = append(row.parts, nil)
				continue
			}
			row.parts = append(row.parts, []byte(part))
		}
		at := &out.byLength[len(row.parts)]
		*at = append(*at, row)
	}
	return out
}

// find returns the row that takes a request; nil where none does, or where more than one might.
func (rs *relays) find(method, path []byte) *relayed {
	if len(path) == 0 || path[0] != '/' || bytes.IndexByte(path, '%') >= 0 {
		return nil
	}
	var parts [longestTarget][]byte
	n := 0
	for rest, more := path[1:], true; more; n++ {
		if n == longestTarget {
			return nil
		}
		parts[n], rest, more = bytes.Cut(rest, slash)
	}
	var found *relayed
	for i := range rs.byLength[n] {
		if row := &rs.byLength[n][i]; row.takes(method, parts[:n]) {
			if found != nil {
				return nil
			}
			found = row
		}
	}
	return found
}

var slash = []byte{'/'}

func (r *relayed) takes(method []byte, parts [][]byte) bool {
	if string(method) != r.Method {
		return false
	}
	for i, want := range r.parts {
		if len(parts[i]) == 0 || want != nil && !bytes.Equal(parts[i], want) {
			return false
		}
	}
	return true
}
