package cohort

import "fmt"

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
