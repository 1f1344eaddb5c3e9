package client

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// maxEvent bounds one event of the stream.
const maxEvent = 1 << 20

var errLongEvent = errors.New("an event longer than 1 MiB")

// event is one server-sent event.
type event struct {
	name string
	data []byte
}

// events reads server-sent events as the HTML standard says, without reconnection ids: those have no use for a stream
// of whole states.
type events struct{ lines *bufio.Scanner }

func newEvents(r io.Reader) *events {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxEvent)
	lines.Split(scanLine)
	return &events{lines}
}

// next returns the next event that has data; io.EOF at the end. An event cut off by the end is not one.
func (e *events) next() (event, error) {
	ev := event{name: "message"}
	var data []byte
	has := false
	for e.lines.Scan() {
		line := e.lines.Bytes()
		if len(line) == 0 {
			if has {
				ev.data = bytes.TrimSuffix(data, []byte("\n"))
				return ev, nil
			}
			ev.name = "message"
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			ev.name = string(value)
		case "data":
			has = true
			data = append(append(data, value...), '\n')
			if len(data) > maxEvent {
				return event{}, errLongEvent
			}
		}
	}
	if err := e.lines.Err(); err != nil {
		return event{}, err
	}
	return event{}, io.EOF
}

// scanLine splits at \n or \r\n. The standard also has a lone \r, which no server here sends: it would make the end
// of a line wait for the next byte.
func scanLine(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, bytes.TrimSuffix(data[:i], []byte("\r")), nil
	}
	if atEOF && len(data) > 0 {
		return len(data), data, nil
	}
	return 0, nil, nil
}
