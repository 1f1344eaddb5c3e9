package loadlab

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	_ "modernc.org/sqlite"

	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/invariant"
	"github.com/daemun/daemun/loadlab/leak"
	"github.com/daemun/daemun/loadlab/measure"
	"github.com/daemun/daemun/loadlab/report"
	"github.com/daemun/daemun/loadlab/verdict"
	"github.com/daemun/daemun/loadlab/wire"
)

// watched is a run over a folder with three marked people, of whom nothing leaked yet.
func watched(t *testing.T) (*run, demo.Citizen) {
	t.Helper()
	dir := t.TempDir()
	r := &run{o: options{out: dir, data: filepath.Join(dir, "data")}, out: io.Discard, servers: &servers{}, decide: func() {}}
	if err := demo.Write(filepath.Join(r.o.data, "demo"), demo.Options{Citizens: 3, Clinics: 1, Days: 1, Marked: true}, nil); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(r.o.data, "demo", "citizens.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if r.leaks, err = r.newLeaks(file); err != nil {
		t.Fatal(err)
	}
	people, err := demo.ReadCitizens(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	for _, log := range r.leaks.logs {
		put(t, log, "started\n")
	}
	return r, people[1]
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (l *leaks) hits() []leak.Hit {
	_, _, _, hits := l.survey.Result()
	return hits
}

// secrets are a person's data, each by itself.
func secrets(c demo.Citizen) map[string]string {
	return map[string]string{leak.Number: c.Number.Digits(), leak.Name: c.Name, leak.Phone: c.Phone}
}

// TestLeaksAreFoundWhereverTheyArePlanted plants each kind at each place that a run searches.
func TestLeaksAreFoundWhereverTheyArePlanted(t *testing.T) {
	places := map[string]func(t *testing.T, r *run, secret string){
		"gateway's log": func(t *testing.T, r *run, secret string) {
			put(t, r.leaks.logs[0], `{"level":"info","msg":"joined","who":"`+secret+`"}`+"\n")
		},
		"backend's log": func(t *testing.T, r *run, secret string) { put(t, r.leaks.logs[1], "panic: "+secret+"\n") },
		"SQLite":        func(t *testing.T, r *run, secret string) { plantSQLite(t, r, secret, "TRUNCATE") },
		"SQLite's WAL":  func(t *testing.T, r *run, secret string) { plantSQLite(t, r, secret, "") },
		"JetStream":     plantJetStream,
		"evidence": func(t *testing.T, r *run, secret string) {
			put(t, filepath.Join(r.o.out, evidenceFolder, "ledger.ndjson"), secret)
		},
		"name of a file": func(t *testing.T, r *run, secret string) {
			put(t, filepath.Join(r.o.data, "lists", secret+".list"), "x")
		},
	}
	for place, plant := range places {
		t.Run(place, func(t *testing.T) {
			for what := range secrets(demo.Citizen{}) {
				r, c := watched(t)
				if err := r.leaks.kept(t.Context()); err != nil || len(r.leaks.hits()) > 0 {
					t.Fatalf("before anything is planted: %v, %v", r.leaks.hits(), err)
				}
				plant(t, r, secrets(c)[what])
				if err := r.leaks.kept(t.Context()); err != nil {
					t.Fatal(err)
				}
				if hits := r.leaks.hits(); len(hits) == 0 || hits[0].What != what {
					t.Errorf("a %s is not found: %v", what, hits)
				}
			}
		})
	}
}

// plantSQLite leaves a secret in a table, in the file itself after a checkpoint and else in its write-ahead log.
func plantSQLite(t *testing.T, r *run, secret, checkpoint string) {
	path := filepath.Join(r.o.data, "backend", "daemun.db")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=journal_mode(WAL)&_pragma=wal_autocheckpoint(0)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	run := func(query string, args ...any) {
		if _, err := db.Exec(query, args...); err != nil {
			t.Fatal(err)
		}
	}
	run("CREATE TABLE bookings (no TEXT, phone TEXT, status TEXT)")
	run("INSERT INTO bookings VALUES (?, ?, ?)", "7K3M9-QX2RT", secret, "sent")
	if checkpoint != "" {
		run("PRAGMA wal_checkpoint(" + checkpoint + ")")
	}
}

func plantJetStream(t *testing.T, r *run, secret string) {
	s, err := server.NewServer(&server.Options{DontListen: true, JetStream: true, StoreDir: filepath.Join(r.o.data, "gateway", "nats")})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	defer func() { s.Shutdown(); s.WaitForShutdown() }()
	conn, err := nats.Connect("", nats.InProcessServer(s))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	bucket, err := js.CreateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: "daemun"})
	if err == nil {
		_, err = bucket.Put(ctx, "state", []byte(`{"a":"`+secret+`"}`))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestLeaksInTrafficAreFound(t *testing.T) {
	for what := range secrets(demo.Citizen{}) {
		r, c := watched(t)
		secret := secrets(c)[what]
		r.leaks.Asked([]byte("POST /v1/queue/join HTTP/1.1\r\nHost: x\r\n\r\n" + secret)) // a body may carry it
		r.leaks.Answered(citizen.Book, &wire.Response{Body: []byte(`{"name":"김***ㄳ"}`)})
		if hits := r.leaks.hits(); len(hits) > 0 {
			t.Fatalf("found where it belongs: %v", hits)
		}
		r.leaks.Asked([]byte("GET /v1/queue/place?q=" + secret + " HTTP/1.1\r\nHost: x\r\n\r\n"))
		r.leaks.Answered(citizen.View, &wire.Response{Body: []byte(`{"name":"` + secret + `"}`)})
		r.leaks.Answered(citizen.Book, &wire.Response{Location: []byte("/done?x=" + secret)})
		if hits := r.leaks.hits(); len(hits) != 3 {
			t.Errorf("a %s: %v", what, hits)
		}
	}
}

func TestLeaksInWhatServersShowAreFound(t *testing.T) {
	r, c := watched(t)
	leaky := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("X-Daemun-Gateway") != "00ff" {
			w.WriteHeader(http.StatusForbidden)
		}
		fmt.Fprintf(w, "daemun_requests_total{who=%q} 1\n", c.Phone)
	}))
	defer leaky.Close()
	if err := r.leaks.page(t.Context(), http.DefaultClient, leaky.URL, ""); err == nil {
		t.Error("a refusal was taken for metrics")
	}
	if err := r.leaks.page(t.Context(), http.DefaultClient, leaky.URL, "00ff"); err != nil {
		t.Fatal(err)
	}
	if hits := r.leaks.hits(); len(hits) != 1 || hits[0].What != leak.Phone {
		t.Error(hits)
	}
}

