package loadlab

import (
	"context"
	"fmt"
	"time"

	"github.com/daemun/daemun/loadlab/arrivals"
	"github.com/daemun/daemun/loadlab/attack"
	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/measure"
	"github.com/daemun/daemun/loadlab/wire"
)

// How the machine's capacity is found: as many requests as it takes, all due at once, for a few seconds.
const (
	calibrationSeconds = 3
	calibrationMax     = 600_000
)

// calibrate measures how many waiting-room requests a second this machine answers, generator included.
func calibrate(ctx context.Context, s *servers, people *citizen.People, seed uint64) (float64, error) {
	crowd := citizen.NewCrowd(people, citizen.Options{Opening: s.opening.ID, Host: s.public, Nonce: "calibration", Seed: seed,
		Lobby: time.Hour, Run: 2 * time.Hour})
	pool := wire.NewPool(s.public)
	defer pool.Forget()
	sampler, err := crowd.Sampler(64, func(out []byte, res *wire.Response) error {
		conn, err := pool.Get(ctx, time.Now())
		if err != nil {
			return err
		}
		defer conn.Close()
		conn.Out = append(conn.Out[:0], out...)
		if err := conn.Do(time.Now(), res); err != nil {
			return err
		}
		res.Body = append([]byte(nil), res.Body...)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("calibrate: %w", err)
	}
	schedule, err := arrivals.NewSchedule(calibrationMax, arrivals.Step, func(time.Duration) float64 { return 1 })
	if err != nil {
		return 0, err
	}
	recorder := measure.NewRecorder(time.Minute)
	a := &attack.Attack{Schedule: schedule, Actor: sampler, Recorder: recorder, Pool: pool, Limit: calibrationSeconds * time.Second}
	res, err := a.Run(ctx)
	if err != nil {
		return 0, err
	}
	if res.Hits < 1000 || res.Failed*100 > res.Hits {
		return 0, fmt.Errorf("calibrate: only %d of %d requests were answered", res.Hits-res.Failed, res.Hits)
	}
	return float64(res.Hits) / res.Took.Seconds(), nil
}
