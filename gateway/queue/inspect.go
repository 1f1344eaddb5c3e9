package queue

import "encoding/base64"

// ReadUnchecked returns what a ticket says without looking at who signed it: for recomputing a place from published
// seals, where the ticket's key is not at hand. It opens nothing.
func ReadUnchecked(text []byte) (Ticket, error) {
	var b [ticketBinary]byte
	if len(text) != TicketLen {
		return Ticket{}, ErrBadTicket
	}
	if n, err := base64.RawURLEncoding.Decode(b[:], text); err != nil || n != ticketBinary {
		return Ticket{}, ErrBadTicket
	}
	return readTicket(b[:])
}
