package node_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/node"
	machine "github.com/daemun/daemun/gateway/opening"
	"github.com/daemun/daemun/gateway/pass"
	"github.com/daemun/daemun/gateway/queue"
)

// addKey puts the next key of a family into the folder, as an operator rotates it.
func (s *site) addKey(name string, first byte) {
	s.t.Helper()
	key := bytes.Repeat([]byte{first}, 32)
	if err := os.WriteFile(filepath.Join(s.dir, "keys", name), []byte(hex.EncodeToString(key)+"\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) removeKey(name string) {
	s.t.Helper()
	if err := os.Remove(filepath.Join(s.dir, "keys", name)); err != nil {
		s.t.Fatal(err)
	}
}

// stands is what must never change once it is drawn.
type stands struct {
	epoch uint32
	rank  uint64
	ahead int64
}

func (g *gateway) standing(tickets [][]byte) []stands {
	g.site.t.Helper()
	out := make([]stands, len(tickets))
	for i, text := range tickets {
		p := g.place(text)
		if p.Ahead == queue.Unknown {
			g.site.t.Fatalf("ticket %d has no place: %+v", i, p)
		}
		out[i] = stands{p.Epoch, p.Rank, p.Ahead}
	}
	return out
}

// pause stops the calling in, so that people ahead can be compared at rest.
func (g *gateway) pause(paused bool) {
	g.site.t.Helper()
	cmd := machine.Command{Action: machine.ActionResume, Reason: "시험"}
	if paused {
		cmd.Action = machine.ActionPause
	}
	g.order(cmd)
	g.Renew()
}

// TestPlacesSurviveEverything joins people by two gateways, kills one and stops the other, ends the shared state,
// rotates the keys of tickets and passes while tickets are out, and does it again after the draw: everybody stands
// where they stood, at every gateway.
func TestPlacesSurviveEverything(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	a, b := s.gateway("a"), s.gateway("b")
	var tickets [][]byte
	for i := range 200 {
		tickets = append(tickets, []*gateway{a, b}[i%2].join(i, nil))
	}
	for i := range 20 { // by the other gateway too, without the ticket: the same place
		tickets = append(tickets, []*gateway{b, a}[i%2].join(i, nil))
	}
	oldSigner, oldID := s.ring().PassSigner()
	oldPass := pass.Sign(pass.Pass{KeyID: oldID, ExpiresAt: s.now().Add(time.Hour)}, oldSigner)
	b.handedIn(200) // it is killed, and has no time for it then
	b.kill()
	a.stop()
	s.stopShared()

	s.addKey("ticket-002.key", 2)
	s.addKey("pass-002.key", 3)
	s.startShared()
	a, b = s.gateway("a"), s.gateway("b")
	for i := 200; i < 300; i++ {
		tickets = append(tickets, []*gateway{a, b}[i%2].join(i, nil))
	}
	s.checkKeys(a, tickets, oldPass)
	if again := b.join(7, tickets[7]); !bytes.Equal(again, tickets[7]) {
		t.Error("a ticket under the older key is exchanged for another one")
	}

	a.handedIn(300)
	a.pause(true) // before anybody is called in
	s.at(2 * time.Second)
	a.sealedTo(0)
	b.sealedTo(0)
	drawn := a.standing(tickets)
	if !slices.Equal(drawn, b.standing(tickets)) {
		t.Fatal("two gateways disagree on places")
	}
	for i := range 20 {
		if drawn[i] != drawn[200+i] {
			t.Errorf("person %d stands at %+v with one ticket and %+v with the other", i, drawn[i], drawn[200+i])
		}
	}
	if n := a.Snapshot().LineByID(opening).Seals.Total(); n < 290 || n > 310 {
		t.Errorf("%d people counted of 300", n)
	}

	a.kill()
	b.kill()
	s.stopShared()
	s.startShared()
	c, a := s.gateway("c"), s.gateway("a") // one of them was never there before
	for _, g := range []*gateway{a, c} {
		if !slices.Equal(drawn, g.standing(tickets)) {
			t.Fatal("places moved in the second restart")
		}
	}
	s.checkSeals(c)
	s.everybodyEnters(c, tickets)
}

// checkKeys makes sure that old tickets and passes hold beside new ones, and which key signs.
func (s *site) checkKeys(g *gateway, tickets [][]byte, oldPass string) {
	s.t.Helper()
	for i, text := range tickets {
		ticket, _, err := g.Locate(text)
		want := byte(1)
		if i >= 220 {
			want = 2
		}
		if err != nil || ticket.KeyID != want {
			s.t.Fatalf("ticket %d: key %d, want %d; %v", i, ticket.KeyID, want, err)
		}
	}
	ring := s.ring()
	if _, err := ring.PassVerifier().Verify(oldPass, s.now()); err != nil {
		s.t.Errorf("a pass under the older key: %v", err)
	}
	if _, id := ring.PassSigner(); id != 2 {
		s.t.Errorf("key %d signs passes", id)
	}
}

// checkSeals holds the seals to the anchor that was published before.
func (s *site) checkSeals(g *gateway) {
	s.t.Helper()
	anchor := readHex(s.t, g.Snapshot().Openings[0].Anchor)
	line := g.Snapshot().LineByID(opening)
	for _, wire := range line.Seals.From(0, 100) {
		if !queue.CheckSeed(anchor, readHex(s.t, wire.Seed), wire.Epoch) {
			s.t.Errorf("the seed of epoch %d does not lead to the anchor", wire.Epoch)
		}
	}
}

func readHex(t testing.TB, text string) (out [32]byte) {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(out) {
		t.Fatalf("%q: %v", text, err)
	}
	return [32]byte(b)
}

// everybodyEnters calls everybody in, with tickets of either key and passes of the new one.
func (s *site) everybodyEnters(g *gateway, tickets [][]byte) {
	s.t.Helper()
	g.pause(false)
	passes := s.ring().PassVerifier()
	for i, text := range tickets {
		g.untilState(text, api.PlaceTurn)
		entry, err := g.Enter(context.Background(), text, g.Now())
		if err != nil {
			s.t.Fatalf("ticket %d cannot enter: %v", i, err)
		}
		p, err := passes.Verify(entry.Pass, g.Now())
		if err != nil || p.KeyID != 2 || p.ScheduleVersion != 3 {
			s.t.Fatalf("ticket %d got the pass %+v: %v", i, p, err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := len(s.admitted); n != 300 {
		s.t.Errorf("%d people were admitted, want 300", n)
	}
}

// TestRemovedKeyEndsItsTickets: what a key that is gone had signed is refused, tickets and passes alike, and the key
// does not come back by itself.
func TestRemovedKeyEndsItsTickets(t *testing.T) {
	s := newSite(t, cohort.OrderDraw)
	old := s.gateway("a")
	ticket := old.join(1, nil)
	signer, id := s.ring().PassSigner()
	oldPass := pass.Sign(pass.Pass{KeyID: id, ExpiresAt: s.now().Add(time.Hour)}, signer)
	old.stop()
	s.addKey("ticket-002.key", 2)
	s.addKey("pass-002.key", 3)
	s.removeKey("ticket-001.key")
	s.removeKey("pass-001.key")

	g := s.gateway("a")
	if _, _, err := g.Locate(ticket); !isRefused(err, node.BadTicket) {
		t.Errorf("a ticket whose key is gone: %v", err)
	}
	if _, err := s.ring().PassVerifier().Verify(oldPass, s.now()); err == nil {
		t.Error("a pass whose key is gone is good")
	}
	for _, name := range []string{"ticket-001.key", "pass-001.key", "pass-001.pub"} {
		if _, err := os.Stat(filepath.Join(s.dir, "keys", name)); !os.IsNotExist(err) {
			t.Errorf("%s is there: %v", name, err)
		}
	}
	again := g.join(1, ticket)
	if ticket, _, err := g.Locate(again); err != nil || ticket.KeyID != 2 {
		t.Errorf("the new ticket: %+v, %v", ticket, err)
	}
}

func isRefused(err error, code string) bool {
	r, ok := node.IsRefusal(err)
	return ok && r.Code == code
}
