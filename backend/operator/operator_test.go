package operator_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/daemun/daemun/backend/access"
	"github.com/daemun/daemun/backend/booking"
	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/operator"
	"github.com/daemun/daemun/backend/store/sqlite"
	"github.com/daemun/daemun/backend/store/storetest"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/keyring"
	"github.com/daemun/daemun/gateway/pass"
)

const opening = "o0719"

var (
	opens = time.Date(2021, 7, 19, 20, 0, 0, 0, subject.Seoul)
	dose  = time.Date(2021, 7, 26, 9, 0, 0, 0, subject.Seoul)
)

// office is a backend over a real file with an officer at it, in virtual time.
type office struct {
	*testing.T
	dir      string
	ring     *keyring.Ring
	sealer   *keyring.Sealer
	store    *sqlite.Store
	service  *booking.Service
	resealer *operator.Resealer
	handler  http.Handler
	now      atomic.Int64
	revoked  *big.Int
}

func (o *office) clock() time.Time { return time.Unix(0, o.now.Load()).UTC() }

func open(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, dir: t.TempDir()}
	o.now.Store(opens.Add(time.Minute).UnixNano())
	var err error
	if o.ring, err = keyring.Open(o.dir); err != nil {
		t.Fatal(err)
	}
	o.start()
	t.Cleanup(func() { o.store.Close() })
	in := booking.Import{Opening: opening, Vaccine: "모더나", Stock: 10_000, At: o.clock(),
		Clinics: []clinic.Clinic{{ID: "c0001", Name: "바른내과의원", Region: "서울", Address: "서울 중구 세종대로 1", Vaccine: "모더나"}}}
	for _, at := range []time.Time{dose, dose.AddDate(0, 0, 30)} {
		in.Slots = append(in.Slots, clinic.Slot{ID: clinic.SlotID("c0001", at), Clinic: "c0001", At: at, Vaccine: "모더나", Capacity: 5000})
	}
	if err := o.store.Import(t.Context(), in); err != nil {
		t.Fatal(err)
	}
	return o
}

// start makes everything as a process that starts does.
func (o *office) start() {
	o.Helper()
	var err error
	if o.store, err = sqlite.Open(context.Background(), filepath.Join(o.dir, "backend", "daemun.db"), o.clock()); err != nil {
		o.Fatal(err)
	}
	if o.ring, err = keyring.Open(o.dir); err != nil {
		o.Fatal(err)
	}
	if o.sealer, err = o.ring.Sealer(); err != nil {
		o.Fatal(err)
	}
	schedule := &cohort.Schedule{Version: 1, Name: "시험", Openings: []cohort.Opening{{
		ID: opening, Name: "시험", LobbyAt: opens.Add(-time.Hour), OpensAt: opens, ClosesAt: opens.Add(22 * time.Hour), Order: cohort.OrderDraw,
		Vaccine: "모더나", Stock: 10_000, Proxy: true,
		Cohorts: []cohort.Cohort{{ID: "c", Name: "모두", BornFrom: subject.Date{Year: 1967, Month: 1, Day: 1}, BornTo: subject.Date{Year: 1968, Month: 12, Day: 31}}},
	}}}
	if o.service, err = booking.NewService(context.Background(), booking.Options{Store: o.store, Schedule: schedule, SubjectKey: o.ring.SubjectKey(), Sealer: o.sealer, Accesses: o.store}); err != nil {
		o.Fatal(err)
	}
	o.resealer = operator.NewResealer(o.service, zap.NewNop())
	o.handler = operator.New(operator.Options{
		Service: o.service, Keys: keys{o}, Resealer: o.resealer, Role: keyring.RoleSupervisor,
		Revoked: func(n *big.Int) bool { return o.revoked != nil && o.revoked.Cmp(n) == 0 }, Clock: o.clock, Log: zap.NewNop(),
	})
}

// keys are the folder's, made in the office's time.
type keys struct{ *office }

func (k keys) List() ([]operator.Key, error) {
	all, err := k.ring.List()
	var out []operator.Key
	for _, l := range all {
		if l.Family == keyring.Personal {
			out = append(out, operator.Key{Number: l.Number, Current: l.Number == k.sealer.Current(), Made: opens.Add(time.Duration(l.Number) * time.Minute)})
		}
	}
	return out, err
}

func (k keys) Rotate() (byte, error) {
	n, err := k.ring.Rotate(keyring.Personal)
	return n, errors.Join(err, k.sealer.Reload())
}

func (k keys) Retire(n byte) (string, error) {
	to, err := k.ring.Retire(keyring.Personal, n)
	return to, errors.Join(err, k.sealer.Reload())
}

