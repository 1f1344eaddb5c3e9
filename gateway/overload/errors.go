package overload

// Kind says why an order was refused. Each is the code of the problem that the operator sees.
type Kind string

// Kinds of refusal.
const (
	Unknown        Kind = "bad_request"   // a name that there is not, or an address that is none
	OutOfBounds    Kind = "out_of_bounds" // a value, alone or beside others
	NothingToDo    Kind = "nothing_to_do"
	UnknownBackend Kind = "not_found"
	LastBackend    Kind = "last_backend"
)

// Error refuses an order. Nothing was changed.
type Error struct {
	Kind   Kind
	Ko, En string // a sentence for the operator
}

func (e *Error) Error() string { return "overload: " + string(e.Kind) + ": " + e.En }

func refuse(kind Kind, ko, en string) error { return &Error{Kind: kind, Ko: ko, En: en} }
