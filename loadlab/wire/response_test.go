package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func TestReadsAnswers(t *testing.T) {
	for _, c := range []struct {
		name, raw string
		want      Response
		body      string
	}{
		{"length", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello", Response{Status: 200, RetryAfter: -1}, "hello"},
		{"no body", "HTTP/1.1 204 No Content\r\n\r\n", Response{Status: 204, RetryAfter: -1}, ""},
		{"no reason phrase", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", Response{Status: 200, RetryAfter: -1}, ""},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", Response{Status: 200, RetryAfter: -1}, "abc0123456789"},
		{"trailer", "HTTP/1.1 200 OK\r\nTransfer-Encoding: CHUNKED\r\n\r\n1\r\na\r\n0\r\nX: y\r\n\r\n", Response{Status: 200, RetryAfter: -1}, "a"},
		{"interim", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 2\r\n\r\n{}", Response{Status: 503, RetryAfter: 7}, "{}"},
		{"close", "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 0\r\n\r\n", Response{Status: 200, RetryAfter: -1, Close: true}, ""},
		{"until the end", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n400 Bad Request", Response{Status: 400, RetryAfter: -1, Close: true}, "400 Bad Request"},
		{"nothing until the end", "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", Response{Status: 400, RetryAfter: -1, Close: true}, ""},
		{"old", "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n", Response{Status: 200, RetryAfter: -1, Close: true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for name, src := range map[string]io.Reader{"whole": strings.NewReader(c.raw), "byte by byte": iotest.OneByteReader(strings.NewReader(c.raw))} {
				var res Response
				if err := NewReader(src).Read(&res); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if string(res.Body) != c.body || res.Status != c.want.Status || res.RetryAfter != c.want.RetryAfter || res.Close != c.want.Close {
					t.Errorf("%s: got %d, retry %d, close %v, %q", name, res.Status, res.RetryAfter, res.Close, res.Body)
				}
			}
		})
	}
}

func TestRefusesNonsense(t *testing.T) {
	for name, raw := range map[string]string{
		"not HTTP":           "SSH-2.0-x\r\n\r\n",
		"status with letter": "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n",
		"status 600":         "HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n",
		"bare line feed":     "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
		"two lengths":        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
		"signed length":      "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na",
		"length and chunked": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"gzip, chunked":      "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
		"space in a name":    "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
		"folded header":      "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
		"no length":          "HTTP/1.1 200 OK\r\n\r\nuntil the end",
		"chunk too long":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n",
		"chunk size empty":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n\r\n",
		"head without end":   "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("a", MaxHead+1),
	} {
		var res Response
		if err := NewReader(strings.NewReader(raw)).Read(&res); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: error is %v", name, err)
		}
	}
}

func TestCutAnswersAreCut(t *testing.T) {
	raw := "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
	for n := 1; n < len(raw); n++ {
		var res Response
		if err := NewReader(strings.NewReader(raw[:n])).Read(&res); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut after %d: error is %v", n, err)
		}
	}
	var res Response
	if err := NewReader(strings.NewReader("")).Read(&res); !errors.Is(err, io.EOF) {
		t.Errorf("closed between answers: error is %v", err)
	}
}

// Whatever the bodies, the framing and the way the bytes arrive: the same answers come out in order.
func TestAnswersSurviveAnySplit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bodies := rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 20_000), 1, 5).Draw(t, "bodies")
		var raw bytes.Buffer
		for _, b := range bodies {
			if rapid.Bool().Draw(t, "chunked") {
				writeChunked(t, &raw, b)
			} else {
				fmt.Fprintf(&raw, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(b), b)
			}
		}
		sizes := rapid.SliceOfN(rapid.IntRange(1, 9000), 1, 10).Draw(t, "reads")
		r := NewReader(&inPieces{b: raw.Bytes(), sizes: sizes})
		for i, want := range bodies {
			var res Response
			if err := r.Read(&res); err != nil {
				t.Fatalf("answer %d: %v", i, err)
			}
			if !bytes.Equal(res.Body, want) || string(res.ContentType) != "application/json" {
				t.Fatalf("answer %d: %d bytes of %q, want %d", i, len(res.Body), res.ContentType, len(want))
			}
		}
	})
}

func writeChunked(t *rapid.T, w *bytes.Buffer, b []byte) {
	w.WriteString("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
	for len(b) > 0 {
		n := rapid.IntRange(1, len(b)).Draw(t, "chunk")
		fmt.Fprintf(w, "%x\r\n%s\r\n", n, b[:n])
		b = b[n:]
	}
	w.WriteString("0\r\n\r\n")
}

// inPieces hands out its bytes in reads of given sizes.
type inPieces struct {
	b     []byte
	sizes []int
	i     int
}

func (p *inPieces) Read(out []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	n := min(p.sizes[p.i%len(p.sizes)], len(out), len(p.b))
	p.i++
	copy(out, p.b[:n])
	p.b = p.b[n:]
	return n, nil
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 x\r\nRetry-After: 3\r\nContent-Length: 0\r\n\r\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		whole, pieces := NewReader(bytes.NewReader(raw)), NewReader(iotest.OneByteReader(bytes.NewReader(raw)))
		for {
			var a, b Response
			errA, errB := whole.Read(&a), pieces.Read(&b)
			if (errA == nil) != (errB == nil) {
				t.Fatalf("whole: %v, byte by byte: %v", errA, errB)
			}
			if errA != nil {
				return
			}
			if a.Status != b.Status || !bytes.Equal(a.Body, b.Body) || a.RetryAfter != b.RetryAfter {
				t.Fatalf("whole: %d %q, byte by byte: %d %q", a.Status, a.Body, b.Status, b.Body)
			}
		}
	})
}