func rrn(n int) string  { return fmt.Sprintf("670301-1%06d", n) }
func name(n int) string { return fmt.Sprintf("홍길동%d", n) }

// book books for the n-th person and returns the number.
func (o *office) book(n int, at time.Time) string {
	o.Helper()
	number, err := subject.ParseNumber(rrn(n))
	if err != nil {
		o.Fatal(err)
	}
	text := fmt.Sprint("pass-", n)
	p := pass.Pass{Opening: cohortNumber, Subject: o.ring.SubjectKey().Subject(number), ScheduleVersion: 1, IssuedAt: o.clock(), ExpiresAt: o.clock().Add(time.Hour)}
	if _, err := o.service.Admit(o.Context(), &p, text, o.clock()); err != nil {
		o.Fatal(err)
	}
	d, err := o.service.Book(o.Context(), &p, text, booking.Request{Slot: clinic.SlotID("c0001", at), RRN: rrn(n), Name: name(n), Phone: "010-0000-1234", Key: "key-" + text}, o.clock())
	if err != nil {
		o.Fatal(err)
	}
	return d.No
}

var cohortNumber = (&cohort.Opening{ID: opening}).Number()

func certificate(name, role string, serial int64) *tls.ConnectionState {
	cert := &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name, OrganizationalUnit: []string{role}}}
	return &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{cert}}}
}

// ask sends a command with a supervisor's certificate.
func (o *office) ask(method, path string, body any) *httptest.ResponseRecorder {
	o.Helper()
	return o.askAs(certificate("김주무관", keyring.RoleSupervisor, 1), method, path, body)
}

func (o *office) askAs(shown *tls.ConnectionState, method, path string, body any) *httptest.ResponseRecorder {
	o.Helper()
	encoded, err := json.Marshal(body)
	if err != nil {
		o.Fatal(err)
	}
	r := httptest.NewRequest(method, "/operator/v1/"+path, bytes.NewReader(encoded))
	r.TLS = shown
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	return w
}

func (o *office) want(w *httptest.ResponseRecorder, status int, code string) {
	o.Helper()
	var p api.Problem
	_ = json.Unmarshal(w.Body.Bytes(), &p)
	if w.Code != status || code != "" && p.Code != code {
		o.Fatalf("%d %s, want %d %s", w.Code, w.Body, status, code)
	}
}

func (o *office) log(f access.Filter) []access.Record {
	return storetest.Accesses(o.T, o.store, f, 0, -1)
}

const why = "감사원 자료 요구 제2026-17호"

func TestOnlySupervisorsGetIn(t *testing.T) {
	o := open(t)
	routes := map[string]string{"accesses": "POST", "accesses/verify": "POST", "export": "POST", "retention": "POST", "keys": "GET", "keys/rotate": "POST", "keys/retire": "POST"}
	o.revoked = big.NewInt(7)
	for path, method := range routes {
		for what, shown := range map[string]*tls.ConnectionState{
			"nothing": nil, "no chain": {}, "a viewer's": certificate("lee", keyring.RoleViewer, 2), "an operator's": certificate("lee", keyring.RoleOperator, 2),
			"no name": certificate("", keyring.RoleSupervisor, 2), "a revoked one": certificate("lee", keyring.RoleSupervisor, 7),
		} {
			if w := o.askAs(shown, method, path, map[string]string{"reason": why}); w.Code != http.StatusForbidden {
				t.Errorf("%s with %s certificate: %d %s", path, what, w.Code, w.Body)
			}
		}
	}
	o.want(o.ask("POST", "anything", nil), 404, "not_found")
	if n := len(o.log(access.Filter{})); n > 0 {
		t.Errorf("%d records of what nobody did", n)
	}
}

func TestEveryCommandWantsAReason(t *testing.T) {
	o := open(t)
	for path, body := range map[string]map[string]any{
		"accesses": {}, "export": {"opening": opening}, "retention": {"older_than_days": 3}, "keys/rotate": {}, "keys/retire": {"number": 1},
	} {
		for _, reason := range []string{"", "   ", strings.Repeat("가", 301)} {
			body["reason"] = reason
			o.want(o.ask("POST", path, body), 400, "no_reason")
		}
		body["reason"], body["nonsense"] = why, 1
		o.want(o.ask("POST", path, body), 400, "bad_request")
	}
}

func (o *office) lines(w *httptest.ResponseRecorder) (out []operator.AccessLine) {
	o.Helper()
	o.want(w, 200, "")
	for _, line := range strings.Split(strings.TrimSpace(w.Body.String()), "\n") {
		var l operator.AccessLine
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			o.Fatal(err)
		}
		out = append(out, l)
	}
	return out
}

