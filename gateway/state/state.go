// Package state keeps what gateways share: openings as operators left them, seals, cursors, sketches, who leads. It
// is a NATS JetStream key-value bucket, in a server inside this process unless there is a cluster to join, and every
// write is on disk before it counts.
//
// Keys, with opening IDs and gateway names made of letters, digits, '-' and '_':
//
//	opening.<id>                 opening.Opening and its changes on their way, by compare-and-swap
//	cursor.<id>                  Cursor, written by the leader
//	seal.<id>.<epoch>            api.Seal and when it was made, created once and never changed
//	sketch.<id>.<epoch>.<node>   bytes, removed once the epoch is sealed
//	recorded.<id>                Progress, written by the leader
//	notice.<unix ms>             api.Notice
//	event.<unix ns>[.<id>.<n>]   a change on its way to the ledger
//	rehearsal.<id>.<hash>        Rehearsal, changed by compare-and-swap
//	overload                     overload.Standing and its changes on their way, by compare-and-swap
//	schedule                     the schedules in force and next, by compare-and-swap
//	proposal                     Proposal of a schedule, by compare-and-swap
//	ready.<node>                 Readiness
//	leader                       Leader, changed by compare-and-swap
//	node.<node>                  when the gateway was last there
//
// Readers follow the bucket and answer from what they last heard: a gateway that loses touch goes on with that.
package state

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/queue"
)

const (
	bucket       = "daemun"
	startTimeout = 15 * time.Second
	writeTimeout = 2 * time.Second
	keepNotices  = 20
)

// Errors that callers tell apart.
var (
	// ErrConflict says that somebody else changed the key first: read again and decide again.
	ErrConflict = errors.New("state: changed by somebody else meanwhile")
	// ErrBackwards says that a cursor would have gone back.
	ErrBackwards = errors.New("state: a cursor never goes back")
	// ErrUnrecorded says that the ledger has to catch up before a cursor may move on.
	ErrUnrecorded = errors.New("state: too many moves of a cursor are not in the ledger yet")
	// ErrExists says that what is made only once is there already.
	ErrExists = errors.New("state: exists already")
)

// Options says where the shared state is. URL "embedded" (or empty) starts a server in this process over Dir;
// otherwise it is the address of a NATS server with JetStream.
type Options struct {
	URL  string
	Dir  string
	Node string
	Log  *zap.Logger
	// Clock is the server's time, which seals are dated by; nil: the host's.
	Clock func() time.Time
}

// Store is the shared state: a Model that follows the bucket, and writes.
type Store struct {
	node   string
	log    *zap.Logger
	clock  func() time.Time
	server *server.Server
	conn   *nats.Conn
	kv     jetstream.KeyValue
	watch  jetstream.KeyWatcher
	sealed jetstream.KeyValue // sketches of sealed epochs; never followed

	mu    sync.RWMutex
	model *Model
}

// Open connects, makes the bucket if it is not there, and returns once everything in it has been read.
func Open(ctx context.Context, o Options) (*Store, error) {
	s := &Store{node: o.Node, log: o.Log, clock: o.Clock, model: newModel()}
	if s.clock == nil {
		s.clock = time.Now
	}
	if err := s.connect(o); err != nil {
		s.Close()
		return nil, err
	}
	if err := s.follow(ctx); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

func (s *Store) connect(o Options) error {
	options := []nats.Option{nats.Name("daemun " + o.Node), nats.MaxReconnects(-1), nats.ReconnectWait(200 * time.Millisecond)}
	url := o.URL
	if url == "" || url == "embedded" {
		if err := s.embed(o.Dir); err != nil {
			return err
		}
		url = ""
		options = append(options, nats.InProcessServer(s.server))
	}
	conn, err := nats.Connect(url, options...)
	if err != nil {
		return fmt.Errorf("connect to NATS at %s: %w; check --nats", o.URL, err)
	}
	s.conn = conn
	return nil
}

func (s *Store) embed(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the folder of the shared state: %w", err)
	}
	ns, err := server.NewServer(&server.Options{
		ServerName: "daemun-" + s.node, DontListen: true, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: dir, SyncAlways: true,
	})
	if err != nil {
		return fmt.Errorf("start the shared state in %s: %w", dir, err)
	}
	s.server = ns
	go ns.Start()
	if !ns.ReadyForConnections(startTimeout) || !ns.JetStreamEnabled() {
		return fmt.Errorf("start the shared state in %s: JetStream does not come up; check that the folder is writable and has room", dir)
	}
	return nil
}

func (s *Store) follow(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	js, err := jetstream.New(s.conn)
	if err != nil {
		return fmt.Errorf("open JetStream: %w", err)
	}
	s.kv, err = js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{
		Bucket: bucket, Description: "Daemun: openings, seals, cursors", History: 1, Storage: jetstream.FileStorage,
	})
	if err != nil {
		return fmt.Errorf("make the bucket of the shared state: %w; check that the data folder is writable and has room", err)
	}
	if s.sealed, err = openArchive(ctx, js); err != nil {
		return err
	}
	s.watch, err = s.kv.WatchAll(context.Background())
	if err != nil {
		return fmt.Errorf("follow the shared state: %w", err)
	}
	ready := make(chan struct{})
	go s.read(ready)
	select {
	case <-ready:
		return nil
	case <-ctx.Done():
		return errors.New("follow the shared state: no answer in time")
	}
}

