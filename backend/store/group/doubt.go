package group

import "time"

// doubt is whether state and disk may differ. It belongs to the writer's goroutine.
type doubt struct {
	raised bool
	silent bool        // the ledger does not tell whether what failed took effect
	timer  *time.Timer // runs while raised: doubts are settled also when nobody asks for anything
	failed error       // why the last try to settle failed, until the next may be made
	next   time.Time
}

func (d *doubt) raise(silent bool) {
	d.raised, d.silent, d.failed = true, silent, nil
	d.timer = time.NewTimer(retryAfter)
}

// retry fires when it is time to try to settle again.
func (d *doubt) retry() <-chan time.Time {
	if d.timer == nil {
		return nil
	}
	return d.timer.C
}

// settle runs compare if there is doubt, and not more often than every retryAfter while it fails: in between its last
// error holds.
func (d *doubt) settle(compare func() error) error {
	if !d.raised {
		return nil
	}
	if d.failed != nil && time.Now().Before(d.next) {
		return d.failed
	}
	if d.failed = compare(); d.failed != nil {
		d.next = time.Now().Add(retryAfter)
		d.timer.Reset(retryAfter)
		return d.failed
	}
	d.timer.Stop()
	*d = doubt{}
	return nil
}
