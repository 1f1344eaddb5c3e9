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

// notary signs how far the ledger goes: when it starts, now and then while there is anything new, and at the end.
type notary struct {
	store booking.Store
	ring  *keyring.Ring
	clock func() time.Time
	log   *zap.Logger
}

func (n *notary) run(ctx context.Context) {
	ticker := time.NewTicker(signEvery)
	defer ticker.Stop()
	for {
		n.sign(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
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
