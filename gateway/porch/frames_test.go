package porch

import (
	"bytes"
	"testing"

	"golang.org/x/net/http2"
	"pgregory.net/rapid"
)

// TestFramesAreCountedInWhateverPiecesTheyCome: as many streams are taken back as there are such frames, and a frame's content
// is never taken for a header.
func TestFramesAreCountedInWhateverPiecesTheyCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var wire bytes.Buffer
		wire.WriteString(http2.ClientPreface)
		w, want := http2.NewFramer(&wire, nil), 0
		for range rapid.IntRange(0, 50).Draw(t, "frames") {
			var err error
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				want++
				err = w.WriteRSTStream(1, http2.ErrCodeCancel)
			case 1:
				err = w.WriteSettings(http2.Setting{ID: http2.SettingEnablePush})
			case 2:
				err = w.WriteData(1, false, bytes.Repeat([]byte{0, 0, 4, 3}, rapid.IntRange(0, 100).Draw(t, "data")))
			case 3:
				err = w.WritePing(false, [8]byte{0, 0, 0, 3})
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		f, got := &frames{skip: len(http2.ClientPreface)}, 0
		for b := wire.Bytes(); len(b) > 0; {
			n := rapid.IntRange(1, len(b)).Draw(t, "piece")
			got += f.count(b[:n])
			b = b[n:]
		}
		if got != want {
			t.Fatalf("%d streams taken back were counted, want %d", got, want)
		}
	})
}