// TestLogsAreSearchedAsTheyGrow searches lines once each, also one that was half written at first.
func TestLogsAreSearchedAsTheyGrow(t *testing.T) {
	r, c := watched(t)
	n := c.Number.Digits()
	put(t, r.leaks.logs[0], "one "+n[:6])
	if err := r.leaks.newLines(); err != nil || len(r.leaks.hits()) > 0 {
		t.Fatal(err, r.leaks.hits())
	}
	put(t, r.leaks.logs[0], n[6:]+"\n")
	for range 2 {
		if err := r.leaks.newLines(); err != nil || len(r.leaks.hits()) != 1 {
			t.Fatal(err, r.leaks.hits())
		}
	}
}

// TestAReportThatTellsIsBroken puts a person into the report itself: the verdict that is kept says so.
func TestAReportThatTellsIsBroken(t *testing.T) {
	r, c := watched(t)
	d := &report.Data{Verdict: &verdict.Verdict{Why: []string{"somebody named " + c.Name}, Invariants: []invariant.Result{{Name: "other", OK: true}, r.leaks.result()}},
		Figures: measure.Figures{Outcomes: map[string]int64{}}}
	r.decide = func() { verdict.Decide(d.Verdict, verdict.Validity{}, nil) }
	if err := r.publish(d); err != nil {
		t.Fatal(err)
	}
	var kept verdict.Verdict
	b, err := os.ReadFile(filepath.Join(r.o.out, "verdict.json"))
	if err == nil {
		err = json.Unmarshal(b, &kept)
	}
	if err != nil || kept.Verdict != verdict.Broken || kept.Invariants[1].OK || kept.Invariants[1].Name != "leaks" {
		t.Errorf("%v: %s", err, b)
	}
}

func TestLeaksCommand(t *testing.T) {
	r, c := watched(t)
	search := func(more ...string) (string, error) {
		var out bytes.Buffer
		cmd := leaksCommand()
		cmd.SetOut(&out)
		cmd.SetArgs(append([]string{"--data", r.o.data}, more...))
		err := cmd.ExecuteContext(t.Context())
		return out.String(), err
	}
	if out, err := search("--log", r.leaks.logs[0]); err != nil || !strings.HasPrefix(out, "0 leaks") {
		t.Fatalf("%v: %s", err, out)
	}
	put(t, r.leaks.logs[0], c.Number.Digits())
	var exit *Exit
	out, err := search("--log", r.leaks.logs[0])
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(out, r.leaks.logs[0]+", byte 8: a number (plain)") || strings.Contains(out, c.Number.Digits()) {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := search("--log", r.leaks.logs[0], "--json"); err == nil || !strings.Contains(out, `"name":"leaks","ok":false`) {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := search("--citizens", "nowhere.csv"); err == nil || errors.As(err, &exit) {
		t.Errorf("searched for nobody: %v", err)
	}
}
