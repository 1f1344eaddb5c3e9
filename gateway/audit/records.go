package audit

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/queue"
)

func (h *history) add(r *ledger.Record) error {
	switch r.Kind {
	case ledger.KindAdmission, ledger.KindReadmission:
		return h.addAdmission(r)
	case ledger.KindBooking:
		return h.addBooking(r)
	case ledger.KindIdentity:
		return h.addIdentity(r)
	case ledger.KindSeal:
		return h.addSeal(r)
	case ledger.KindCursor:
		var m ledger.Moves
		if err := json.Unmarshal(r.Data, &m); err != nil {
			return err
		}
		h.opening(m.Opening).track.add(&m, r.Seq)
		return nil
	case ledger.KindAnchor:
		a := anchored{seq: r.Seq}
		if err := json.Unmarshal(r.Data, &a.Anchor); err != nil {
			return err
		}
		o := h.opening(a.Opening)
		o.anchors = append(o.anchors, a)
		return nil
	case ledger.KindOpening:
		return h.addEvent(r)
	case ledger.KindSchedule:
		return h.addSchedule(r)
	case ledger.KindWish:
		return h.addWish(r)
	case ledger.KindOffer:
		return h.addOffer(r)
	case ledger.KindRehearsal:
		return h.addRehearsal(r)
	}
	return h.supply.add(r)
}

func (h *history) addAdmission(r *ledger.Record) error {
	var a ledger.Admission
	if err := json.Unmarshal(r.Data, &a); err != nil {
		return err
	}
	issued := a.IssuedAt
	if issued.IsZero() { // recorded before the time was
		issued = r.At
	}
	h.admissions = append(h.admissions, admission{
		seq: r.Seq, at: r.At.UnixMilli(), issued: issued.UnixMilli(), expires: a.ExpiresAt.UnixMilli(), opening: h.opening(a.Opening),
		subject: a.Subject, place: place{Epoch: a.Epoch, Rank: uint64(a.Rank)}, pass: a.PassSHA256, scheduleVersion: a.ScheduleVersion,
		again: r.Kind == ledger.KindReadmission,
	})
	return nil
}

func (h *history) addBooking(r *ledger.Record) error {
	var b ledger.Booking
	if err := json.Unmarshal(r.Data, &b); err != nil {
		return err
	}
	h.bookings = append(h.bookings, booked{
		seq: r.Seq, at: r.At.UnixMilli(), opening: h.opening(b.Opening), no: b.No, dose: b.Dose, slot: b.Slot, subject: b.Subject, via: b.Via,
		place: place{Epoch: b.Epoch, Rank: uint64(b.Rank)}, pass: b.PassSHA256,
	})
	if b.Dose != secondDose && h.offers.byCode[b.PassSHA256] != nil {
		h.supply.takeBack(r, &b)
	}
	return h.supply.book(r, &b)
}

func (h *history) addSeal(r *ledger.Record) error {
	var s ledger.Seal
	if err := json.Unmarshal(r.Data, &s); err != nil {
		return err
	}
	o := h.opening(s.Opening)
	if o.first == 0 {
		o.first = r.Seq
	}
	seal := sealed{Seal: queue.Seal{Epoch: s.Epoch, Count: s.Count, Tally: s.Tally, Seed: s.Seed}, at: s.At, seq: r.Seq}
	if old, known := o.seals[s.Epoch]; known { // brought again: says the same
		if old.Seal != seal.Seal || !old.at.Equal(seal.at) {
			old.twice = r.Seq
			o.seals[s.Epoch] = old
		}
		return nil
	}
	seal.ranker = seal.Ranker()
	o.seals[s.Epoch] = seal
	return nil
}

func (h *history) addEvent(r *ledger.Record) error {
	var n ledger.Opening
	if err := json.Unmarshal(r.Data, &n); err != nil {
		return err
	}
	if n.Opening == "" { // about no opening: a notice, or an order about protection
		return nil
	}
	at := n.At
	if at.IsZero() { // recorded before the time was
		at = r.At
	}
	e := event{at: at.UnixMilli()}
	if len(n.After) > 0 {
		if err := json.Unmarshal(n.After, &e.after); err != nil {
			return fmt.Errorf("the state after it: %w", err)
		}
	}
	o := h.opening(n.Opening)
	o.events = append(o.events, e)
	return nil
}

// addSchedule takes over the hours of a schedule that came into force.
func (h *history) addSchedule(r *ledger.Record) error {
	var n struct {
		Text string    `json:"text"`
		From time.Time `json:"from"`
	}
	if err := json.Unmarshal(r.Data, &n); err != nil {
		return err
	}
	schedule, err := cohort.Parse([]byte(n.Text))
	if err != nil {
		return err
	}
	for _, known := range schedule.Openings {
		o := h.opening(known.ID)
		o.asks = append(o.asks, asking{n.From.UnixMilli(), len(known.Identity) > 0})
		o.events = append(o.events, event{at: n.From.UnixMilli(), hours: &hours{known.OpensAt.UnixMilli(), known.ClosesAt.UnixMilli()}})
	}
	return nil
}

func (h *history) addRehearsal(r *ledger.Record) error {
	var n ledger.Rehearsal
	if err := json.Unmarshal(r.Data, &n); err != nil {
		return err
	}
	h.rehearsals[n.PassSHA256] = r.Seq
	return nil
}
