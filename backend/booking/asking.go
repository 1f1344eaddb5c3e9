package booking

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// Asked is how to reach somebody who wished for a leftover dose, and what they typed, so that taking it is quick.
type Asked struct {
	Name  string `json:"name"`
	Phone string `json:"phone"` // digits
	Lang  string `json:"lang,omitempty"`
}

// WishRequest is what a person sends to be asked when a dose comes back, as they typed it. Without Opening the newest one
// counts that takes the person.
type WishRequest struct {
	Opening string
	Region  string
	Clinic  string
	RRN     string
	Name    string
	Phone   string
	Lang    string
}

// Wished is a wish with the code by which the person can withdraw it.
type Wished struct {
	Wish
	Code string
}

// newCode makes a code that nobody can guess, fit for a link.
func newCode() string { return strings.ToLower(rand.Text()) }

func wishPlace(opening string, who subject.ID) []byte {
	return fmt.Appendf(nil, "daemun wish %s %s", opening, who)
}

// Wish records that somebody would take a leftover dose. They must be of the opening's cohorts and lists, like anybody who
// books; nobody is told whether somebody else wishes for one.
func (s *Service) Wish(ctx context.Context, r WishRequest, now time.Time) (Wished, error) {
	who, err := s.readRequest(&Request{Slot: "-", RRN: r.RRN, Name: r.Name, Phone: r.Phone})
	if err != nil {
		return Wished{}, err
	}
	if r.Region, err = cleanText("region", r.Region, longestName); err != nil {
		return Wished{}, err
	}
	opening, err := s.openingFor(r.Opening, who, now)
	if err != nil {
		return Wished{}, err
	}
	code := newCode()
	if r.Lang, err = cleanLang("lang", r.Lang); err != nil {
		return Wished{}, err
	}
	asked := mustJSON(Asked{Name: who.Name, Phone: who.Phone, Lang: r.Lang})
	w, err := s.store.Wish(ctx, Wish{
		Opening: opening.ID, Subject: who.id, Region: r.Region, Clinic: r.Clinic, Code: HashText(code), At: onDisk(now),
		Sealed: s.sealer.Seal(asked, wishPlace(opening.ID, who.id)),
	})
	return Wished{Wish: w, Code: code}, err
}

// openingFor finds the opening in which somebody may wish for a leftover dose: the one named, else the newest that has
// begun, has something to give and takes them.
func (s *Service) openingFor(id string, who *person, now time.Time) (*cohort.Opening, error) {
	known := s.schedules.Load().at(now)
	var found *cohort.Opening
	for i := range known.Openings {
		o := &known.Openings[i]
		if id != "" && o.ID != id || s.store.Catalog().Opening(o.ID) == nil || now.Before(s.opensAt(o)) || !s.eligible(o, who) {
			continue
		}
		if found == nil || s.opensAt(o).After(s.opensAt(found)) {
			found = o
		}
	}
	if found == nil {
		return nil, Refuse(NotEligible)
	}
	return found, nil
}

// Unwish ends the wish of a code.
func (s *Service) Unwish(ctx context.Context, code string, now time.Time) error {
	return s.store.Unwish(ctx, HashText(code), onDisk(now))
}

// OfferLeftovers offers what is set apart to the people whose turn it is to be asked, and returns how many were asked.
// It is to be called every few seconds: offers that nobody took make room for the next.
func (s *Service) OfferLeftovers(ctx context.Context, now time.Time) (int, error) {
	due, err := s.store.DueOffers(ctx, onDisk(now))
	if err != nil {
		return 0, err
	}
	asked := 0
	for len(due) > 0 {
		n := 1
		for n < len(due) && due[n].Opening == due[0].Opening && due[n].Slot == due[0].Slot {
			n++
		}
		switch err := s.offer(ctx, due[:n]); {
		case KindOf(err) == SlotFull: // taken meanwhile
		case err != nil:
			return asked, err
		default:
			asked += n
		}
		due = due[n:]
	}
	return asked, nil
}

