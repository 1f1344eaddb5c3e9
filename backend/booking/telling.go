package booking

import "slices"

// What people are told of the two doses of a booking goes together: an event tells of both, or leaves the other one's
// reminder standing, so that dropping what an earlier event told loses nothing.

// along adds to the steps of an operation the other dose's booking where that stays as it is.
func (s *State) along(steps []step, to Recipient) []step {
	old := steps[0].old
	other := s.booking(old.Pair)
	if len(steps) > 1 || len(to.Channels) == 0 || other == nil || other.Status != Booked {
		return steps
	}
	copied := *other
	return append(slices.Clip(steps), step{old: other, now: &copied})
}

// tellSteps adds to an effect what it tells of its steps: of a dose that stays, where it still is, with those that moved.
func (s *State) tellSteps(e *Effect, to Recipient, kind MessageKind, steps []step) {
	told := make([]*Booking, 0, 2)
	for i := range steps {
		told = append(told, steps[i].now)
	}
	var stays *Booking
	if other := s.booking(told[0].Pair); len(steps) == 1 && len(to.Channels) > 0 && other != nil && other.Status == Booked {
		stays = other
	}
	if stays != nil && kind == TellChanged && s.slotOf(stays).At().After(e.Record.At) {
		told, stays = append(told, stays), nil
	}
	slices.SortFunc(told, func(a, b *Booking) int { return a.Dose - b.Dose })
	s.tell(e, to, kind, told...)
	if stays != nil {
		s.remind(e, to, stays)
	}
}

// remind makes the reminder of a dose anew that an earlier event brought, which is dropped.
func (s *State) remind(e *Effect, to Recipient, b *Booking) {
	if b.told != 0 && !slices.Contains(e.Dropped, b.told) {
		e.Dropped = append(e.Dropped, b.told)
	}
	s.bookings.markTold(b, e.Record.Seq)
	at := ReminderAt(s.slotOf(b).At())
	if !at.After(e.Record.At) {
		return
	}
	body := Body{
		Kind: TellReminder, Lang: to.Lang, About: b.No, Subject: b.Subject, Opening: b.Opening,
		Doses: []DoseFact{{No: b.No, Dose: b.Dose, Slot: b.Slot}},
	}
	for _, channel := range to.Channels {
		e.Messages = append(e.Messages, Message{
			Number: numberMessage(b.told, len(e.Messages)), Channel: channel, Body: body, DueAt: at, NextAt: at, Sealed: to.Sealed,
		})
	}
}

func (s *State) slotOf(b *Booking) *SlotSupply { return s.catalog.Opening(b.Opening).Slot(b.Slot) }
