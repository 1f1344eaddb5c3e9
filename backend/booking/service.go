// Package booking gives people a dose in a slot, and never the same dose to two of them.
//
// State decides in memory, a Store writes the decisions down, and Service stands in front: it checks each request
// against the pass, the schedule and its lists, and keeps personal data sealed. Nothing here does I/O, reads a clock
// or trusts what the gateway checked before.
package booking

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/pass"
)

// Service answers the people whose turn came. It is safe for use by many goroutines.
type Service struct {
	store    Store
	subjects *subject.Key
	sealer   Sealer
	supply   func(context.Context, *cohort.Schedule) error
	accesses AccessLog

	scheduling sync.Mutex // one schedule after the other
	schedules  atomic.Pointer[schedules]

	mu     sync.RWMutex
	opened map[string]time.Time // when openings begin that operators moved, by id
	closed map[string]time.Time // and when those end that they moved or closed

	rehearsals rehearsals
}

// Options are what a Service needs; all of them.
type Options struct {
	Store      Store
	Schedule   *cohort.Schedule
	SubjectKey *subject.Key
	Sealer     Sealer
	// Supply makes the openings of a schedule bookable that is about to be recorded; nil: they are imported by other means.
	Supply func(context.Context, *cohort.Schedule) error
	// Accesses keeps who looked at whose data; nil: nothing is shown to anybody.
	Accesses AccessLog
}

// NewService returns a Service that knows what operators changed before. The ledger's newest schedule counts, and
// Options.Schedule only as long as the ledger tells of none.
func NewService(ctx context.Context, o Options) (*Service, error) {
	s := &Service{
		store: o.Store, subjects: o.SubjectKey, sealer: o.Sealer, supply: o.Supply, accesses: o.Accesses,
		opened: map[string]time.Time{}, closed: map[string]time.Time{},
	}
	known, err := fromLedger(ctx, o.Store, &schedules{newest: o.Schedule})
	if err != nil {
		return nil, err
	}
	s.schedules.Store(known)
	for r, err := range o.Store.Notes(ctx) {
		if err != nil {
			return nil, fmt.Errorf("reading the operators' changes: %w", err)
		}
		var n ledger.Opening
		if err := json.Unmarshal(r.Data, &n); err != nil {
			return nil, fmt.Errorf("ledger record %d: %w", r.Seq, err)
		}
		s.heed(&n)
	}
	if err := s.rehearsals.load(ctx, o.Store); err != nil {
		return nil, err
	}
	return s, nil
}

// Store returns the store beneath, for what needs no decision: counts, lists, the ledger.
func (s *Service) Store() Store { return s.store }

// OpeningOf returns the opening that a pass is for; BadPass when the schedule in force has none, ScheduleBehind when the
// pass rests on a schedule that has not come here yet.
func (s *Service) OpeningOf(p *pass.Pass, now time.Time) (*cohort.Opening, error) {
	known := s.schedules.Load()
	if p.ScheduleVersion > known.newest.Version {
		return nil, &Error{Kind: ScheduleBehind, Err: fmt.Errorf("the pass is of schedule %d, known is %d", p.ScheduleVersion, known.newest.Version)}
	}
	o := known.at(now).OpeningByNumber(p.Opening)
	if o == nil && known.newest.Version == p.ScheduleVersion {
		o = known.newest.OpeningByNumber(p.Opening) // the gateway is a moment ahead
	}
	if o == nil {
		return nil, &Error{Kind: BadPass, Err: fmt.Errorf("no opening has the number %d", p.Opening)}
	}
	return o, nil
}

// Admit records that a person was let in. The pass must have been verified.
func (s *Service) Admit(ctx context.Context, p *pass.Pass, text string, now time.Time) (Admitted, error) {
	o, err := s.OpeningOf(p, now)
	if err != nil {
		return Admitted{}, err
	}
	if p.Rehearsal {
		return Admitted{}, &Error{Kind: BadPass, Err: errors.New("a rehearsal pass admits nobody")}
	}
	return s.store.Admit(ctx, Admission{
		Opening: o.ID, Subject: p.Subject, Place: Place{p.Epoch, p.Rank}, ScheduleVersion: p.ScheduleVersion,
		Pass: text, PassHash: HashText(text), AdmittedAt: onDisk(now), IssuedAt: p.IssuedAt, ExpiresAt: p.ExpiresAt,
	})
}

