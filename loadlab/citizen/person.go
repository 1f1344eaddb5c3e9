package citizen

import (
	"bytes"
	"errors"
	"fmt"
	"time"
)

type phase uint8

const (
	arriving phase = iota // wants to join
	waiting               // has a place
	turned                // may enter
	choosing              // has a pass, looks for a clinic
	picking               // has a clinic, looks for a slot
	booking               // has a slot, books it
	booked                // done; may look at the booking once more
	gone                  // gave up, was refused, or found nothing
)

// person is one citizen, kept small: 200,000 of them are walked through ten million requests. What the roster says
// about them stays in the one file read at the start.
type person struct {
	ticket, pass string
	target       string // clinic while picking, slot while booking
	row          uint32 // offset of the citizen's line in the file
	next         int32  // in the wheel or a ready list
	waitPos      int32  // in the list of people with a place, −1 when not there
	ahead        int32  // as told last, −1 unknown
	toldAt       int32  // ms, when ahead was told
	joinedAt     int32  // ms, when the first ticket came
	leaveAt      int32  // ms, when patience ends; 0 not decided
	phase        phase
	region       uint8
	tries        uint8 // for a slot
	attempt      uint8 // makes idempotency keys distinct
	refreshes    uint8
	asked        uint8 // in vain
	offRoster    bool
	unknown      bool // a booking whose answer was lost
}

// People is the roster as read from the demo's file.
type People struct {
	file []byte
	rows []uint32
	off  []bool // not on the roster
}

// header is the first line of the file.
const header = "rrn,name,phone,birth_date,on_roster"

// ReadPeople reads the file `rrn,name,phone,birth_date,on_roster`. The bytes are kept, not copied.
func ReadPeople(file []byte) (*People, error) {
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	first, rest, _ := bytes.Cut(file, []byte("\n"))
	if string(bytes.TrimSpace(first)) != header {
		return nil, fmt.Errorf("citizens: the first line must be %s", header)
	}
	p := &People{file: file}
	at := len(file) - len(rest)
	for line := 2; at < len(file); line++ {
		end := bytes.IndexByte(file[at:], '\n')
		if end < 0 {
			end = len(file) - at
		}
		row := bytes.TrimSpace(file[at : at+end])
		if len(row) > 0 {
			fields := bytes.Split(row, []byte(","))
			if len(fields) != 5 {
				return nil, fmt.Errorf("citizens: line %d has %d fields, not 5", line, len(fields))
			}
			p.rows = append(p.rows, uint32(at))
			p.off = append(p.off, string(fields[4]) != "true" && string(fields[4]) != "1")
		}
		at += end + 1
	}
	if len(p.rows) == 0 {
		return nil, errors.New("citizens: the file names nobody")
	}
	return p, nil
}

// Len is the number of people.
func (p *People) Len() int { return len(p.rows) }

// OnRoster counts the people on the roster.
func (p *People) OnRoster() int {
	n := 0
	for _, off := range p.off {
		if !off {
			n++
		}
	}
	return n
}

// fields returns number, name and phone of person i.
func (p *People) fields(row uint32) (rrn, name, phone []byte) {
	rest := p.file[row:]
	rrn, rest, _ = bytes.Cut(rest, []byte(","))
	name, rest, _ = bytes.Cut(rest, []byte(","))
	phone, _, _ = bytes.Cut(rest, []byte(","))
	return rrn, name, phone
}

func ms(t time.Duration) int32 { return int32(t / time.Millisecond) }
