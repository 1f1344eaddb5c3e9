package ledger

import (
	"encoding/json"
	"time"
)

// Kinds of records that the draw and the turns can be recomputed from. The leading gateway brings them, at least once
// each: a record may come again and says the same then.
const (
	KindAnchor = "anchor" // Anchor: before the first seal of its opening
	KindSeal   = "seal"   // Seal
	KindCursor = "cursor" // Moves
)

// Anchor is the data of KindAnchor: what was published of an opening before its order was drawn.
type Anchor struct {
	Opening  string    `json:"opening"`
	Anchor   Hash      `json:"anchor"` // end of the chain of seeds
	Order    string    `json:"order"`  // draw or arrival
	LobbyAt  time.Time `json:"lobby_at"`
	OpensAt  time.Time `json:"opens_at"`
	ClosesAt time.Time `json:"closes_at"`
}

// Seal is the data of KindSeal: an epoch's seal as it was published, and when.
type Seal struct {
	Opening string    `json:"opening"`
	Epoch   uint32    `json:"epoch"`
	Count   uint64    `json:"count"`
	Tally   Hash      `json:"tally"`
	Seed    Hash      `json:"seed"`
	At      time.Time `json:"at"`
}

// Moves is the data of KindCursor: moves of an opening's cursor, one after the other. From is the number of the first of
// them; the first move ever has number 1, so that a missing one shows.
type Moves struct {
	Opening string `json:"opening"`
	From    uint64 `json:"from"`
	Moves   []Move `json:"moves"`
}

// Move says since when every place below (Epoch, Rank) has had its turn come.
type Move struct {
	At    time.Time `json:"at"`
	Epoch uint32    `json:"epoch"`
	Rank  Rank      `json:"rank"`
}

// Journal is what a gateway brings about one opening at a time; its parts are recorded in the order of the fields.
type Journal struct {
	Opening string  `json:"opening"`
	Anchor  *Anchor `json:"anchor,omitempty"`
	Seals   []Seal  `json:"seals,omitempty"`
	Moves   *Moves  `json:"moves,omitempty"`
}

// Entry is a record to be: what it says, without its place in the chain.
type Entry struct {
	Kind string
	Data json.RawMessage
}

// Entries returns the records that the journal asks for.
func (j *Journal) Entries() ([]Entry, error) {
	var out []Entry
	var failed error
	add := func(kind string, v any) {
		data, err := json.Marshal(v)
		if err != nil {
			failed = err
		}
		out = append(out, Entry{kind, data})
	}
	if j.Anchor != nil {
		j.Anchor.Opening = j.Opening
		add(KindAnchor, j.Anchor)
	}
	for i := range j.Seals {
		j.Seals[i].Opening = j.Opening
		add(KindSeal, &j.Seals[i])
	}
	if j.Moves != nil && len(j.Moves.Moves) > 0 {
		j.Moves.Opening = j.Opening
		add(KindCursor, j.Moves)
	}
	return out, failed
}
