package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/gateway/pass"
)

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// bring is what a gateway sends of a schedule.
func (h *house) bring(s *cohort.Schedule, from time.Time) string {
	h.t.Helper()
	text, err := s.Marshal()
	if err != nil {
		h.t.Fatal(err)
	}
	body, err := json.Marshal(ledger.Schedule{
		ID: "event.1._schedule", Version: s.Version, SHA256: sumOf(string(text)), Text: string(text), By: "kim", Role: "supervisor", Reason: "변경", From: from,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return string(body)
}

func (h *house) scheduleRecords() (n int) {
	h.t.Helper()
	for r, err := range h.store.Schedules(h.t.Context()) {
		if err != nil || r.Kind != ledger.KindSchedule {
			h.t.Fatalf("%+v %v", r, err)
		}
		n++
	}
	return n
}

func ofVersion(v uint32) func(*pass.Pass) { return func(p *pass.Pass) { p.ScheduleVersion = v } }

// A pass of a schedule that has not arrived yet is neither good nor bad: its holder is asked to wait a moment.
func TestThePassIsAheadOfTheSchedule(t *testing.T) {
	h := open(t, 100)
	ahead := h.sign(1, ofVersion(4))
	answer := h.do("POST", "/internal/admissions", ahead)
	refused(t, answer, 503, "schedule_behind")
	if answer.Header().Get("Retry-After") == "" {
		t.Error("not told when to come again")
	}
	next := schedule(false)
	next.Version = 4
	for range 2 { // brought again, it is recorded once
		want(t, h.do("POST", "/internal/schedule", h.bring(next, h.clock().Add(time.Second))), 204, nil)
	}
	want(t, h.do("POST", "/internal/admissions", ahead), 200, nil)
	if n := h.scheduleRecords(); n != 1 {
		t.Errorf("%d records", n)
	}
	h.start() // the file still says version 3
	want(t, h.book(1, slotOf(1), ahead, "key-0001"), 201, nil)
}

func TestAScheduleHoldsFromItsInstant(t *testing.T) {
	h := open(t, 100)
	p := h.admit(1)
	narrower := schedule(false)
	narrower.Version = 4
	narrower.Openings[0].Cohorts[0].BornFrom.Year = 1968
	want(t, h.do("POST", "/internal/schedule", h.bring(schedule(false), h.clock())), 204, nil)
	want(t, h.do("POST", "/internal/schedule", h.bring(narrower, h.clock().Add(time.Minute))), 204, nil)
	for range 2 {
		want(t, h.book(1, slotOf(1), p, "key-0001"), 201, nil) // before it
		h.start()
	}
	other := h.admit(2)
	h.after(2 * time.Minute)
	for range 2 {
		refused(t, h.book(2, slotOf(1), other, "key-0002"), 403, "not_eligible")
		h.start()
	}
	if n := h.scheduleRecords(); n != 2 {
		t.Errorf("%d records", n)
	}
}

func TestSchedulesThatAreRefused(t *testing.T) {
	h := open(t, 100)
	now := h.clock()
	good := h.bring(schedule(false), now)
	want(t, h.do("POST", "/internal/schedule", good), 204, nil)
	var parts map[string]any
	if err := json.Unmarshal([]byte(good), &parts); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]map[string]any{
		"another text":     {"text": parts["text"].(string) + "\n"},
		"no instant":       {"from": time.Time{}},
		"no schedule":      {"text": "version: one", "sha256": sumOf("version: one")},
		"another version":  {"version": 9},
		"the same version": {"text": parts["text"].(string) + "\n", "sha256": sumOf(parts["text"].(string) + "\n")},
	} {
		bad := map[string]any{}
		for k, v := range parts {
			bad[k] = v
		}
		for k, v := range change {
			bad[k] = v
		}
		body, _ := json.Marshal(bad)
		if answer := h.do("POST", "/internal/schedule", string(body)); answer.Code != 400 {
			t.Errorf("%s: %d %s", name, answer.Code, answer.Body)
		}
	}
	refused(t, h.do("POST", "/internal/schedule", "[]"), 400, "bad_request")
	if n := h.scheduleRecords(); n != 1 {
		t.Errorf("%d records", n)
	}
}