// Close leaves the shared state; an embedded server writes what it has and stops.
func (s *Store) Close() {
	if s.watch != nil {
		_ = s.watch.Stop()
	}
	if s.conn != nil {
		s.conn.Close()
	}
	if s.server != nil {
		s.server.Shutdown()
		s.server.WaitForShutdown()
	}
}

// Read lets f look at the model. f must not keep what it is given, except for copies of Seals.
func (s *Store) Read(f func(*Model)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	f(s.model)
}

// Reachable tells whether the shared state answers now.
func (s *Store) Reachable() bool { return s.conn.IsConnected() }

func (s *Store) read(ready chan<- struct{}) {
	first := true
	for entry := range s.watch.Updates() {
		if entry == nil { // everything that was there has been read
			if first {
				first = false
				close(ready)
			}
			continue
		}
		s.mu.Lock()
		err := s.model.apply(entry)
		s.mu.Unlock()
		if err != nil {
			s.log.Error("shared state holds something unreadable", zap.String("key", entry.Key()), zap.Error(err))
		}
	}
}

func (m *Model) apply(entry jetstream.KeyValueEntry) error {
	key, value := entry.Key(), entry.Value()
	m.SeenAt = time.Now()
	if entry.Revision() < m.revisions[key] {
		return nil // a write of our own that is known already has overtaken it
	}
	m.revisions[key] = entry.Revision()
	part := strings.Split(key, ".")
	gone := entry.Operation() != jetstream.KeyValuePut
	switch {
	case part[0] == "sketch" && len(part) == 4:
		delete(m.revisions, key)
		epoch, err := strconv.ParseUint(part[2], 10, 32)
		if err != nil {
			return err
		}
		if gone {
			value = nil
		}
		m.sketch(part[1], uint32(epoch), part[3], value)
		return nil
	case gone:
		delete(m.revisions, key)
		delete(m.Events, key)
		m.forget(part)
		return nil
	case part[0] == "event":
		delete(m.revisions, key)
		m.Events[key] = value
		return nil
	case part[0] == "seal" && len(part) == 3:
		delete(m.revisions, key)
		return m.applySeal(part[1], value)
	case part[0] == "opening" && len(part) == 2:
		return m.applyOpening(part[1], value)
	case part[0] == "cursor" && len(part) == 2:
		return into(value, m.Cursors, part[1])
	case part[0] == "recorded" && len(part) == 2:
		return into(value, m.Recorded, part[1])
	case part[0] == "node" && len(part) == 2:
		return into(value, m.Nodes, part[1])
	case part[0] == "rehearsal" && len(part) == 3:
		return into(value, m.Rehearsals, key)
	case part[0] == "notice":
		return m.applyNotice(value)
	case part[0] == "ready" && len(part) == 2:
		return into(value, m.Ready, part[1])
	case key == overloadKey:
		return m.applyOverload(value)
	case key == scheduleKey:
		return m.applySchedules(value)
	case key == proposalKey:
		m.Proposal = Proposal{}
		return json.Unmarshal(value, &m.Proposal)
	case key == "leader":
		return json.Unmarshal(value, &m.Leader)
	}
	return errors.New("unknown kind of key")
}

// forget drops what is gone.
func (m *Model) forget(part []string) {
	switch {
	case part[0] == proposalKey:
		m.Proposal = Proposal{}
	case part[0] == "node" && len(part) == 2:
		delete(m.Nodes, part[1])
	}
}

func into[T any](value []byte, where map[string]T, key string) error {
	var v T
	if err := json.Unmarshal(value, &v); err != nil {
		return err
	}
	where[key] = v
	return nil
}

func (m *Model) applySeal(opening string, value []byte) error {
	var wire api.Seal
	if err := json.Unmarshal(value, &wire); err != nil {
		return err
	}
	seal, err := queue.SealFromWire(wire)
	if err != nil {
		return err
	}
	seals := m.Seals[opening]
	if seals == nil {
		seals = &queue.Seals{}
		m.Seals[opening] = seals
	}
	if !seals.Append(seal) && seal.Epoch >= seals.Next(0) {
		return fmt.Errorf("seal of epoch %d is not the next one", seal.Epoch)
	}
	return nil
}

func (m *Model) applyNotice(value []byte) error {
	var n api.Notice
	if err := json.Unmarshal(value, &n); err != nil {
		return err
	}
	m.Notices = append(m.Notices, n)
	if len(m.Notices) > keepNotices {
		m.Notices = append([]api.Notice(nil), m.Notices[1:]...)
	}
	return nil
}
