package main

import (
	"context"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/booking"
)

// accessLog writes accesses to the program's log: pseudonyms, and nothing that somebody typed.
type accessLog struct{ log *zap.Logger }

func (a accessLog) Record(_ context.Context, accesses []booking.Access) error {
	for i := range accesses {
		x := &accesses[i]
		a.log.Info("access", zap.Time("at", x.At), zap.String("who", x.Who), zap.String("role", x.Role), zap.String("from", x.From),
			zap.Stringer("whose", x.Whose), zap.String("task", x.Task))
	}
	return nil
}
