package edge

import (
	"context"
	"encoding/hex"

	"github.com/daemun/daemun/gateway/node"
	"github.com/daemun/daemun/gateway/pages"
	"github.com/daemun/daemun/gateway/queue"
)

// Draw tells how a ticket's place was drawn. That the seed leads to the anchor is computed anew each time, not remembered:
// a page that says so must have tried.
func (s service) Draw(_ context.Context, ticket string) (pages.Draw, error) {
	t, line, err := s.e.node.Locate([]byte(ticket))
	if err != nil {
		return pages.Draw{}, s.shown(err)
	}
	d := pages.Draw{Opening: line.ID, Epoch: t.Epoch, Code: t.Subject.String(), DrawnAt: line.EpochEndsAt(t.Epoch)}
	for _, o := range s.Openings() {
		if o.ID == line.ID {
			d.Anchor = o.Anchor
		}
	}
	drawn, sealed := line.Drawn(&t)
	if !sealed {
		return d, nil
	}
	d.Sealed, d.Seal = true, drawn.Seal.Wire()
	d.Rank = node.RankText(drawn.Rank)
	d.Within, d.Before = int64(drawn.Within)+1, int64(drawn.Before)
	d.Holds = leadsTo(d.Anchor, &drawn.Seal)
	return d, nil
}

func leadsTo(anchor string, seal *queue.Seal) bool {
	b, err := hex.DecodeString(anchor)
	return err == nil && len(b) == len(seal.Seed) && queue.CheckSeed([32]byte(b), seal.Seed, seal.Epoch)
}
