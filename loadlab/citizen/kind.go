// Package citizen is the crowd of a replay: who they are, what they ask next, and what they make of the answer. It does
// no I/O; the time is an offset from the start of the run and comes as an argument. A Crowd is used under its own lock by
// many workers at once.
package citizen

// Kind is a kind of request as the figures are kept by it.
type Kind uint8

// The kinds of requests.
const (
	Home Kind = iota
	WaitPage
	Cursor
	Place
	Join
	JoinInVain // somebody who is not on the roster
	Enter
	Clinics
	Slots
	Book
	View // a person looks at their own booking
	Trick
	Kinds int = iota
)

var kindNames = [Kinds]string{"home", "wait_page", "cursor", "place", "join", "join_in_vain", "enter", "clinics", "slots", "book", "view", "cheat"}

// String is the kind's name in figures.
func (k Kind) String() string { return kindNames[k] }

// WaitingRoom says whether the answer comes from the gateway's memory.
func (k Kind) WaitingRoom() bool { return k <= JoinInVain }

// Admitted says whether the request is one of a person whose turn came.
func (k Kind) Admitted() bool { return k >= Enter && k <= View }

// Outcome is what became of a request.
type Outcome uint8

// The outcomes of requests.
const (
	Good     Outcome = iota // answered as asked
	Refused                 // answered with a reason why not
	Shed                    // 503
	Broken                  // answered with something no server should say
	Lost                    // no answer
	Outcomes int     = iota
)

var outcomeNames = [Outcomes]string{"good", "refused", "shed", "broken", "lost"}

// String is the outcome's name in figures.
func (o Outcome) String() string { return outcomeNames[o] }

// Cheat is a way to jump the queue.
type Cheat uint8

// The ways to cheat.
const (
	ForgedTicket  Cheat = iota // random bytes
	BentTicket                 // a real one with one character changed
	CutTicket                  // a real one cut short
	ForgedEnter                // enter with a forged ticket
	EarlyEnter                 // enter with a real ticket before its turn
	ClockEnter                 // the same with a false clock and false forwarding headers
	ReplayedPass               // somebody else's pass for one's own booking
	DeepClinics                // the list of clinics without a pass
	DeepBooking                // a booking without a pass
	ForgedPass                 // a booking with a forged pass
	PathTrick                  // other spellings of guarded paths, inner paths, method override
	Rejoin                     // joining again from another device for a better place
	SecondBooking              // a second booking with a new key
	Cheats        int   = iota
)

var cheatNames = [Cheats]string{"forged_ticket", "bent_ticket", "cut_ticket", "forged_enter", "early_enter", "clock_enter",
	"replayed_pass", "deep_clinics", "deep_booking", "forged_pass", "path_trick", "rejoin", "second_booking"}

// String is the cheat's name in figures.
func (c Cheat) String() string { return cheatNames[c] }

// Action is one request that the crowd wants sent.
type Action struct {
	Kind  Kind
	Cheat Cheat // of a Trick
	Who   int32 // −1: nobody in particular
	own   bool  // the citizen's own device: the answer moves the citizen on
	check *check
}
