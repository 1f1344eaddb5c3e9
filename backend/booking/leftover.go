package booking

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/subject"
)

// A leftover dose is one that comes back when the public line can no longer take it: cancelled after the stock was gone or
// the opening closed, or reported as unused by the clinic. It is set apart in its slot and offered to people who asked for
// the area, in the order in which they asked, a wave at a time; whoever of them takes it first has it. What is set apart
// counts neither as booked nor as left.

const (
	// WaveOf is how many people one leftover dose is offered to at a time.
	WaveOf = 10
	// OfferFor is how long an offer stands before the next people are asked too.
	OfferFor = 15 * time.Minute
	// OfferLead is how long before its half hour a dose is offered last: somebody has to get there.
	OfferLead = 40 * time.Minute
)

// Wish is a person's word that they would take a leftover dose in an area. There is at most one per (Opening, Subject); a
// newer one takes its place, and keeps the time of the first while the area stays.
type Wish struct {
	Opening string
	Subject subject.ID
	Region  string
	Clinic  string      // one clinic of the region; empty: any
	Code    ledger.Hash // SHA-256 of the code by which the person withdraws it
	At      time.Time
	Sealed  []byte // how to reach them, encrypted; only in what goes to and comes from the disk
}

// Offer lets one person take one leftover dose of a slot, if nobody was faster. Its code takes the place of a pass.
type Offer struct {
	Opening string
	Slot    string
	Subject subject.ID
	Code    ledger.Hash // SHA-256 of the code
	At      time.Time
	Until   time.Time
	Event   uint64    // ledger record of the offer; the store's to fill
	Tell    Recipient // the person; not given back by a store
}

// Spare is how many doses of a slot are set apart.
type Spare struct {
	Opening string
	Slot    string
	Doses   int64
}

// OfferState is how an offer stands.
type OfferState string

// States of an offer.
const (
	OfferOpen  OfferState = "open"  // can be taken
	OfferGone  OfferState = "gone"  // others were faster
	OfferOver  OfferState = "over"  // its time is over
	OfferTaken OfferState = "taken" // by the person it was made to
)

// leftovers are the doses set apart, who asked for some and what was offered to whom.
type leftovers struct {
	wishes map[wishKey]*Wish
	byCode map[ledger.Hash]*Wish
	areas  map[area][]*Wish            // the same in the order of asking
	spares map[string]map[string]int64 // doses by opening and slot; none is 0
	offers map[ledger.Hash]*Offer
	asked  map[spot][]*Offer // in the order of asking
}

type wishKey struct {
	opening string
	person  subject.ID
}

type area struct{ opening, region string }

func newLeftovers() leftovers {
	return leftovers{
		wishes: map[wishKey]*Wish{}, byCode: map[ledger.Hash]*Wish{}, areas: map[area][]*Wish{}, spares: map[string]map[string]int64{},
		offers: map[ledger.Hash]*Offer{}, asked: map[spot][]*Offer{},
	}
}

// spare returns how many doses of a slot are set apart.
func (l *leftovers) spare(opening, slot string) int64 { return l.spares[opening][slot] }

// setApart adds n doses to what is set apart in a slot.
func (l *leftovers) setApart(opening, slot string, n int64) {
	of := l.spares[opening]
	if of == nil {
		of = map[string]int64{}
		l.spares[opening] = of
	}
	if of[slot] += n; of[slot] == 0 {
		delete(of, slot)
	}
}

func (l *leftovers) offered(o *Offer) {
	at := spot{o.Opening, o.Slot}
	l.offers[o.Code], l.asked[at] = o, append(l.asked[at], o)
}

func (l *leftovers) unoffered(o *Offer) {
	at := spot{o.Opening, o.Slot}
	delete(l.offers, o.Code)
	if l.asked[at] = l.asked[at][:len(l.asked[at])-1]; len(l.asked[at]) == 0 {
		delete(l.asked, at)
	}
}

func byAsking(a, b *Wish) int {
	return cmp.Or(a.At.Compare(b.At), slices.Compare(a.Subject[:], b.Subject[:]))
}

func (l *leftovers) wish(w *Wish) {
	in := area{w.Opening, w.Region}
	at, _ := slices.BinarySearchFunc(l.areas[in], w, byAsking)
	l.areas[in] = slices.Insert(l.areas[in], at, w)
	l.wishes[wishKey{w.Opening, w.Subject}], l.byCode[w.Code] = w, w
}

