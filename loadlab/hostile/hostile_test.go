package hostile

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/daemun/daemun/loadlab/verdict"
)

func TestJudge(t *testing.T) {
	good := Seen{Asked: 1000, Answered: 1000, Share: 1, P99MS: 5}
	bad := Seen{Asked: 1000, Answered: 500, Share: 0.5, P99MS: 2000}
	for _, v := range []struct {
		name            string
		baseline, after Seen
		rounds          []Round
		want            verdict.Outcome
	}{
		{"all served", good, good, []Round{{Opened: 1, Honest: good}}, verdict.Pass},
		{"not served", good, good, []Round{{Opened: 1, Honest: bad}}, verdict.Missed},
		{"an attack that was none", good, good, []Round{{Honest: good}}, verdict.Inconclusive},
		{"an attack that was none, and one that hit", good, good, []Round{{Honest: good}, {Opened: 1, Honest: bad}}, verdict.Missed},
		{"not well afterwards", good, bad, []Round{{Opened: 1, Honest: good}}, verdict.Missed},
		{"not well before", bad, good, []Round{{Opened: 1, Honest: good}}, verdict.Inconclusive},
		{"nobody asked", good, Seen{}, nil, verdict.Missed},
	} {
		r := Result{Baseline: v.baseline, After: v.after, Rounds: v.rounds}
		if r.Judge(); r.Verdict != v.want {
			t.Errorf("%s: %v, want %v", v.name, r.Verdict, v.want)
		}
	}
}

// TestAttackersAttack: each kind opens connections, and comes again when it is cut.
func TestAttackersAttack(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	for _, a := range Attacks(4) {
		if a.lanes {
			continue
		}
		a.Connections = 4
		ctx, stop := context.WithCancel(t.Context())
		var n Tally
		ended := make(chan struct{})
		go func() {
			a.Run(ctx, &Target{Public: l.Addr().String(), Big: "/"}, []net.IP{net.IPv4(127, 0, 0, 2)}, &n)
			close(ended)
		}()
		for n.Opened.Load() < 10 || n.Cut.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		stop()
		<-ended
	}
}
