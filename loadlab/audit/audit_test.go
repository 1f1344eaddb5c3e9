package audit

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/loadlab/citizen"
	"github.com/daemun/daemun/loadlab/invariant"
)

func chain(n int) []api.LedgerRecord {
	var prev invariant.Digest
	out := make([]api.LedgerRecord, n)
	for i := range out {
		out[i] = api.LedgerRecord{Seq: uint64(i + 1), At: time.Unix(int64(i), 5).UTC(), Kind: "genesis", Data: json.RawMessage(`{"format":1}`)}
		prev = invariant.Sum(prev, out[i])
		out[i].Hash = hex.EncodeToString(prev[:])
	}
	return out
}

func TestLedgerIsReadToItsEnd(t *testing.T) {
	records := chain(25)
	const atOnce = 10 // a server may give fewer than asked for
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		after, _ := strconv.Atoi(r.URL.Query().Get("after"))
		e := json.NewEncoder(w)
		for _, x := range records[after:min(after+atOnce, len(records))] {
			_ = e.Encode(x)
		}
	}))
	defer s.Close()
	j, err := Ledger(context.Background(), s.Client(), s.URL)
	if err != nil || j.Records != 25 {
		t.Fatalf("%v, %+v", err, j)
	}
	for _, r := range invariant.Check(&invariant.History{Client: &citizen.History{}, Ledger: j}) {
		if r.Name == "ledger_chain" && !r.OK {
			t.Error(r.Notes)
		}
	}
}

func TestLedgerErrorsSayWhere(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"answered 403": func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) },
		"line 1":       func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{\n")) },
		"record 3": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"seq":3,"kind":"booking","data":[]}`))
		},
	} {
		s := httptest.NewServer(h)
		if _, err := Ledger(context.Background(), s.Client(), s.URL); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error is %v", name, err)
		}
		s.Close()
	}
}

func TestSealsAreReadPageByPage(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		from, _ := strconv.Atoi(r.URL.Query().Get("from"))
		some := []api.Seal{}
		for e := from; e < min(from+3, 7); e++ {
			some = append(some, api.Seal{Epoch: uint32(e)})
		}
		_ = json.NewEncoder(w).Encode(some)
	}))
	defer s.Close()
	seals, err := Seals(context.Background(), s.Client(), s.URL, "o")
	if err != nil || len(seals) != 7 || seals[6].Epoch != 6 {
		t.Errorf("%v, %v", err, seals)
	}
}

func TestBookingsAreLookedUp(t *testing.T) {
	var acked []citizen.Acked
	for i := range 40 {
		acked = append(acked, citizen.Acked{No: fmt.Sprint("B", i), Slot: "s", Pass: "p", Unknown: i == 13})
	}
	acked[20].Proof = "q"
	asked := make(chan string, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		no := strings.TrimPrefix(r.URL.Path, "/v1/bookings/")
		b := api.Booking{No: no, Slot: "s", State: "booked"}
		if no == "B4" {
			b.State = "cancelled"
		}
		asked <- no + " " + r.Header.Get("Authorization")
		_ = json.NewEncoder(w).Encode(b)
	}))
	defer s.Close()
	got := Bookings(context.Background(), s.URL, acked, 10)
	close(asked)
	if got.Asked != 11 || got.Found != 10 || len(got.Notes) != 1 || !strings.Contains(got.Notes[0], "cancelled") {
		t.Errorf("%+v", got)
	}
	seen := map[string]bool{}
	for x := range asked {
		seen[x] = true
	}
	for _, want := range []string{"B0 Pass p", "B13 Pass p", "B20 Proof q", "B36 Pass p"} {
		if !seen[want] {
			t.Errorf("%s was not asked; asked %v", want, seen)
		}
	}
}
