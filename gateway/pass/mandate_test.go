package pass

import (
	"crypto/ed25519"
	"crypto/sha256"
	"strings"
	"testing"
	"time"
)

func TestAMandateIsGoodForOneRequest(t *testing.T) {
	now := time.Date(2021, 7, 19, 11, 0, 0, 0, time.UTC)
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, foreign, _ := ed25519.GenerateKey(nil)
	v := NewVerifier(map[byte]ed25519.PublicKey{1: public})
	m := Mandate{
		KeyID: 1, Lane: "clinic", Name: "seoul-1", Clinic: "c0001", From: "192.0.2.1", Method: "GET", Target: "/lane/v1/clinic/day?day=2021-07-26",
		Body: sha256.Sum256([]byte("body")), Until: now.Add(MandateLife),
	}
	sign := func(key ed25519.PrivateKey, change func(*Mandate)) string {
		other := m
		change(&other)
		text, err := SignMandate(other, key)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	good := sign(key, func(*Mandate) {})
	got, err := v.Mandate(good, m.Method, m.Target, now)
	if err != nil || got != m || !got.Covers([]byte("body")) || got.Covers(nil) || got.Covers([]byte("body ")) {
		t.Fatalf("%+v, %v", got, err)
	}
	said, signature, _ := strings.Cut(good, ".")
	other, _, _ := strings.Cut(sign(key, func(m *Mandate) { m.Clinic = "c0002" }), ".")
	p := Sign(Pass{KeyID: 1, ExpiresAt: now.Add(time.Hour)}, key)
	for name, c := range map[string]struct {
		text, method, target string
		now                  time.Time
	}{
		"empty":              {"", m.Method, m.Target, now},
		"no signature":       {said, m.Method, m.Target, now},
		"empty signature":    {said + ".", m.Method, m.Target, now},
		"another's words":    {other + "." + signature, m.Method, m.Target, now},
		"a foreign key":      {sign(foreign, func(*Mandate) {}), m.Method, m.Target, now},
		"an unknown key":     {sign(key, func(m *Mandate) { m.KeyID = 2 }), m.Method, m.Target, now},
		"another method":     {good, "POST", m.Target, now},
		"another day":        {good, m.Method, "/lane/v1/clinic/day?day=2021-07-27", now},
		"over":               {good, m.Method, m.Target, m.Until},
		"for too long":       {sign(key, func(m *Mandate) { m.Until = now.Add(time.Hour) }), m.Method, m.Target, now},
		"padded":             {good + "=", m.Method, m.Target, now},
		"a line break":       {said + "\n." + signature, m.Method, m.Target, now},
		"a pass":             {p, m.Method, m.Target, now},
		"a pass in pieces":   {p[:70] + "." + p[70:], m.Method, m.Target, now},
		"longer than any is": {strings.Repeat("A", longestMandate) + ".A", m.Method, m.Target, now},
	} {
		if got, err := v.Mandate(c.text, c.method, c.target, c.now); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, err := v.Verify(good, now); err == nil {
		t.Error("a mandate passes for a pass")
	}
}

func FuzzMandate(f *testing.F) {
	public, key, _ := ed25519.GenerateKey(nil)
	now := time.Unix(1_626_692_400, 0).UTC()
	good, _ := SignMandate(Mandate{KeyID: 1, Lane: "clinic", Method: "GET", Target: "/", Until: now.Add(time.Second)}, key)
	v := NewVerifier(map[byte]ed25519.PublicKey{1: public})
	f.Add(good)
	f.Add("e30.e30")
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := v.Mandate(text, "GET", "/", now); err == nil && text != good {
			t.Fatalf("%q: %+v", text, m)
		}
	})
}
