package oidc_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/daemun/daemun/backend/identity"
)

// TestProviderDown: whatever way a provider fails, people are told which it is and that others will do, nobody is found by
// it, and soon nobody is sent there any more.
func TestProviderDown(t *testing.T) {
	for name, instead := range map[string]http.HandlerFunc{
		"answers 500":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) },
		"answers 503":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) },
		"answers 404":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) },
		"answers garbage": func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>점검 중") },
		"answers nothing": func(w http.ResponseWriter, _ *http.Request) {},
		"answers another thing": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"access_token":"x","token_type":"Bearer"}`)
		},
		"answers without end": func(w http.ResponseWriter, _ *http.Request) {
			for range 4096 {
				if _, err := io.WriteString(w, strings.Repeat(" ", 1024)); err != nil {
					return
				}
			}
		},
		"leads elsewhere": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://elsewhere.example/", http.StatusTemporaryRedirect)
		},
		"cuts": func(w http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) },
		"hangs": func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then the server notices that the other side has gone
			<-r.Context().Done()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t)
			address := w.leave("hong")
			backs := []identity.Back{}
			for range 8 {
				backs = append(backs, w.confirm(w.leave("hong"), "hong", "yes"))
			}
			w.instead(instead)
			var all sync.WaitGroup
			for _, b := range backs[:7] {
				all.Go(func() {
					if err := w.come("hong", b); identity.ReasonOf(err) != identity.Down {
						t.Errorf("%v", err)
					}
				})
			}
			all.Wait()
			choice := w.overview().Providers[0]
			if choice.Up || choice.After <= 0 {
				t.Fatalf("shown as %+v", choice)
			}
			if h := w.service.Health()[0]; h.State != "open" || h.Reason == "" || strings.Contains(h.Reason, "code=") {
				t.Fatalf("operators see %+v", h)
			}
			_, err := w.service.Start(t.Context(), w.pass("hong"), "demo", nil, w.clock())
			w.want(err, identity.Down)
			w.instead(nil)
			w.want(w.come("hong", backs[7]), identity.Down) // left alone for a while, well or not
			if w.found("hong") || address == "" {
				t.Fatal("found by a provider that was down")
			}
		})
	}
}

func (w *world) overview() identity.Overview {
	w.t.Helper()
	o, err := w.service.Overview(w.pass("hong"), w.clock())
	if err != nil {
		w.t.Fatal(err)
	}
	return o
}

func TestProviderThatWasNeverThere(t *testing.T) {
	w := start(t)
	c := w.config
	c.Issuer = "http://127.0.0.1:1" // refuses
	gone, err := newProvider(t, c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gone.Address(identity.Attempt{}); !errors.Is(err, identity.ErrNotReady) {
		t.Fatalf("%v", err)
	}
	var fault *identity.Fault
	if err := gone.Probe(t.Context()); !errors.As(err, &fault) {
		t.Fatalf("probe: %v", err)
	}
}
