package main

import (
	"strings"
	"testing"

	"github.com/daemun/daemun/backend/web"
	"github.com/daemun/daemun/gateway/edge"
	"github.com/daemun/daemun/gateway/route"
)

// TestTheTwoTablesFit holds what the gateway passes on against what the backend takes: the same requests, of the same
// class, and at the backend never behind a weaker guard.
func TestTheTwoTablesFit(t *testing.T) {
	taken := map[string]route.Route{}
	for _, r := range web.Routes() {
		taken[r.Method+" "+r.Pattern] = r
		if r.Guard == route.Open && r.Class != route.W {
			t.Errorf("%s %s is open to everybody", r.Method, r.Pattern)
		}
	}
	passedOn := 0
	for _, r := range edge.Table() {
		back, ok := taken[r.Method+" "+r.Pattern]
		switch {
		case r.Class == route.W && ok && !strings.HasSuffix(r.Pattern, "z"), r.Class != route.W && !ok && r.Pattern != "/v1/queue/enter":
			t.Errorf("%s %s: only one side knows it", r.Method, r.Pattern)
		case r.Class == route.W || !ok:
			continue
		case back.Class != r.Class:
			t.Errorf("%s %s: class %s at the gateway, %s at the backend", r.Method, r.Pattern, r.Class, back.Class)
		case back.Guard != r.Guard && !(r.Guard == route.Open && back.Guard == route.Token):
			t.Errorf("%s %s: guard %s at the gateway, %s at the backend", r.Method, r.Pattern, r.Guard, back.Guard)
		}
		passedOn++
	}
	if passedOn < 7 {
		t.Errorf("only %d routes lead on", passedOn)
	}
}
