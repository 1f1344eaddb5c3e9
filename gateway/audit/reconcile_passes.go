package audit

import (
	"errors"
	"time"

	"github.com/daemun/daemun/gateway/pass"
)

// readPasses holds the text of passes against what the ledger says of them.
func (c *reconciler) readPasses() error {
	if c.e.Passes == nil {
		return nil
	}
	v := pass.NewVerifier(c.e.PassKeys)
	line := 0
	for text, err := range c.e.Passes {
		line++
		var bad *Unreadable
		if errors.As(err, &bad) {
			c.passes.Checked++
			c.find(c.passes, sayf(Finding{What: Broken}, "입장권 %d번째 줄을 읽을 수 없습니다: %s", "The pass on line %d cannot be read: %s", bad.Line, bad.Reason))
			continue
		}
		if err != nil {
			return err
		}
		c.passes.Checked++
		c.pass(v, text, line)
	}
	return nil
}

func (c *reconciler) pass(v *pass.Verifier, text string, line int) {
	p, err := v.Verify(text, time.Time{}) // that it has expired is why it is here
	a := c.byPass[hashText(text)]
	f := Finding{What: Changed}
	switch {
	case errors.Is(err, pass.ErrUnknownKey) && a != nil:
		f.What, f.Record = NotAtHand, a.seq
		c.miss(c.passes, sayf(f, "입장권(기록 %d): 공개키가 없어 서명을 확인할 수 없습니다.", "The pass of record %d: its public key is not at hand.", a.seq))
		return
	case err != nil || a == nil:
		if a == nil {
			a = c.closest(text)
		}
		if a == nil {
			c.find(c.passes, sayf(f, "%d번째 입장권은 장부에 없습니다.", "The pass on line %d is not in the ledger.", line))
			return
		}
		f.Record = a.seq
		c.find(c.passes, sayf(f, "%d번째 입장권이 바뀌었습니다. 기록 %d의 입장권과 서명이나 내용이 다릅니다.", "The pass on line %d was changed: it is not the one of record %d.", line, a.seq))
		return
	}
	f.Record = a.seq
	same := p.Subject == a.subject && p.Epoch == a.place.Epoch && p.Rank == a.place.Rank && p.Opening == number(a.opening.id) &&
		p.ScheduleVersion == a.scheduleVersion && p.ExpiresAt.UnixMilli() == a.expires
	switch {
	case p.Rehearsal:
		f.What = Unlawful
		a.blame("연습 입장권으로 입장했습니다(기록 %d).", "A rehearsal's pass was admitted for real (record %d).", a.seq)
		c.find(c.passes, sayf(f, "기록 %d의 입장권은 연습용입니다.", "The pass of record %d is a rehearsal's.", a.seq))
	case !same:
		f.What = Differs
		c.find(c.passes, sayf(f, "기록 %d의 입장권에 적힌 내용이 장부와 다릅니다.", "The pass of record %d says something else than the ledger.", a.seq))
	}
}
