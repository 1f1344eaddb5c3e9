package pages

import (
	"fmt"
	"strings"
)

// A program is a page compiled to literals and holes: writing it is appending, with no template at request time.
// In the templates a hole is written ⟦name⟧.
type program []piece

type piece struct {
	literal string
	hole    hole // after the literal; none at the end
}

type hole int

const (
	none hole = iota
	holeTitle
	holeHead
	holeSwitch
	holeMain
	holeNotices
	holeOutlook
	holeOutlookCode
	holeReason
	holeReasonText
	holeOpens
	holeOpensISO
	holePoll
	holeOpening
	holeUntil
	holeOrder
	holeAhead
	holePlace
	holeWait
	holeStock
	holeClock
	holeEvery
	holeAuto
	holeCode
)

var holes = map[string]hole{
	"title": holeTitle, "head": holeHead, "switch": holeSwitch, "main": holeMain,
	"notices": holeNotices, "outlook": holeOutlook, "outlookcode": holeOutlookCode,
	"reason": holeReason, "reasontext": holeReasonText, "opens": holeOpens, "opensiso": holeOpensISO,
	"poll": holePoll, "opening": holeOpening, "until": holeUntil, "order": holeOrder, "ahead": holeAhead,
	"place": holePlace, "wait": holeWait, "stock": holeStock, "clock": holeClock, "every": holeEvery,
	"auto": holeAuto, "code": holeCode,
}

// compile cuts a page at its holes.
func compile(page string) (program, error) {
	var prog program
	for {
		literal, rest, more := strings.Cut(page, "⟦")
		if !more {
			return append(prog, piece{literal: literal}), nil
		}
		name, after, closed := strings.Cut(rest, "⟧")
		h := holes[name]
		if !closed || h == none {
			return nil, fmt.Errorf("pages: unknown hole %q", name)
		}
		prog = append(prog, piece{literal: literal, hole: h})
		page = after
	}
}

// fill replaces the holes that have a value here and keeps the others, joining what becomes adjacent.
func (prog program) fill(values map[hole]string) program {
	var out program
	pending := ""
	for _, pc := range prog {
		pending += pc.literal
		if value, known := values[pc.hole]; known {
			pending += value
			continue
		}
		out = append(out, piece{literal: pending, hole: pc.hole})
		pending = ""
	}
	return out
}

// append writes the page, asking write for each hole.
func (prog program) append(dst []byte, write func(dst []byte, h hole) []byte) []byte {
	for i := range prog {
		dst = append(dst, prog[i].literal...)
		if prog[i].hole != none {
			dst = write(dst, prog[i].hole)
		}
	}
	return dst
}

// splice puts another program where a hole is.
func (prog program) splice(h hole, in program) program {
	var out program
	for _, pc := range prog {
		if pc.hole != h || h == none {
			out = append(out, pc)
			continue
		}
		out = append(out, piece{literal: pc.literal})
		out = append(out, in...)
	}
	return out
}