// TestAccessesAreShownAndThatIsAnAccess looks at the log twice: the second time the first look is in it.
func TestAccessesAreShownAndThatIsAnAccess(t *testing.T) {
	o := open(t)
	mine, other := o.book(1, dose), o.book(2, dose)
	for _, no := range []string{mine, other, mine} {
		if _, err := o.service.Get(t.Context(), no, booking.Caller{Proven: true, Shown: booking.ShownProof, From: "203.0.113.7"}, o.clock()); err != nil {
			t.Fatal(err)
		}
	}
	got := o.lines(o.ask("POST", "accesses", operator.AccessesRequest{Whose: strings.ToLower(mine), Reason: why}))
	if len(got) != 3 || got[0].Task != access.TaskView || got[0].From != "203.0.113.7" || got[1].Seq != 3 ||
		got[2].Task != access.TaskAccesses || got[2].Who != "김주무관" || got[2].Role != keyring.RoleSupervisor || got[2].Reason != why || got[2].From != access.FromHost {
		t.Fatalf("%+v", got)
	}
	if got := o.lines(o.ask("POST", "accesses", operator.AccessesRequest{Who: "김주무관", Reason: why})); len(got) != 2 {
		t.Errorf("%+v", got)
	}
	if got := o.lines(o.ask("POST", "accesses", operator.AccessesRequest{Reason: why})); len(got) != 6 {
		t.Errorf("%+v", got)
	}
	o.want(o.ask("POST", "accesses", operator.AccessesRequest{Whose: "00000-00000", Reason: why}), 404, "no_such_booking")
	o.want(o.ask("POST", "accesses", operator.AccessesRequest{Whose: "?", Reason: why}), 400, "bad_request")
}

// TestAChangedLogIsFound changes the file behind the store's back: a record, the end cut off, all of it written anew.
func TestAChangedLogIsFound(t *testing.T) {
	for name, forge := range map[string][]string{
		"changed":   {"UPDATE accesses SET who = 'nobody' WHERE seq = 2"},
		"removed":   {"DELETE FROM accesses WHERE seq = 2"},
		"cut off":   {"DELETE FROM accesses WHERE seq > 3"},
		"all gone":  {"DELETE FROM accesses"},
		"untouched": nil,
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t)
			for n := range 5 {
				if err := o.store.Record(t.Context(), []booking.Access{{At: o.clock(), Who: fmt.Sprint(n), Task: access.TaskView}}); err != nil {
					t.Fatal(err)
				}
			}
			if err := o.store.Anchor(t.Context(), o.clock()); err != nil {
				t.Fatal(err)
			}
			db, err := sql.Open("sqlite", filepath.Join(o.dir, "backend", "daemun.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			for _, text := range append([]string{"DROP TRIGGER accesses_kept", "DROP TRIGGER accesses_never_removed"}, forge...) {
				if _, err := db.Exec(text); err != nil {
					t.Fatal(err)
				}
			}
			w := o.ask("POST", "accesses/verify", struct{}{})
			if forge != nil {
				o.want(w, 409, "log_broken")
				return
			}
			o.want(w, 200, "")
			if want := `{"records":5,"anchors":1}`; strings.TrimSpace(w.Body.String()) != want {
				t.Errorf("%s, want %s", w.Body, want)
			}
		})
	}
}

// TestExportIsWholeAndLogged exports more than a page, with a name that a spreadsheet would run.
func TestExportIsWholeAndLogged(t *testing.T) {
	const people = 720
	o := open(t)
	want := map[string]int{}
	for n := range people {
		want[o.book(n, dose)] = n
	}
	w := o.ask("POST", "export", operator.ExportRequest{Opening: opening, Reason: why})
	o.want(w, 200, "")
	text, ok := strings.CutPrefix(w.Body.String(), "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !ok || len(rows) != people+1 || !slices.Equal(rows[0], operator.ExportHeader) {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, row := range rows[1:] {
		n, known := want[row[0]]
		if delete(want, row[0]); !known || row[8] != strings.ReplaceAll(rrn(n), "-", "") || row[9] != name(n) || row[10] != "01000001234" || row[1] != "booked" {
			t.Fatalf("row %q of person %d", row, n)
		}
	}
	rs := o.log(access.Filter{Who: "김주무관"})
	seen := map[subject.ID]bool{}
	for _, r := range rs {
		if seen[r.Whose] = true; r.Task != access.TaskExport || r.Reason != why {
			t.Fatalf("%+v", r)
		}
	}
	if len(rs) != people || len(seen) != people {
		t.Errorf("%d records of %d people, want %d", len(rs), len(seen), people)
	}
	o.want(o.ask("POST", "export", operator.ExportRequest{Opening: "none", Reason: why}), 400, "bad_request")
}

