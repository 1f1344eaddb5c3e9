package sms_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/notify"
	"github.com/daemun/daemun/backend/notify/sms"
)

var letter = notify.Letter{ID: "ABCDE-23456.7168", Phone: "01000001234", Subject: "예방접종 예약 완료", Text: strings.Repeat("예약이 완료되었습니다. ", 10)}

func gateway(t *testing.T, answer http.HandlerFunc) *sms.Gateway {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return reach(t, s.URL+"/messages")
}

func reach(t *testing.T, url string) *sms.Gateway {
	t.Helper()
	g, err := sms.New(sms.Options{URL: url, Token: "secret", From: "1339", Parallel: 2})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestWhatTheGatewayGets(t *testing.T) {
	var got sms.Message
	g := gateway(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method != "POST" || r.URL.Path != "/messages" || r.Header.Get("Idempotency-Key") != letter.ID || r.Header.Get("Authorization") != "Bearer secret" {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		got = sms.Message{}
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(202)
	})
	if err := g.Send(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	if want := (sms.Message{ID: letter.ID, Type: "lms", From: "1339", To: letter.Phone, Subject: letter.Subject, Text: letter.Text}); got != want {
		t.Errorf("%+v", got)
	}
	short := letter
	short.Text = "예약이 취소되었습니다."
	if err := g.Send(t.Context(), short); err != nil || got.Type != "sms" || got.Subject != "" {
		t.Errorf("%+v, %v", got, err)
	}
	var refused *notify.Refused
	if err := g.Send(t.Context(), notify.Letter{ID: "x"}); !errors.As(err, &refused) {
		t.Errorf("without a number: %v", err)
	}
}

func TestWhatAnswersMean(t *testing.T) {
	const sent, refused, later, busy = "sent", "refused", "later", "busy"
	for code, want := range map[int]string{
		200: sent, 201: sent, 202: sent, 204: sent, 409: sent,
		400: refused, 410: refused, 413: refused, 422: refused,
		301: later, 401: later, 403: later, 404: later, 405: later, 408: later, 500: later, 502: later, 503: later, 504: later,
		429: busy,
	} {
		g := gateway(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(code)
		})
		got := sent
		var no *notify.Refused
		var wait *notify.Later
		switch err := g.Send(t.Context(), letter); {
		case errors.As(err, &no):
			got = refused
		case errors.As(err, &wait) && wait.Busy:
			got = busy
		case errors.As(err, &wait):
			got = later
		case err != nil:
			t.Errorf("%d: %v", code, err)
		}
		if got != want {
			t.Errorf("%d means %s, want %s", code, got, want)
		}
		if wait != nil && wait.After != 7*time.Second {
			t.Errorf("%d: after %v", code, wait.After)
		}
	}
}

func TestWhenNoAnswerComes(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	silent := gateway(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then is it noticed that the client goes
		<-r.Context().Done()
	})
	cut := gateway(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	for name, g := range map[string]*sms.Gateway{"unreachable": reach(t, "http://"+closed.Addr().String()), "timeout": silent, "connection": cut} {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		var later *notify.Later
		if err := g.Send(ctx, letter); !errors.As(err, &later) || later.Reason != name {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

func TestAddressesThatCannotBe(t *testing.T) {
	for _, bad := range []string{"", "gateway", "ftp://gateway/x", "http://", "https://user:password@gateway/x"} {
		if _, err := sms.New(sms.Options{URL: bad, Parallel: 1}); err == nil || strings.Contains(err.Error(), "password@") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
