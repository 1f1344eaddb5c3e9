package main

import (
	"database/sql"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// carrier takes text messages like the gateway of a telephone company: one that comes again under the ID of one that it has
// is not delivered again. Now and then it cuts the connection after it took a message, so that nobody knows that it has it.
type carrier struct {
	*httptest.Server
	calls     atomic.Int64
	mu        sync.Mutex
	delivered map[string]string // by ID: what people read
	again     int
}

func newCarrier(t *testing.T) *carrier {
	c := &carrier{delivered: map[string]string{}}
	c.Server = httptest.NewServer(c)
	t.Cleanup(c.Close)
	return c
}

// ServeHTTP takes one message.
func (c *carrier) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m struct{ ID, To, Text string }
	body, _ := io.ReadAll(r.Body)
	if json.Unmarshal(body, &m) != nil || m.ID == "" || m.To == "" || m.Text == "" || m.ID != r.Header.Get("Idempotency-Key") {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	if _, there := c.delivered[m.ID]; there {
		c.again++
	}
	c.delivered[m.ID] = m.To + " " + m.Text
	c.mu.Unlock()
	if c.calls.Add(1)%20 == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(http.StatusAccepted)
}

// drained waits until nothing that is due waits in the outbox any more.
func (c *crowd) drained(db *sql.DB) {
	c.t.Helper()
	const query = "SELECT count(*) FROM outbox_text WHERE state = 'pending' AND kind <> 'reminder'"
	waiting := 0
	for range 600 {
		c.query(db, query, func(scan func(...any) error) error { return scan(&waiting) })
		if waiting == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.t.Errorf("%d messages that are due still wait", waiting)
}

// wasTold holds what the carrier delivered against the outbox: what was sent was delivered, what was delivered was sent, and
// no event was told in two messages. A message whose sending was not settled when the backend was killed may be dropped
// afterwards, because something newer is told instead.
func (c *crowd) wasTold(db *sql.DB, by *carrier) {
	c.t.Helper()
	by.mu.Lock()
	defer by.mu.Unlock()
	states := map[string]string{}
	c.query(db, "SELECT id, state FROM outbox_text WHERE state IN ('sent', 'dropped')", func(scan func(...any) error) error {
		var id, state string
		err := scan(&id, &state)
		states[id] = state
		return err
	})
	sent, overtaken := 0, 0
	for id, state := range states {
		switch delivered := by.delivered[id] != ""; {
		case state == "sent" && !delivered:
			c.t.Errorf("%s counts as sent and was not delivered", id)
		case state == "sent":
			sent++
		case delivered:
			overtaken++
		}
	}
	for id := range by.delivered {
		if states[id] == "" {
			c.t.Errorf("%s was delivered and does not count as sent", id)
		}
	}
	c.none(db, "bookings or cancellations told in two messages",
		"SELECT min(id) FROM outbox_text WHERE kind IN ('booked', 'cancelled') AND state = 'sent' GROUP BY about, kind, channel HAVING count(*) > 1")
	c.none(db, "messages that failed", "SELECT id FROM outbox_text WHERE state = 'failed'")
	c.t.Logf("%d messages delivered, each once, %d of them overtaken by newer ones; %d came again under the ID of one that was there", sent+overtaken, overtaken, by.again)
	if sent == 0 {
		c.t.Error("nobody was told anything")
	}
}