// TestExportWithoutALogIsCut breaks the log in the middle of an export: what was not logged does not go out, and the reader
// can tell that something is missing.
func TestExportWithoutALogIsCut(t *testing.T) {
	o := open(t)
	for n := range 520 {
		o.book(n, dose)
	}
	log := &limited{AccessLog: o.store, left: 1}
	service, err := booking.NewService(t.Context(), booking.Options{Store: o.store, Schedule: &cohort.Schedule{}, SubjectKey: o.ring.SubjectKey(), Sealer: o.sealer, Accesses: log})
	if err != nil {
		t.Fatal(err)
	}
	o.handler = operator.New(operator.Options{Service: service, Role: keyring.RoleSupervisor, Revoked: func(*big.Int) bool { return false }, Clock: o.clock, Log: zap.NewNop()})
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("an export that ended in the middle looks whole")
		}
		if n := len(o.log(access.Filter{Who: "김주무관"})); n != 500 {
			t.Errorf("%d people in the log", n)
		}
	}()
	o.ask("POST", "export", operator.ExportRequest{Opening: opening, Reason: why})
}

// limited is a log that is full after some portions.
type limited struct {
	booking.AccessLog
	left int
}

func (l *limited) Record(ctx context.Context, as []booking.Access) error {
	if l.left == 0 {
		return errors.New("disk full")
	}
	l.left--
	return l.AccessLog.Record(ctx, as)
}

func (o *office) retention(days int, dry bool) operator.RetentionLine {
	o.Helper()
	w := o.ask("POST", "retention", operator.RetentionRequest{OlderThanDays: days, DryRun: dry, Reason: why})
	o.want(w, 200, "")
	all := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
	var last operator.RetentionLine
	if err := json.Unmarshal([]byte(all[len(all)-1]), &last); err != nil || !last.Done {
		o.Fatalf("%s, %v", all[len(all)-1], err)
	}
	return last
}

// TestRetentionErasesWhatIsOver lets days pass over bookings whose doses are due at two times, one of them cancelled.
func TestRetentionErasesWhatIsOver(t *testing.T) {
	o := open(t)
	early, late, cancelled := o.book(1, dose), o.book(2, dose.AddDate(0, 0, 30)), o.book(3, dose.AddDate(0, 0, 30))
	if _, err := o.store.Cancel(t.Context(), booking.Withdrawal{No: cancelled, By: booking.ByPerson, At: o.clock()}); err != nil {
		t.Fatal(err)
	}
	var ledger int
	for range o.store.Ledger(t.Context(), 0, -1) {
		ledger++
	}
	if e := o.retention(5, true); e.Due != 0 || e.Looked != 3 {
		t.Fatalf("%+v", e)
	}
	o.now.Store(dose.AddDate(0, 0, 10).UnixNano())
	if e := o.retention(9, true); e.Due != 2 || e.Erased != 0 {
		t.Fatalf("dry: %+v", e)
	}
	if b, err := o.store.Booking(t.Context(), early); err != nil || b.Erased() {
		t.Fatal("erased by a dry run", err)
	}
	if e := o.retention(9, false); e.Due != 2 || e.Erased != 2 || e.Looked != 3 {
		t.Fatalf("%+v", e)
	}
	if e := o.retention(9, false); e.Due != 0 || e.Looked != 1 {
		t.Fatalf("again: %+v", e)
	}
	for no, gone := range map[string]bool{early: true, cancelled: true, late: false} {
		b, err := o.store.Booking(t.Context(), no)
		if err != nil || b.Erased() != gone || b.No != no {
			t.Errorf("%s: %+v, %v", no, b, err)
		}
		_, err = o.service.Get(t.Context(), no, booking.Caller{Proven: true}, o.clock())
		if (booking.KindOf(err) == booking.NoSuchBooking) != gone {
			t.Errorf("%s shows %v", no, err)
		}
	}
	if rs := o.log(access.Filter{Who: "김주무관"}); len(rs) != 2 || rs[0].Task != access.TaskErase || rs[0].Whose == rs[1].Whose {
		t.Errorf("%+v", rs)
	}
	after := 0
	for range o.store.Ledger(t.Context(), 0, -1) {
		after++
	}
	if after != ledger {
		t.Errorf("the ledger grew from %d to %d", ledger, after)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(o.ask("POST", "export", operator.ExportRequest{Opening: opening, Reason: why}).Body.String(), "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows exported, %v", len(rows), err)
	}
	o.want(o.ask("POST", "retention", operator.RetentionRequest{OlderThanDays: 0, Reason: why}), 400, "bad_request")
}

