package booking

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/pass"
)

// BookFor books in a person's name, with the person's own pass, and says in the ledger whose hand it was.
func (s *Service) BookFor(ctx context.Context, h Hand, p *pass.Pass, text string, r Request, now time.Time) (Detail, error) {
	if err := s.record(ctx, h.access(access.TaskBook, p.Subject, now)); err != nil {
		return Detail{}, err
	}
	r.Via = h.via()
	return s.Book(ctx, p, text, r, now)
}

// Find finds a booking by its number and the person's name, for an agent on the phone with them. Whatever does not match,
// the answer is NoSuchBooking.
func (s *Service) Find(ctx context.Context, h Hand, no, name string, now time.Time) (Detail, error) {
	name, err := cleanText("name", name, longestName)
	if err != nil {
		return Detail{}, err
	}
	d, err := s.read(ctx, no, Caller{Proven: true})
	if err != nil {
		return Detail{}, err
	}
	if !sameName(d.Name, name) {
		return Detail{}, Refuse(NoSuchBooking)
	}
	return s.traced(ctx, d, h.access(access.TaskLookup, d.Subject, now))
}

// CancelFor withdraws a booking that its person was found to own.
func (s *Service) CancelFor(ctx context.Context, h Hand, no string, now time.Time) (Detail, error) {
	c := Caller{Proven: true, Via: h.via()}
	d, err := s.read(ctx, no, c)
	if err != nil {
		return Detail{}, err
	}
	return s.cancel(ctx, d, c, h.access(access.TaskCancel, d.Subject, now))
}

// Handled keeps what a gateway did from memory.
func (s *Service) Handled(ctx context.Context, h Hand, task string, whose subject.ID, now time.Time) error {
	if task != access.TaskJoin && task != access.TaskRecall {
		return badField("task", "unknown")
	}
	return s.record(ctx, h.access(task, whose, now))
}

// ClinicDay is a clinic's day.
type ClinicDay struct {
	Clinic       *ClinicSupply
	Day          subject.Date
	Slots        []ClinicSlot // by time
	Appointments []Detail     // by time, then number
}

// ClinicSlot is one half hour of it, in one opening.
type ClinicSlot struct {
	*SlotSupply
	Opening string
	Booked  int
	Unused  int // doses reported as unused
}

// Day reads the day of the clinic whose hand asks, and no other's. Each person shown is in the access log.
func (s *Service) Day(ctx context.Context, h Hand, day subject.Date, now time.Time) (ClinicDay, error) {
	out := ClinicDay{Day: day}
	openings := s.store.Catalog().Openings()
	for _, id := range sortedKeys(openings) {
		if c := openings[id].Clinic(h.Clinic); c != nil {
			out.Clinic = c
			if err := s.addDay(ctx, &out, id, c); err != nil {
				return ClinicDay{}, err
			}
		}
	}
	if out.Clinic == nil {
		return ClinicDay{}, Refuse(NoSuchClinic)
	}
	slices.SortFunc(out.Slots, func(a, b ClinicSlot) int { return cmp.Or(a.At().Compare(b.At()), cmp.Compare(a.Opening, b.Opening)) })
	slices.SortFunc(out.Appointments, func(a, b Detail) int {
		return cmp.Or(a.Place.At().Compare(b.Place.At()), cmp.Compare(a.No, b.No))
	})
	seen := make([]Access, len(out.Appointments))
	for i := range out.Appointments {
		seen[i] = h.access(access.TaskDay, out.Appointments[i].Subject, now)
	}
	return out, s.record(ctx, seen...)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// addDay adds what one opening has of the day.
func (s *Service) addDay(ctx context.Context, out *ClinicDay, opening string, c *ClinicSupply) error {
	slots := c.On(out.Day.String())
	if len(slots) == 0 {
		return nil
	}
	booked, err := s.store.BookingsAt(ctx, opening, slots)
	if err != nil {
		return err
	}
	unused, err := s.store.UnusedDoses(ctx, opening, slots)
	if err != nil {
		return err
	}
	count := map[string]int{}
	for i := range booked {
		count[booked[i].Slot]++
		p, err := openPersonal(s.sealer, &booked[i])
		if err != nil {
			return err
		}
		d, err := s.detail(&booked[i], nil, p)
		if err != nil {
			return err
		}
		out.Appointments = append(out.Appointments, d)
	}
	for i, id := range slots {
		out.Slots = append(out.Slots, ClinicSlot{SlotSupply: s.store.Catalog().Opening(opening).Slot(id), Opening: opening, Booked: count[id], Unused: unused[i]})
	}
	return nil
}

// MarkVisit records what became of an appointment of the clinic whose hand it is.
func (s *Service) MarkVisit(ctx context.Context, h Hand, no string, visit Visit, now time.Time) (Detail, error) {
	b, err := s.store.Mark(ctx, Mark{No: no, Clinic: h.Clinic, Visit: visit, By: h.Name, At: onDisk(now)})
	if err != nil {
		return Detail{}, err
	}
	if err := s.record(ctx, h.access(access.TaskVisit, b.Subject, now)); err != nil {
		return Detail{}, err
	}
	return s.read(ctx, no, Caller{Proven: true})
}

// ReportUnused records doses that the clinic whose hand it is will not give to those who booked them, and answers with how
// many of the slot are reported by now. The key is the clinic's: sent twice it counts once.
func (s *Service) ReportUnused(ctx context.Context, h Hand, u Unused, key string, now time.Time) (Unused, int, error) {
	id := ledger.Hash(HashText(h.Clinic + "\x00" + key))
	text, _ := id.MarshalText() // never fails
	u.ID, u.Clinic, u.By, u.At = string(text[:32]), h.Clinic, h.Name, onDisk(now)
	got, err := s.store.ReportUnused(ctx, u)
	if err != nil {
		return Unused{}, 0, err
	}
	total, err := s.store.UnusedDoses(ctx, u.Opening, []string{u.Slot})
	if err != nil {
		return Unused{}, 0, err
	}
	return got, total[0], nil
}
