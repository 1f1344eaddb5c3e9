package main

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/keyring"
)

// signEvery is how much of the ledger, in time, may stand without a signature.
const signEvery = 5 * time.Second

// anchorEvery is how much of the log of accesses, in time, may stand without a word in the ledger.
const anchorEvery = 10 * time.Minute

// notary signs how far the ledger goes, and writes into it how far the log of accesses does: when it starts, now and then
// while there is anything new, and at the end.
type notary struct {
	store booking.Store
	ring  *keyring.Ring
	clock func() time.Time
	log   *zap.Logger
}

func (n *notary) run(ctx context.Context) {
	ticker := time.NewTicker(signEvery)
	defer ticker.Stop()
	for tick := 0; ; tick++ {
		if tick%int(anchorEvery/signEvery) == 0 {
			n.anchor(ctx)
		}
		n.sign(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// anchor writes down how far the log of accesses goes.
func (n *notary) anchor(ctx context.Context) {
	if err := n.store.Anchor(ctx, n.clock()); err != nil && ctx.Err() == nil {
		n.log.Error("the ledger could not be told how far the log of accesses goes", zap.Error(err))
	}
}

func (n *notary) sign(ctx context.Context) {
	secret, id := n.ring.LedgerSigner()
	err := n.store.Checkpoint(ctx, func(head ledger.Head) ledger.Checkpoint {
		return ledger.SignCheckpoint(head, n.clock(), id, secret)
	})
	if err != nil && ctx.Err() == nil {
		n.log.Error("the ledger could not be signed", zap.Error(err))
	}
}