// onDisk is a time as the store gives it back, so that an answer stays the same across a restart.
func onDisk(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// Request is what a person sends to book, as they typed it.
type Request struct {
	Slot  string
	RRN   string
	Name  string
	Phone string
	Email string // may be empty
	Lang  string // of messages: ko or en; may be empty
	Proxy *Proxy
	Key   string // idempotency key
	Via   Via    // whose hand, where it is not the person's own; then Phone may be empty
}

// Detail is a booking with all that its owner may see.
type Detail struct {
	Booking
	Personal
	Place  *SlotSupply
	Second *Appointment // the second dose, where this is the first; nil: none
}

// Appointment is a dose with its slot. Before it is booked it has no number.
type Appointment struct {
	No    string
	Dose  int
	Place *SlotSupply
}

// Book checks a request and places it. The pass must have been verified; everything else is checked here.
func (s *Service) Book(ctx context.Context, p *pass.Pass, text string, r Request, now time.Time) (Detail, error) {
	opening, err := s.OpeningOf(p, now)
	if err != nil {
		return Detail{}, err
	}
	person, err := s.readRequest(&r)
	if err != nil {
		return Detail{}, err
	}
	if err := s.entitled(opening, p, person, now); err != nil {
		return Detail{}, err
	}
	// Who asks by a reserved lane was asked by its staff, in whose name the booking is recorded.
	order := Order{Identity: len(opening.Identity) > 0 && r.Via.Lane == "", Interval: opening.DoseIntervalDays, Booking: Booking{
		Opening: opening.ID, Subject: p.Subject, Dose: FirstDose, Slot: r.Slot, Place: Place{p.Epoch, p.Rank},
		PassHash: HashText(text), KeyHash: sha256.Sum256([]byte(r.Key)), BookedAt: onDisk(now), Via: r.Via,
	}}
	order.BodyHash = s.bodyHash(p.Subject, &r)
	placed, err := s.place(ctx, &order, &person.Personal)
	if err != nil {
		return Detail{}, err
	}
	return s.detail(&placed.Booking, placed.Second, person.Personal)
}

// numberTries bounds how often a fresh number may turn out taken: once in 2^50 bookings it happens at all.
const numberTries = 3

func (s *Service) place(ctx context.Context, o *Order, p *Personal) (Placed, error) {
	o.Tell = s.recipient(p, o.Subject)
	for range numberTries - 1 {
		placed, err := s.placeAs(ctx, NewNumber(), o, p)
		if KindOf(err) != NumberTaken {
			return placed, err
		}
	}
	return s.placeAs(ctx, NewNumber(), o, p)
}

func (s *Service) placeAs(ctx context.Context, no string, o *Order, p *Personal) (Placed, error) {
	o.No, o.Sealed = no, p.seal(s.sealer, no)
	if o.Interval > 0 {
		o.Second.No = NewNumber()
		o.Second.Sealed = p.seal(s.sealer, o.Second.No)
	}
	return s.store.Book(ctx, *o)
}

// person is who is to be vaccinated.
type person struct {
	Personal
	id    subject.ID
	birth subject.Date
}

// readRequest reads the fields of a request and puts them into one form.
func (s *Service) readRequest(r *Request) (*person, error) {
	n, err := subject.ParseNumber(r.RRN)
	if err != nil {
		return nil, &Error{Kind: BadNumber, Err: err}
	}
	if r.Name, err = cleanText("name", r.Name, longestName); err != nil {
		return nil, err
	}
	if r.Phone != "" || r.Via == (Via{}) { // who calls may have none
		if r.Phone, err = cleanPhone("phone", r.Phone); err != nil {
			return nil, err
		}
	}
	if r.Email, err = cleanEmail("email", r.Email); err != nil {
		return nil, err
	}
	if r.Lang, err = cleanLang("lang", r.Lang); err != nil {
		return nil, err
	}
	if r.Slot == "" {
		return nil, badField("slot", "empty")
	}
	if r.Proxy != nil {
		if r.Proxy, err = cleanProxy(*r.Proxy); err != nil {
			return nil, err
		}
	}
	return &person{
		Personal: Personal{RRN: n.Digits(), Name: r.Name, Phone: r.Phone, Email: r.Email, Lang: r.Lang, Proxy: r.Proxy},
		id:       s.subjects.Subject(n), birth: n.Birth(),
	}, nil
}

func cleanProxy(p Proxy) (*Proxy, error) {
	var err error
	if p.Name, err = cleanText("proxy.name", p.Name, longestName); err != nil {
		return nil, err
	}
	if p.Phone, err = cleanPhone("proxy.phone", p.Phone); err != nil {
		return nil, err
	}
	if p.Relation, err = cleanText("proxy.relation", p.Relation, longestRelation); err != nil {
		return nil, err
	}
	return &p, nil
}

// entitled checks a person against the pass, the opening and the lists.
func (s *Service) entitled(o *cohort.Opening, p *pass.Pass, who *person, now time.Time) error {
	switch {
	case p.Rehearsal:
		return &Error{Kind: BadPass, Err: errors.New("a rehearsal pass books nothing")}
	case who.id == p.Subject && now.Before(s.opensAt(o)):
		return Refuse(NotOpenYet)
	}
	return s.fits(o, p, who)
}

// fits checks a person against the pass, the opening's cohorts and its rule about proxies.
func (s *Service) fits(o *cohort.Opening, p *pass.Pass, who *person) error {
	switch {
	case who.id != p.Subject:
		return Refuse(IdentityMismatch)
	case who.Proxy != nil && !o.Proxy:
		return Refuse(ProxyNotAllowed)
	case !s.eligible(o, who):
		return Refuse(NotEligible)
	}
	return nil
}

func (s *Service) eligible(o *cohort.Opening, who *person) bool {
	return o.CohortOf(who.birth, s.store.Catalog().Lists(who.id)) != nil
}

// bodyHash tells two requests apart under one idempotency key; in which language they came makes no difference. It is keyed, because what it covers could be guessed.
func (s *Service) bodyHash(who subject.ID, r *Request) ledger.Hash {
	mac := hmac.New(sha256.New, s.subjects[:])
	mac.Write([]byte("daemun booking request\x00"))
	mac.Write(who[:])
	writeAll(mac, r.Slot, r.Name, r.Phone)
	if r.Proxy != nil {
		writeAll(mac, r.Proxy.Name, r.Proxy.Phone, r.Proxy.Relation)
	}
	if r.Email != "" {
		writeAll(mac, "email", r.Email)
	}
	return ledger.Hash(mac.Sum(nil))
}

// writeAll hashes each part behind its length, so that no two lists of parts look the same.
func writeAll(h hash.Hash, parts ...string) {
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p))))
		h.Write([]byte(p))
	}
}

