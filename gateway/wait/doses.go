package wait

// Doses says how fast the people of a line use up its stock.
type Doses struct {
	PerCalled float64 `json:"per_called"` // doses booked for each person called, those who never come included
	Owed      float64 `json:"owed"`       // doses that people inside are expected to book
}

// leastBooked is how many people must have come and gone before their share of bookings says anything.
const leastBooked = 200

// NewDoses reckons from the backend's totals: people who entered, people inside now, bookings. showUp is the share of
// called people who enter, 0 while unknown. What is unknown counts as everybody.
func NewDoses(showUp float64, entered, inside, booked int64) Doses {
	if showUp == 0 {
		showUp = 1
	}
	each := 1.0
	if gone := entered - inside; gone >= leastBooked {
		each = min(float64(booked)/float64(gone), 1)
	}
	return Doses{PerCalled: showUp * each, Owed: float64(inside) * each}
}

// margin keeps people from waiting for the very last doses.
const margin = 0.9

// Scarce tells whether the stock that is left will probably be gone before the turn of somebody with so many people
// ahead.
func (d Doses) Scarce(ahead, left int64) bool {
	if d.PerCalled == 0 { // nobody has reckoned yet
		d.PerCalled = 1
	}
	return d.Owed+float64(ahead)*d.PerCalled >= margin*float64(left)
}
