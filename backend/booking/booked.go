package booking

// put makes b what is known under its number.
func (s *State) put(b *Booking) {
	s.unlist(s.bookings[b.No], b)
	s.bookings[b.No] = b
	if b.Status != Booked {
		return
	}
	at := spot{b.Opening, b.Slot}
	booked := s.booked[at]
	if booked == nil {
		booked = map[string]struct{}{}
		s.booked[at] = booked
	}
	booked[b.No] = struct{}{}
}

// remove takes a booking out as if it had never been.
func (s *State) remove(no string) {
	s.unlist(s.bookings[no], nil)
	delete(s.bookings, no)
}

// unlist takes a booking off its slot, unless the one that takes its place is there, too.
func (s *State) unlist(old, now *Booking) {
	if old == nil || old.Status != Booked || now != nil && now.Status == Booked && now.Slot == old.Slot {
		return
	}
	at := spot{old.Opening, old.Slot}
	delete(s.booked[at], old.No)
	if len(s.booked[at]) == 0 {
		delete(s.booked, at)
	}
}

// Booked returns the numbers of the active bookings of some slots of an opening, in no order.
func (s *State) Booked(opening string, slots []string) []string {
	var out []string
	for _, slot := range slots {
		for no := range s.booked[spot{opening, slot}] {
			out = append(out, no)
		}
	}
	return out
}
