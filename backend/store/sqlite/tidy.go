package sqlite

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

const (
	// tidyEvery is how often what is in the log is copied into the file: often enough that a copy is small, and its syncs short.
	tidyEvery = 200 * time.Millisecond
	// logMost is how many pages the log may have: beyond it the writer waits once, until the log can begin anew.
	logMost = 32_000
)

// tidier copies the log into the file, beside the writer. Left to the writer it would stop everybody for two syncs every few
// thousand bookings. A copy that fails is tried again a second later, and the writer meets the same disk.
type tidier struct {
	db   *sql.DB
	stop context.CancelFunc
	done sync.WaitGroup
}

// tidy starts a tidier with a connection of its own.
func tidy(path string) (*tidier, error) {
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	ctx, stop := context.WithCancel(context.Background())
	t := &tidier{db: db, stop: stop}
	t.done.Go(func() { t.run(ctx) })
	return t, nil
}

func (t *tidier) close() error {
	t.stop()
	t.done.Wait()
	return t.db.Close()
}

func (t *tidier) run(ctx context.Context) {
	ticker := time.NewTicker(tidyEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if inLog, err := t.copy("PASSIVE"); err == nil && inLog > logMost {
			_, _ = t.copy("RESTART") // little is left to copy while the writer waits
		}
	}
}

// copy returns how many pages the log has.
func (t *tidier) copy(how string) (inLog int, err error) {
	var busy, copied int
	err = t.db.QueryRow("PRAGMA wal_checkpoint("+how+")").Scan(&busy, &inLog, &copied)
	return inLog, err
}
