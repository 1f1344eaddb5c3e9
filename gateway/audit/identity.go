package audit

import (
	"encoding/json"

	"github.com/daemun/daemun/backend/ledger"
)

// asking is whether an opening asks who people are, from a time on (Unix ms) until another schedule says otherwise.
type asking struct {
	from int64
	asks bool
}

// asked tells whether an opening asked who people are at every moment of a span.
func (o *opening) asked(from, to int64) bool {
	asks := false
	for _, a := range o.asks {
		switch {
		case a.from <= from:
			asks = a.asks
		case a.from <= to:
			asks = asks && a.asks
		}
	}
	return asks
}

func (h *history) addIdentity(r *ledger.Record) error {
	var i ledger.Identity
	if err := json.Unmarshal(r.Data, &i); err != nil {
		return err
	}
	k := person{h.opening(i.Opening), i.Subject}
	if _, known := h.shown[k]; !known {
		h.shown[k] = r.Seq
	}
	return nil
}

// identified looks whether somebody who booked for themselves had shown who they are, where the opening asks. Who came by
// a reserved lane was asked by its staff.
func (c *reconciler) identified(b *booked, add func(ko, en string, args ...any)) {
	if b.via != "" || !b.opening.asked(b.at-underWay.Milliseconds()-c.tolerance, b.at+c.tolerance) {
		return
	}
	switch seq, shown := c.h.shown[person{b.opening, b.subject}]; {
	case !shown:
		add("본인인증을 한 기록이 없습니다.", "The opening asks who people are, and this person has not shown it.")
	case seq > b.seq:
		add("본인인증(기록 %d)보다 예약이 먼저입니다.", "It came before the person showed who they are (record %d).", seq)
	}
}
