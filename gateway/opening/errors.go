package opening

import "fmt"

// Kind says why a command was refused. Each is the code of the problem that the operator sees.
type Kind string

// Kinds of refusal.
const (
	AlreadyClosed Kind = "already_closed"
	AlreadyOpen   Kind = "already_open"
	AlreadyPaused Kind = "already_paused"
	NotPaused     Kind = "not_paused"
	NothingToDo   Kind = "nothing_to_do"
	BadTime       Kind = "bad_request" // a time of a postponement
	UnknownAction Kind = "not_found"
)

// Error refuses a command.
type Error struct {
	Kind   Kind
	Ko, En string // a sentence for the operator
}

func (e *Error) Error() string { return "opening: " + string(e.Kind) + ": " + e.En }

func refuse(kind Kind, ko, en string) error { return &Error{Kind: kind, Ko: ko, En: en} }

// UnknownActionError refuses an action that there is not.
func UnknownActionError(action string) error {
	return refuse(UnknownAction, fmt.Sprintf("%q 작업은 없습니다. open, pause, resume, postpone, close 가운데 하나입니다.", action),
		fmt.Sprintf("There is no action %q; it is open, pause, resume, postpone or close.", action))
}