func (o *office) keysInUse() map[byte]int64 {
	o.Helper()
	used, err := o.store.KeysInUse(o.Context())
	if err != nil {
		o.Fatal(err)
	}
	return used
}

var errKilled = errors.New("killed")

// TestRotationSurvivesACrash rotates, dies in the middle of encrypting anew, starts again, goes on, and retires the old key:
// everything can be read at every moment.
func TestRotationSurvivesACrash(t *testing.T) {
	const people = 1300
	const rows = 2 * people // a booking, and a message about it
	o := open(t)
	var numbers []string
	for n := range people {
		numbers = append(numbers, o.book(n, dose))
	}
	readable := func(when string) {
		t.Helper()
		for n, no := range numbers {
			if n%97 != 0 && n != people-1 {
				continue
			}
			d, err := o.service.Get(t.Context(), no, booking.Caller{Proven: true}, o.clock())
			if err != nil || d.Name != name(n) {
				t.Fatalf("%s: booking %d reads %q, %v", when, n, d.Name, err)
			}
		}
	}
	w := o.ask("POST", "keys/rotate", operator.RotateRequest{Reason: why})
	o.want(w, 200, "")
	if strings.TrimSpace(w.Body.String()) != `{"number":2}` {
		t.Fatal(w.Body)
	}
	readable("after rotating")
	o.want(o.ask("POST", "keys/retire", operator.RetireRequest{Number: 1, Reason: why}), 409, "too_soon")
	o.now.Add(int64(10 * time.Minute))
	o.want(o.ask("POST", "keys/retire", operator.RetireRequest{Number: 1, Reason: why}), 409, "key_in_use")
	o.want(o.ask("POST", "keys/retire", operator.RetireRequest{Number: 2, Reason: why}), 409, "key_in_use")

	portions := 0
	done, err := o.service.Reseal(t.Context(), func(booking.Resealing) error {
		if portions++; portions == 2 {
			return errKilled
		}
		return nil
	})
	if !errors.Is(err, errKilled) || done.Done != 1000 || done.Total != rows {
		t.Fatalf("%+v, %v", done, err)
	}
	o.store.Close()
	o.start()
	if got := o.keysInUse(); got[1] != rows-1000 || got[2] != 1000 {
		t.Fatalf("after the crash: %v", got)
	}
	readable("after the crash")

	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { o.resealer.Run(ctx); close(ended) }()
	for o.keysInUse()[1] > 0 || o.resealer.Progress().Running {
		time.Sleep(5 * time.Millisecond)
	}
	stop()
	<-ended
	var answer operator.KeysAnswer
	w = o.ask("GET", "keys", nil)
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || len(answer.Keys) != 2 || answer.Keys[0].Rows != 0 || answer.Keys[1].Rows != rows ||
		!answer.Keys[1].Current || answer.Resealing.Done != rows-1000 || answer.Resealing.Failed != "" {
		t.Fatalf("%s, %v", w.Body, err)
	}
	o.want(o.ask("POST", "keys/retire", operator.RetireRequest{Number: 1, Reason: why}), 200, "")
	readable("after retiring")
	o.store.Close()
	o.start()
	readable("after another start")
	tasks := []string{}
	for _, r := range o.log(access.Filter{Who: "김주무관"}) {
		tasks = append(tasks, r.Task)
	}
	if !slices.Equal(tasks, []string{access.TaskReseal, access.TaskRetire}) {
		t.Errorf("the log says %v", tasks)
	}
}

// TestAKeyThatIsGoneIsTold loses a key's file while data is under it.
func TestAKeyThatIsGoneIsTold(t *testing.T) {
	o := open(t)
	o.book(1, dose)
	o.want(o.ask("POST", "keys/rotate", operator.RotateRequest{Reason: why}), 200, "")
	if _, err := o.ring.Retire(keyring.Personal, 1); err != nil { // by hand, past every question
		t.Fatal(err)
	}
	if err := o.sealer.Reload(); err != nil {
		t.Fatal(err)
	}
	if _, err := o.service.Reseal(t.Context(), func(booking.Resealing) error { return nil }); !errors.Is(err, booking.ErrUnreadable) {
		t.Fatal(err)
	}
	var answer operator.KeysAnswer
	w := o.ask("GET", "keys", nil)
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || len(answer.Keys) != 2 || answer.Keys[1].Number != 1 || answer.Keys[1].Rows != 2 || !answer.Keys[1].Made.IsZero() {
		t.Fatalf("%s, %v", w.Body, err)
	}
}
