package loadlab

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/daemun/daemun/loadlab/audit"
	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/invariant"
	"github.com/daemun/daemun/loadlab/leak"
	"github.com/daemun/daemun/loadlab/report"
	"github.com/daemun/daemun/loadlab/wire"
)

// leaks looks for the lab's people in everything that the servers leave behind or show, while they run and afterwards. The
// people are marked, so that whatever is found is a leak.
type leaks struct {
	survey *leak.Survey
	run    *run
	logs   []string
	read   map[string]int64 // how far each log was searched
	n      atomic.Uint64    // answers seen
	told   int64            // hits that were told
}

func (r *run) newLeaks(people []byte) (*leaks, error) {
	markers, err := leak.ReadMarkers(bytes.NewReader(people))
	if err != nil {
		return nil, err
	}
	if markers.Unmarked > 0 {
		return nil, fmt.Errorf("%d of the %d people have names that could stand anywhere: seed with --marked", markers.Unmarked, markers.People)
	}
	return &leaks{survey: leak.NewSurvey(markers), run: r, read: map[string]int64{},
		logs: []string{filepath.Join(r.o.out, "gateway.log"), filepath.Join(r.o.out, "backend.log")}}, nil
}

// Asked searches the address of every request, and of one in sixty-four the header too.
func (l *leaks) Asked(request []byte) {
	end := bytes.Index(request, []byte("\r\n"))
	if l.n.Load()%64 == 0 {
		end = bytes.Index(request, []byte("\r\n\r\n"))
	}
	l.survey.Piece("the address of a request", request[:max(0, end)])
}

// Answered searches one answer in sixteen, and every one about a booking: names come back masked. A page that a cheat is
// shown may be the form that the cheat had filled in.
func (l *leaks) Answered(k citizen.Kind, res *wire.Response) {
	if k == citizen.Trick && bytes.HasPrefix(res.ContentType, []byte("text/html")) {
		return
	}
	if l.n.Add(1)%16 == 0 || k == citizen.Book || k == citizen.View {
		l.survey.Piece("an answer to "+k.String(), res.Body)
		l.survey.Piece("an answer's Location", res.Location)
	}
}

// lookEvery is how often metrics and logs are searched while the servers run.
const lookEvery = 5 * time.Second

// watch searches what shows while the servers run, until ctx ends. A server that was just killed is asked next time.
func (l *leaks) watch(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_ = l.shown(ctx) // asked once more when all is over, and then it has to answer
		if err := l.newLines(); err != nil {
			l.run.say("loadlab: %v", err)
		}
		if _, _, count, hits := l.survey.Result(); count > l.told {
			l.told = count
			l.run.say("loadlab: LEAK, %d so far, first: %s", count, hits[0])
		}
	}
}

// newLines searches what came to the logs since.
func (l *leaks) newLines() error {
	for _, path := range l.logs {
		f, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("search the log: %w", err)
		}
		_, err = f.Seek(l.read[path], io.SeekStart)
		var text []byte
		if err == nil {
			text, err = io.ReadAll(f)
		}
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("search the log: %w", err)
		}
		whole := bytes.LastIndexByte(text, '\n') + 1
		l.read[path] += int64(whole)
		l.survey.Piece(path, text[:whole])
	}
	return nil
}

// shown searches what the servers tell of themselves.
func (l *leaks) shown(ctx context.Context) error {
	control, err := audit.ControlClient(l.run.o.data)
	if err != nil {
		return err
	}
	defer control.CloseIdleConnections()
	token, err := os.ReadFile(filepath.Join(l.run.o.data, "keys", "gateway.token"))
	if err != nil {
		return fmt.Errorf("the backend's report: %w", err)
	}
	return errors.Join(
		l.page(ctx, control, "https://"+l.run.servers.control+"/metrics", ""),
		l.page(ctx, control, "https://"+l.run.servers.control+"/control/v1/snapshot", ""),
		l.page(ctx, http.DefaultClient, "http://"+l.run.servers.backendAt+"/internal/status", hexToken(token)),
		l.page(ctx, http.DefaultClient, l.run.servers.url()+"/v1/openings", ""),
	)
}

func hexToken(file []byte) string {
	text := strings.TrimSpace(string(file))
	if _, err := hex.DecodeString(text); err != nil {
		return ""
	}
	return text
}

func (l *leaks) page(ctx context.Context, c *http.Client, url, token string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("X-Daemun-Gateway", token)
	}
	res, err := c.Do(req)
	if err != nil {
		return fmt.Errorf("search %s: %w", url, err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("search %s: it answered %d", url, res.StatusCode)
	}
	return l.survey.Reader(url, res.Body)
}

// kept searches what the servers left: logs, the data folder, the evidence.
func (l *leaks) kept(ctx context.Context) error {
	paths := append([]string{l.run.o.data}, l.logs...)
	if evidence := filepath.Join(l.run.o.out, evidenceFolder); exists(evidence) {
		paths = append(paths, evidence)
	}
	return l.survey.Files(ctx, paths, notSearched(l.run.o.data))
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// notSearched leaves out the people themselves, and secrets.
func notSearched(data string) func(string) bool {
	people := filepath.Join(data, "demo", "citizens.csv")
	return func(path string) bool {
		switch filepath.Ext(path) {
		case ".key", ".token", ".pem":
			return true
		}
		return path == people
	}
}

// judge searches what is left when all is over.
func (l *leaks) judge(ctx context.Context) (invariant.Result, error) {
	began := time.Now()
	if err := errors.Join(l.shown(ctx), l.kept(ctx)); err != nil {
		return invariant.Result{}, fmt.Errorf("leaks: %w", err)
	}
	checked, places, count, _ := l.survey.Result()
	l.run.say("loadlab: searched %.1f MiB in %d places for the people, at the end for %.1f s: %d hits",
		float64(checked)/(1<<20), places, time.Since(began).Seconds(), count)
	return l.result(), nil
}

// result counts bytes: so many were searched.
func (l *leaks) result() invariant.Result {
	checked, _, count, hits := l.survey.Result()
	r := invariant.Result{Name: "leaks", OK: count == 0, Checked: checked, Broken: count,
		Title: "등록번호·성명·전화번호가 어디에도 남지 않는다 (바이트)", TitleEn: "no registration number, name or phone in logs, files, metrics, addresses (bytes)"}
	for _, h := range hits {
		r.Notes = append(r.Notes, h.String())
	}
	return r
}

// leastSearched is how many bytes must have been searched to say anything.
const leastSearched = 1 << 20

// publish saves the verdict, searches what was saved, and saves it again if that tells of anybody.
func (r *run) publish(d *report.Data) error {
	if err := report.Save(r.o.out, d); err != nil {
		return err
	}
	var text bytes.Buffer
	if err := report.Text(&text, d); err != nil {
		return err
	}
	_, _, before, _ := r.leaks.survey.Result()
	r.leaks.survey.Bytes("the report on the terminal", text.Bytes())
	var files []string
	for _, name := range []string{"verdict.json", "run.json", "report.html"} {
		files = append(files, filepath.Join(r.o.out, name))
	}
	if err := r.leaks.survey.Files(context.Background(), files, nil); err != nil {
		return err
	}
	if _, _, after, _ := r.leaks.survey.Result(); after > before {
		d.Verdict.Invariants[len(d.Verdict.Invariants)-1] = r.leaks.result()
		r.decide()
		if err := report.Save(r.o.out, d); err != nil {
			return err
		}
	}
	return report.Text(r.out, d)
}
