package subject

import (
	"cmp"
	"fmt"
	"time"
)

// Seoul is Korea time. The zone has stood at +09:00 without summer time since 1988, so a fixed zone is exact for
// everything Daemun schedules and never depends on a time zone database being installed.
var Seoul = time.FixedZone("KST", 9*3600)

// Date is a calendar day in Korea. The zero Date stands for "no date" and is not Valid.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// ParseDate reads YYYY-MM-DD and refuses days that do not exist.
func ParseDate(s string) (Date, error) {
	if len(s) != len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return Date{}, fmt.Errorf("%q is not a date: write YYYY-MM-DD", s)
	}
	y, ok1 := decimal(s[0:4])
	m, ok2 := decimal(s[5:7])
	day, ok3 := decimal(s[8:10])
	if !ok1 || !ok2 || !ok3 {
		return Date{}, fmt.Errorf("%q is not a date: write YYYY-MM-DD", s)
	}
	d := Date{y, time.Month(m), day}
	if !d.Valid() {
		return Date{}, fmt.Errorf("%q does not exist in the calendar", s)
	}
	return d, nil
}

func decimal(s string) (int, bool) {
	n := 0
	for i := range len(s) {
		c := s[i] - '0'
		if c > 9 {
			return 0, false
		}
		n = n*10 + int(c)
	}
	return n, true
}

// DateOf returns the day on which t falls in Korea, whatever location t carries.
func DateOf(t time.Time) Date {
	y, m, d := t.In(Seoul).Date()
	return Date{y, m, d}
}

// Valid reports whether the day exists, in the years 1 to 9999.
func (d Date) Valid() bool {
	return d.Year >= 1 && d.Year <= 9999 && d.Month >= 1 && d.Month <= 12 && d.Day >= 1 && d.Day <= daysIn(d.Year, d.Month)
}

func daysIn(year int, m time.Month) int {
	switch m {
	case time.April, time.June, time.September, time.November:
		return 30
	case time.February:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// IsZero reports whether d is the zero Date.
func (d Date) IsZero() bool { return d == Date{} }

// String is YYYY-MM-DD.
func (d Date) String() string {
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// Compare is −1 when d is before o, 0 when it is the same day, +1 when it is after.
func (d Date) Compare(o Date) int { return cmp.Compare(d.ordinal(), o.ordinal()) }

// Before reports whether d is an earlier day than o.
func (d Date) Before(o Date) bool { return d.ordinal() < o.ordinal() }

// ordinal grows with the day; it is no count of days.
func (d Date) ordinal() int { return (d.Year*16+int(d.Month))*32 + d.Day }

// AddDays returns the day n days after d (before it for a negative n).
func (d Date) AddDays(n int) Date {
	y, m, day := time.Date(d.Year, d.Month, d.Day+n, 0, 0, 0, 0, time.UTC).Date()
	return Date{y, m, day}
}

// At returns the instant at which the clocks in Korea show hour:minute on that day.
func (d Date) At(hour, minute int) time.Time {
	return time.Date(d.Year, d.Month, d.Day, hour, minute, 0, 0, Seoul)
}

// MarshalText writes YYYY-MM-DD; the zero Date is the empty text.
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return []byte{}, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what MarshalText writes.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
