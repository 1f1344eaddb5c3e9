package cohort

import (
	"bytes"
	"regexp"
)

// maxFile bounds a schedule file, in bytes: about eighty openings. The YAML library takes time in the square of the size
// for some files that are none of ours, which this keeps near a second.
const maxFile = 64 << 10

var idPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

const maxID = 64

// Parse reads a schedule file and checks everything in it. A refusal is a *ScheduleError.
//
// Keys that the shape does not know are refused, because a misspelt "roster" would otherwise open a cohort to everybody.
// Times are RFC 3339 with their zone, or without one as 2021-07-19 20:00 in Korea time.
func Parse(data []byte) (*Schedule, error) {
	if len(data) > maxFile {
		return nil, &ScheduleError{Line: 1, Column: 1, Ko: "파일이 64 KiB보다 큽니다. 일정을 나누어 주세요.",
			En: "the file is larger than 64 KiB; split the schedule"}
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
