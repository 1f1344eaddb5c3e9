package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/subject"
)

// listLasts is how old the bytes of a list may be.
const listLasts = time.Second

// lists keeps the bytes of lists that were just asked for: at the head of an opening thousands a second ask for the
// same ones. Keys name only what the catalog has, so there are never more than it has rows.
type lists struct {
	mu   sync.RWMutex
	made map[listKey]*list
}

type listKey struct {
	opening  string
	region   string // of a list of clinics
	district string // of a list of clinics
	vaccine  string // of a list of clinics
	page     int    // of a list of clinics
	clinic   string // of a list of slots
	day      string // of a list of slots
}

type list struct {
	mu   sync.Mutex
	at   time.Time
	body []byte // replaced, never changed
}

// get returns the list's bytes, made anew when they are too old. Of those who ask meanwhile one makes them.
func (l *lists) get(k listKey, now time.Time, render func([]byte) []byte) []byte {
	l.mu.RLock()
	entry := l.made[k]
	l.mu.RUnlock()
	if entry == nil {
		entry = l.put(k)
	}
	entry.mu.Lock()
	defer entry.mu.Unlock()
	if age := now.Sub(entry.at); entry.body == nil || age >= listLasts || age < 0 {
		entry.body, entry.at = render(make([]byte, 0, len(entry.body)+256)), now
	}
	return entry.body
}

func (l *lists) put(k listKey) *list {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.made[k] == nil {
		l.made[k] = &list{}
	}
	return l.made[k]
}

// supply returns what the opening of the caller's pass has to give.
func (s *server) supply(r *http.Request) (*booking.Supply, error) {
	s.store.Expire(s.clock())
	p, _, err := s.trial(r)
	if err != nil {
		return nil, err
	}
	o, err := s.service.OpeningOf(&p, s.clock())
	if err != nil {
		return nil, err
	}
	supply := s.store.Catalog().Opening(o.ID)
	if supply == nil {
		return nil, problemNoClinic
	}
	return supply, nil
}

func vaccines(s *booking.Supply) []string {
	var out []string
	for _, c := range s.Clinics {
		if !slices.Contains(out, c.Vaccine) {
			out = append(out, c.Vaccine)
		}
	}
	return out
}

// unknown refuses a value and says which ones there are.
func unknown(field string, valid []string) error {
	list := strings.Join(valid, ", ")
	return problem(http.StatusBadRequest, string(booking.BadRequest),
		"쓸 수 있는 "+field+" 값: "+list, "Valid values of "+field+": "+list)
}

func (s *server) slots(w http.ResponseWriter, r *http.Request) error {
	supply, err := s.supply(r)
	if err != nil {
		return err
	}
	c := supply.Clinic(r.PathValue("id"))
	if c == nil {
		return problemNoClinic
	}
	day, err := chosenDay(c.Days, r.URL.Query().Get("day"))
	if err != nil {
		return err
	}
	now := s.clock()
	body := s.lists.get(listKey{opening: supply.ID, clinic: c.ID, day: day.Day}, now, func(b []byte) []byte {
		return appendSlots(b, c, c.Left(), c.Days, day, now)
	})
	writeJSON(w, http.StatusOK, body)
	return nil
}

// emptyDay is a day on which a clinic has nothing to give.
var emptyDay = &booking.DaySupply{Day: "-"}

// chosenDay returns the day asked for; without one, the first on which anything is left. Clinics rest on some days, which is
// no mistake of who asks.
func chosenDay(days []booking.DaySupply, day string) (*booking.DaySupply, error) {
	names := make([]string, 0, len(days))
	for i := range days {
		d := &days[i]
		if d.Day == day || day == "" && d.Left() > 0 {
			return d, nil
		}
		names = append(names, d.Day)
	}
	if _, err := subject.ParseDate(day); err == nil {
		return emptyDay, nil
	}
	if day != "" {
		return nil, unknown("day", names)
	}
	return &booking.DaySupply{}, nil
}

func appendClinic(b []byte, c *booking.ClinicSupply, left int64) []byte {
	b = appendString(append(b, `{"id":`...), c.ID)
	b = appendString(append(b, `,"name":`...), c.Name)
	b = appendString(append(b, `,"region":`...), c.Region)
	b = appendString(append(b, `,"address":`...), c.Address)
	b = appendString(append(b, `,"vaccine":`...), c.Vaccine)
	b = strconv.AppendInt(append(b, `,"left":`...), max(0, left), 10)
	return append(b, '}')
}

// appendSlots appends an api.SlotList.
func appendSlots(b []byte, c *booking.ClinicSupply, left int64, days []booking.DaySupply, day *booking.DaySupply, now time.Time) []byte {
	b = appendTime(append(b, `{"as_of":`...), now)
	b = appendClinic(append(b, `,"clinic":`...), c, left)
	b = append(b, `,"days":[`...)
	comma := false
	for i := range days {
		if days[i].Left() == 0 {
			continue
		}
		if comma {
			b = append(b, ',')
		}
		b, comma = appendString(b, days[i].Day), true
	}
	b = append(b, `],"slots":[`...)
	for i := range day.Slots {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendSlot(b, &day.Slots[i])
	}
	return append(b, "]}"...)
}

func appendSlot(b []byte, s *booking.SlotSupply) []byte {
	b = appendString(append(b, `{"id":`...), s.ID)
	b = appendString(append(b, `,"clinic":`...), s.Place.ID)
	b = appendTime(append(b, `,"at":`...), s.At())
	b = appendString(append(b, `,"vaccine":`...), s.Vaccine())
	b = strconv.AppendInt(append(b, `,"capacity":`...), int64(s.Capacity()), 10)
	b = strconv.AppendInt(append(b, `,"left":`...), int64(s.Left()), 10)
	return append(b, '}')
}

func appendTime(b []byte, t time.Time) []byte {
	b = t.In(subject.Seoul).AppendFormat(append(b, '"'), time.RFC3339Nano)
	return append(b, '"')
}

// appendString appends s as a JSON string; what needs no escape, Hangul included, is copied.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c == 0x7f {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