// detail is a booking as its owner sees it; second is the second dose that goes with it, nil where there is none.
func (s *Service) detail(b, second *Booking, p Personal) (Detail, error) {
	place, err := s.slotOf(b.Opening, b.Slot)
	if err != nil {
		return Detail{}, err
	}
	d := Detail{Booking: *b, Personal: p, Place: place}
	if second != nil && second.Status == Booked {
		place, err = s.slotOf(second.Opening, second.Slot)
		d.Second = &Appointment{No: second.No, Dose: second.Dose, Place: place}
	}
	return d, err
}

// withSecond is detail for a booking whose second dose has to be read first.
func (s *Service) withSecond(ctx context.Context, b *Booking, p Personal) (Detail, error) {
	if b.Dose != FirstDose || b.Pair == "" {
		return s.detail(b, nil, p)
	}
	second, err := s.store.Booking(ctx, b.Pair)
	if err != nil {
		return Detail{}, err
	}
	return s.detail(b, &second, p)
}

// interval is the days from the first dose to the second in an opening, by the schedule in force.
func (s *Service) interval(opening string, now time.Time) int {
	if o := s.schedules.Load().at(now).Opening(opening); o != nil {
		return o.DoseIntervalDays
	}
	return 0
}

func (s *Service) slotOf(opening, slot string) (*SlotSupply, error) {
	supply := s.store.Catalog().Opening(opening)
	if supply == nil || supply.Slot(slot) == nil {
		return nil, fmt.Errorf("booking: the slot %q of opening %q is booked or held and unknown", slot, opening)
	}
	return supply.Slot(slot), nil
}
