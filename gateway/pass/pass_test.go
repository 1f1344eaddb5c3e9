package pass

import (
	"crypto/ed25519"
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/subject"
)

var (
	seed   = [ed25519.SeedSize]byte{1, 2, 3}
	secret = ed25519.NewKeyFromSeed(seed[:])
	noon   = time.UnixMilli(1_626_692_400_000)
)

func verifier() *Verifier {
	return NewVerifier(map[byte]ed25519.PublicKey{7: secret.Public().(ed25519.PublicKey)})
}

func anyPass(t *rapid.T) Pass {
	p := Pass{
		KeyID:           7,
		Rehearsal:       rapid.Bool().Draw(t, "rehearsal"),
		Opening:         rapid.Uint32().Draw(t, "opening"),
		Epoch:           rapid.Uint32().Draw(t, "epoch"),
		Rank:            rapid.Uint64().Draw(t, "rank"),
		ScheduleVersion: rapid.Uint32().Draw(t, "schedule"),
		IssuedAt:        noon,
		ExpiresAt:       noon.Add(15 * time.Minute),
	}
	copy(p.Subject[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "subject"))
	return p
}

func TestWhatIsSignedIsWhatIsRead(t *testing.T) {
	v := verifier()
	rapid.Check(t, func(t *rapid.T) {
		p := anyPass(t)
		text := Sign(p, secret)
		for range 2 { // once by signature, once from memory
			got, err := v.Verify(text, noon)
			if err != nil || got != p {
				t.Fatalf("Verify = %+v, %v; want %+v", got, err, p)
			}
		}
	})
}

func TestAnyChangedCharacterIsRefused(t *testing.T) {
	v := verifier()
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ "
	rapid.Check(t, func(t *rapid.T) {
		text := Sign(anyPass(t), secret)
		if _, err := v.Verify(text, noon); err != nil {
			t.Fatal(err)
		}
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		c := rapid.SampledFrom([]byte(alphabet)).Draw(t, "c")
		if text[at] == c {
			t.Skip()
		}
		changed := text[:at] + string(c) + text[at+1:]
		if _, err := v.Verify(changed, noon); err == nil {
			t.Fatalf("a pass changed at %d was accepted", at)
		}
	})
}

func TestRefusals(t *testing.T) {
	good := Pass{KeyID: 7, Subject: subject.ID{1}, IssuedAt: noon, ExpiresAt: noon.Add(time.Minute)}
	otherKey := good
	otherKey.KeyID = 8
	otherSeed := [ed25519.SeedSize]byte{9}
	stranger := ed25519.NewKeyFromSeed(otherSeed[:])
	text := Sign(good, secret)
	rows := []struct {
		name, text string
		at         time.Time
		want       error
	}{
		{"good", text, noon, nil},
		{"one millisecond before expiry", text, good.ExpiresAt.Add(-time.Millisecond), nil},
		{"at expiry", text, good.ExpiresAt, ErrExpired},
		{"empty", "", noon, ErrMalformed},
		{"truncated", text[:len(text)-1], noon, ErrMalformed},
		{"longer", text + "A", noon, ErrMalformed},
		{"not base64", "!" + text[1:], noon, ErrMalformed},
		{"key id nobody has", Sign(otherKey, secret), noon, ErrUnknownKey},
		{"signed by a stranger", Sign(good, stranger), noon, ErrSignature},
	}
	v := verifier()
	for _, row := range rows {
		for range 2 {
			if _, err := v.Verify(row.text, row.at); !errors.Is(err, row.want) {
				t.Errorf("%s: %v, want %v", row.name, err, row.want)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	v := verifier()
	good := Sign(Pass{KeyID: 7, IssuedAt: noon, ExpiresAt: noon.Add(time.Minute)}, secret)
	f.Add(good)
	f.Add("")
	f.Add(good[:100])
	f.Fuzz(func(t *testing.T, text string) {
		if p, err := v.Verify(text, noon); err == nil && Sign(p, secret) != text {
			t.Fatalf("accepted a text that we did not sign: %q", text)
		}
	})
}

func BenchmarkVerifyFirstTime(b *testing.B) {
	v := verifier()
	text := Sign(Pass{KeyID: 7, ExpiresAt: noon}, secret)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.check(text); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyAgain(b *testing.B) {
	v := verifier()
	text := Sign(Pass{KeyID: 7, ExpiresAt: noon.Add(time.Hour)}, secret)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(text, noon); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSign(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		Sign(Pass{KeyID: 7, ExpiresAt: noon}, secret)
	}
}
