package main

import (
	"context"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
)

// offerEvery is how soon a dose that came back is offered, and how soon the next people are asked.
const offerEvery = 3 * time.Second

// offering offers the doses that came back until the context ends.
func offering(ctx context.Context, service *booking.Service, clock func() time.Time, log *zap.Logger) {
	ticker := time.NewTicker(offerEvery)
	defer ticker.Stop()
	for {
		asked, err := service.OfferLeftovers(ctx, clock())
		switch {
		case err != nil && ctx.Err() == nil:
			log.Error("leftover doses could not be offered", zap.Error(err))
		case asked > 0:
			log.Info("leftover doses offered", zap.Int("people", asked))
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
