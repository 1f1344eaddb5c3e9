//go:build !linux

package load

import "time"

// napper sleeps as exactly as the runtime does.
type napper struct{}

func newNapper() (*napper, error) { return &napper{}, nil }

func (*napper) nap(d time.Duration) error {
	time.Sleep(d)
	return nil
}

func (*napper) close() {}