// offer makes offers of one slot known to those asked.
func (s *Service) offer(ctx context.Context, offers []Offer) error {
	for i := range offers {
		code := newCode()
		asked, err := s.asked(ctx, &offers[i])
		if err != nil {
			return err
		}
		offers[i].Code = HashText(code)
		offers[i].Tell = Recipient{
			Lang: cmp.Or(asked.Lang, Korean), Channels: []Channel{ByText},
			Sealed: SealAddress(s.sealer, Address{Name: asked.Name, Phone: asked.Phone, Code: code}, offers[i].Subject),
		}
	}
	return s.store.Offer(ctx, offers)
}

func (s *Service) asked(ctx context.Context, o *Offer) (Asked, error) {
	var a Asked
	w, err := s.store.WishOf(ctx, o.Opening, o.Subject)
	if err != nil {
		return a, err
	}
	plain, err := s.sealer.Open(w.Sealed, wishPlace(o.Opening, o.Subject))
	if err == nil {
		err = json.Unmarshal(plain, &a)
	}
	if err != nil {
		return a, fmt.Errorf("booking: a wish in %s: %w", o.Opening, err)
	}
	return a, nil
}

// Offered is an offer as the person sees it to whom it was made.
type Offered struct {
	Offer
	State OfferState
	Place *SlotSupply
}

// OfferBy returns the offer of a code.
func (s *Service) OfferBy(ctx context.Context, code string, now time.Time) (Offered, error) {
	o, state, err := s.store.OfferOf(ctx, HashText(code), now)
	if err != nil {
		return Offered{}, err
	}
	return Offered{Offer: o, State: state, Place: s.store.Catalog().Opening(o.Opening).Slot(o.Slot)}, nil
}

// TakeLeftover books the dose of an offer. The number must be that of the person to whom it was made.
func (s *Service) TakeLeftover(ctx context.Context, code string, r Request, now time.Time) (Detail, error) {
	o, err := s.OfferBy(ctx, code, now)
	if err != nil {
		return Detail{}, err
	}
	r.Slot, r.Proxy = o.Slot, nil
	who, err := s.readRequest(&r)
	if err != nil {
		return Detail{}, err
	}
	opening := s.schedules.Load().at(now).Opening(o.Opening)
	switch {
	case who.id != o.Subject:
		return Detail{}, Refuse(IdentityMismatch)
	case opening == nil || !s.eligible(opening, who):
		return Detail{}, Refuse(NotEligible)
	}
	order := Order{Interval: opening.DoseIntervalDays, Booking: Booking{
		Opening: o.Opening, Subject: who.id, Dose: FirstDose, Slot: o.Slot,
		PassHash: ledger.Hash(o.Code), KeyHash: HashText(r.Key), BookedAt: onDisk(now),
	}}
	order.BodyHash = s.bodyHash(who.id, &r)
	order.Tell = s.recipient(&who.Personal, who.id)
	placed, err := s.place(ctx, &order, &who.Personal)
	if err != nil {
		return Detail{}, err
	}
	return s.detail(&placed.Booking, placed.Second, who.Personal)
}

// SpareSlot is a slot with doses set apart.
type SpareSlot struct {
	Opening string
	Slot    *SlotSupply
	Doses   int64
}

// Spares returns the leftover doses of slots to come, by opening, clinic and time.
func (s *Service) Spares(ctx context.Context, now time.Time) ([]SpareSlot, error) {
	spares, err := s.store.Spares(ctx, now)
	out := make([]SpareSlot, len(spares))
	for i, spare := range spares {
		out[i] = SpareSlot{Opening: spare.Opening, Slot: s.store.Catalog().Opening(spare.Opening).Slot(spare.Slot), Doses: spare.Doses}
	}
	slices.SortStableFunc(out, func(a, b SpareSlot) int {
		return cmp.Or(cmp.Compare(a.Opening, b.Opening), cmp.Compare(a.Slot.Place.ID, b.Slot.Place.ID), a.Slot.At().Compare(b.Slot.At()))
	})
	return out, err
}
