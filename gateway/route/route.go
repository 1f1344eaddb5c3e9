// Package route says which requests exist. Gateway and backend each have one table of routes, and both read a request's
// spelling here first: what two programs might read in two ways is read in none. Nothing is put right on the way: a request
// is written in its one form, or it is refused.
//
// The order is the same on both sides: spelling (Check, CheckRaw), then the table, whose last row is "no", then the row's
// guard, then the handler.
package route

import "github.com/daemun/daemun/gateway/shed"

// TokenHeader carries what a gateway shows to the backend, in hex.
const TokenHeader = "X-Daemun-Gateway"

// MandateHeader carries on whose behalf a gateway asks: a mandate, as pass.SignMandate writes it.
const MandateHeader = "Daemun-Lane"

// ForHeader carries the address of whoever a gateway asks for. The backend believes it with the gateway's token only, and
// writes it into the log of accesses and nowhere else.
const ForHeader = "Daemun-For"

// Class is the priority of a route's requests.
type Class = shed.Class

// Classes: P0 to P3 reach the backend, and so does the reserved lane; W is answered by the gateway from memory.
const (
	P0   = shed.P0
	P1   = shed.P1
	P2   = shed.P2
	P3   = shed.P3
	Lane = shed.Lane
	W    = Class(shed.Classes)
)

// Guard is what a request must show before its route is taken.
type Guard string

// Guards. At the backend all of them but Open ask for the gateway's token besides.
const (
	Open   Guard = "open"   // nothing: answered from memory, or the handler checks what it is shown
	Token  Guard = "token"  // the gateway's token, and nothing else
	Ticket Guard = "ticket" // a ticket; the handler reads it, from header or cookie
	Pass   Guard = "pass"   // a pass of an opening that we know, of a person let in; not of a rehearsal
	Trial  Guard = "trial"  // a pass as above, or one of a rehearsal
	Proof  Guard = "proof"  // a booking's proof or the pass of the same person; the backend checks which

	// Of the reserved lanes: the certificate at the gateway, its mandate at the backend.
	AnyLane    Guard = "any lane"    // of either role
	CallCentre Guard = "call centre" // of the call centre
	Clinic     Guard = "clinic"      // of a clinic, which the handler is told
)

// Route is a row of a table of routes. Patterns are those of http.ServeMux.
type Route struct {
	Method  string
	Pattern string
	Class   Class
	Guard   Guard
}

// Takes tells whether the route answers a method. HEAD goes where GET is answered from memory; the backend is not troubled
// for an answer that nobody reads.
func (r Route) Takes(method string) bool {
	return method == r.Method || method == "HEAD" && r.Method == "GET" && r.Class == W
}