func (l *leftovers) unwish(w *Wish) {
	in := area{w.Opening, w.Region}
	if at, ok := slices.BinarySearchFunc(l.areas[in], w, byAsking); ok {
		l.areas[in] = slices.Delete(l.areas[in], at, at+1)
	}
	delete(l.wishes, wishKey{w.Opening, w.Subject})
	delete(l.byCode, w.Code)
}

// DueOffers finds to whom leftover doses should be offered now: for each dose up to WaveOf people at a time, nobody twice
// for the same slot, nobody who has a booking. Nothing changes; Codes are empty.
func (s *State) DueOffers(now time.Time) []Offer {
	var due []Offer
	for _, opening := range slices.Sorted(maps.Keys(s.left.spares)) {
		supply := s.catalog.Opening(opening)
		for _, id := range slices.Sorted(maps.Keys(s.left.spares[opening])) {
			if slot := supply.Slot(id); slot.At().After(now.Add(OfferLead)) {
				due = s.dueFor(due, opening, slot, now)
			}
		}
	}
	return due
}

func (s *State) dueFor(due []Offer, opening string, slot *SlotSupply, now time.Time) []Offer {
	room := s.left.spare(opening, slot.ID) * WaveOf
	asked := map[subject.ID]bool{}
	for _, o := range s.left.asked[spot{opening, slot.ID}] {
		asked[o.Subject] = true
		if now.Before(o.Until) && !s.hasBooked(o.Subject) {
			room--
		}
	}
	for _, w := range s.left.areas[area{opening, slot.Place.Region}] {
		if room <= 0 {
			break
		}
		if (w.Clinic != "" && w.Clinic != slot.Place.ID) || asked[w.Subject] || s.hasBooked(w.Subject) {
			continue
		}
		until := now.Add(OfferFor)
		if last := slot.At().Add(-OfferLead / 2); until.After(last) {
			until = last
		}
		due = append(due, Offer{Opening: opening, Slot: slot.ID, Subject: w.Subject, At: now, Until: until})
		room--
	}
	return due
}

// OfferOf returns an offer and how it stands; nil where there is none of that code.
func (s *State) OfferOf(code ledger.Hash, now time.Time) (*Offer, OfferState) {
	o := s.left.offers[code]
	switch {
	case o == nil:
		return nil, ""
	case s.tookOffer(o):
		return o, OfferTaken
	case s.left.spare(o.Opening, o.Slot) == 0:
		return o, OfferGone
	case !now.Before(o.Until):
		return o, OfferOver
	}
	return o, OfferOpen
}

func (s *State) tookOffer(o *Offer) bool {
	i := s.active[dose{o.Subject, FirstDose}]
	return i != 0 && s.bookings.rows.at(i).pass == o.Code
}

// takeable returns the slot of an offer that can be taken now.
func (s *State) takeable(o *Offer, now time.Time) (*SlotSupply, error) {
	switch _, state := s.OfferOf(o.Code, now); state {
	case OfferTaken:
		return nil, Refuse(AlreadyBooked)
	case OfferGone:
		return nil, Refuse(LeftoverGone)
	case OfferOver:
		return nil, Refuse(LeftoverOver)
	}
	return s.catalog.Opening(o.Opening).Slot(o.Slot), nil
}

// setApart moves n doses of a slot from those booked to those set apart; a negative n back.
func (s *State) setApart(supply *Supply, slot *SlotSupply, n int64) *Spare {
	supply.doses.booked.Add(-n)
	s.left.setApart(supply.ID, slot.ID, n)
	return s.spare(supply.ID, slot.ID)
}

func (s *State) spare(opening, slot string) *Spare {
	return &Spare{Opening: opening, Slot: slot, Doses: s.left.spare(opening, slot)}
}

// offerFor returns the offer that an order rests on, nil where it rests on a pass.
func (s *State) offerFor(o *Order) *Offer {
	offer := s.left.offers[o.PassHash]
	if offer == nil || offer.Opening != o.Opening || offer.Subject != o.Subject || offer.Slot != o.Slot {
		return nil
	}
	return offer
}

// Leftover tells whether an effect changed anything of leftover doses.
func (e *Effect) Leftover() bool {
	return e.Wish != nil || e.Unwished != nil || e.Spare != nil || len(e.Offers) > 0
}
