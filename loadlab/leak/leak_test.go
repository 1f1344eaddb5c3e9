package leak

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/korean"
	"pgregory.net/rapid"

	"github.com/daemun/daemun/backend/demo"
)

var people = func() []demo.Citizen {
	var all []demo.Citizen
	for c := range demo.Citizens(demo.Options{Citizens: 3000, Marked: true}) {
		all = append(all, c)
	}
	return all
}()

func markersOf(t testing.TB, all []demo.Citizen) *Markers {
	t.Helper()
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.Write([]string{"rrn", "name", "phone", "birth_date", "on_roster"})
	for _, c := range all {
		w.Write([]string{c.Number.Digits(), c.Name, c.Phone, c.Birth.String(), "true"})
	}
	w.Flush()
	m, err := ReadMarkers(&b)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// texts are the forms in which people write a marker down.
func texts(c demo.Citizen) map[string][]string {
	n, p := c.Number.Digits(), strings.ReplaceAll(c.Phone, "-", "")
	names := []string{c.Name}
	if old, err := korean.EUCKR.NewEncoder().String(c.Name); err == nil && old != c.Name {
		names = append(names, old)
	}
	return map[string][]string{
		Number: {n, n[:6] + "-" + n[6:]},
		Phone:  {p, c.Phone, "82" + p[1:], "+82-" + c.Phone[1:]},
		Name:   names,
	}
}

// dresses are the encodings in which programs write text down.
func dresses(text string) map[string]string {
	quoted, _ := json.Marshal(text)
	escaped := strings.Builder{}
	all := strings.Builder{}
	for _, r := range text {
		fmt.Fprintf(&escaped, `\u%04x`, r)
	}
	for _, b := range []byte(text) {
		fmt.Fprintf(&all, "%%%02X", b)
	}
	whole := `{"a":"` + text + `"}`
	out := map[string]string{
		"as it is": text, "JSON": string(quoted), "query": "q=" + url.QueryEscape(text) + "&x=1", "path": "/a/" + url.PathEscape(text) + "/b",
		"percent": all.String(), "hex": hex.EncodeToString([]byte(text)), "HEX": strings.ToUpper(hex.EncodeToString([]byte(text))),
		"odd hex": "a" + hex.EncodeToString([]byte(text)), "bytea": `\x` + hex.EncodeToString([]byte(whole)),
		"base64": base64.StdEncoding.EncodeToString([]byte(text)), "base64url": base64.RawURLEncoding.EncodeToString([]byte(text)),
		"base64 of JSON":    base64.StdEncoding.EncodeToString([]byte(whole)),
		"base64 of more":    base64.StdEncoding.EncodeToString([]byte("x" + whole)),
		"base64 of most":    base64.RawURLEncoding.EncodeToString([]byte("xy" + whole)),
		"quoted-printable":  strings.ReplaceAll(all.String(), "%", "="),
		"between Korean":    "이름 " + text + " 님",
		"end of a sentence": "for " + text + ".",
	}
	if out["JSON escapes"] = escaped.String(); !utf8.ValidString(text) { // JSON knows Unicode only
		delete(out, "JSON escapes")
		delete(out, "JSON")
	}
	return out
}

func find(m *Markers, b []byte) (hits []Hit) {
	m.Bytes("here", b, func(h Hit) { hits = append(hits, h) })
	return hits
}

func TestEveryMarkerIsFoundInEveryForm(t *testing.T) {
	m := markersOf(t, people)
	if m.Unmarked != 0 {
		t.Fatalf("%d people are not marked", m.Unmarked)
	}
	tried := 0
	for i := range 60 {
		c := people[i*50]
		for what, forms := range texts(c) {
			for _, text := range forms {
				for dress, dressed := range dresses(text) {
					hits := find(m, []byte("2026-11-22T03:04:05Z info "+dressed+" 12 end\n"))
					ok := false
					for _, h := range hits {
						ok = ok || h.What == what
						if strings.Contains(h.String(), c.Number.Digits()) || strings.Contains(h.String(), c.Name) {
							t.Fatalf("the hit itself tells who: %s", h)
						}
					}
					if !ok {
						t.Fatalf("a %s, written %q, %s, is not found: %v", what, text, dress, hits)
					}
					tried++
				}
			}
		}
	}
	t.Logf("%d planted, all found", tried)
}

func TestColumnsWithoutAnythingBetween(t *testing.T) {
	m := markersOf(t, people)
	c := people[7]
	for _, row := range []string{
		c.Name + c.Number.Digits() + c.Phone, c.Number.Digits() + c.Name, "booked" + c.Number.Digits() + "c0001-20210726-0900",
		"0900" + c.Number.Digits(), "sent" + strings.ReplaceAll(c.Phone, "-", "") + "sms", strings.Repeat("ab", 32) + c.Number.Digits(), c.Number.Digits() + strings.Repeat("ab", 32),
	} {
		if len(find(m, []byte(row))) == 0 {
			t.Errorf("not found in %q", row)
		}
	}
}

// TestWhereverTheChunksEnd plants one marker at any place of something longer than a chunk: it is found once, at that place.
func TestWhereverTheChunksEnd(t *testing.T) {
	m := markersOf(t, people)
	filler := bytes.Repeat([]byte("the quick brown fox, 2026-11-22; "), 3*chunkLen/33+1)
	rapid.Check(t, func(rt *rapid.T) {
		c := people[rapid.IntRange(0, len(people)-1).Draw(rt, "person")]
		dress := rapid.SampledFrom([]string{"as it is", "hex", "base64", "percent"}).Draw(rt, "dress")
		text := dresses(rapid.SampledFrom([]string{c.Number.Digits(), c.Name}).Draw(rt, "text"))[dress]
		edge := rapid.IntRange(1, 2).Draw(rt, "chunk") * chunkLen
		at := edge + rapid.IntRange(-3*ahead, 3*ahead).Draw(rt, "from the edge")
		whole := bytes.Join([][]byte{filler[:at], []byte(" " + text + " "), filler[at:]}, nil)
		hits := map[int64]int{}
		n, err := m.Scan("here", bytes.NewReader(whole), func(h Hit) { hits[h.Offset]++ })
		if err != nil || n != int64(len(whole)) {
			rt.Fatalf("%d bytes searched of %d, %v", n, len(whole), err)
		}
		if len(hits) == 0 {
			rt.Fatalf("nothing found of %q at %d", text, at)
		}
		for offset, times := range hits {
			if times != 1 || offset < int64(at) || offset > int64(at+len(text)) {
				rt.Fatalf("%q at %d found %d times at %d", text, at, times, offset)
			}
		}
	})
}

// noise is what databases and logs are full of: hashes, times, numbers, encrypted bytes, Korean text.
func noise(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	var b bytes.Buffer
	random := make([]byte, 90)
	for b.Len() < n {
		for i := range random {
			random[i] = byte(r.Uint32())
		}
		b.Write(random)
		fmt.Fprintf(&b, `{"seq":%d,"at":"2026-11-22T03:04:05.%09dZ","hash":"%x","pass":"%s","slot":"c%04d-20210726-0900","ratio":%.17g,"ns":%d,"zero":"%032x"}`,
			r.Uint32(), r.Uint32()%1e9, random[:32], base64.RawURLEncoding.EncodeToString(random[:60]), r.IntN(9999), r.Float64(), 1790000000000000000+r.Int64N(1e18), r.Uint32())
		b.WriteString("바른이유내과의원 서울 강남구 중앙로 12, 이 이유나 하나뿐인 지원. 접종일시 010-1234-5678 02-120 1339 넋 몫 읊\n")
		fmt.Fprintf(&b, "0100%07d%x %016x %x-%04x-%04x-%04x-%x\n", r.IntN(1e7), r.Uint64(), r.Uint64()>>8, r.Uint32(), r.IntN(9999), r.IntN(9999), r.IntN(9999), r.Uint64()>>16)
	}
	return b.Bytes()
}

func TestWhatIsThereByChanceIsNoLeak(t *testing.T) {
	var all []demo.Citizen
	for c := range demo.Citizens(demo.Options{Citizens: 200_000, Seed: 3, Marked: true}) {
		all = append(all, c)
	}
	m := markersOf(t, all)
	for seed := range uint64(4) {
		if hits := find(m, noise(seed, 8<<20)); len(hits) > 0 {
			t.Fatalf("found in noise of seed %d: %v", seed, hits)
		}
	}
}

func TestANumberInAHashIsNoLeak(t *testing.T) {
	m := markersOf(t, people)
	n := people[0].Number.Digits()
	for _, text := range []string{
		"deadbeefdeadbeef" + n + "deadbeefdeadbeef", "0." + n, "3." + n + "55",
	} {
		if hits := find(m, []byte(text)); len(hits) > 0 {
			t.Errorf("%q: %v", text, hits)
		}
	}
}

func TestUnmarkedNamesAreLeftOut(t *testing.T) {
	var all []demo.Citizen
	for c := range demo.Citizens(demo.Options{Citizens: 100}) {
		all = append(all, c)
	}
	m := markersOf(t, all)
	if m.Unmarked != m.People {
		t.Errorf("%d of %d names are not marked", m.Unmarked, m.People)
	}
	if hits := find(m, []byte(all[0].Name)); len(hits) > 0 {
		t.Error(hits)
	}
	if hits := find(m, []byte(all[0].Number.Digits())); len(hits) != 1 {
		t.Error(hits)
	}
}

// TestFilesOfEveryKind plants a marker of each kind in each kind of file of a data folder.
func TestFilesOfEveryKind(t *testing.T) {
	m := markersOf(t, people)
	c := people[11]
	files := []string{
		"backend.log", "gateway/nats/jetstream/$G/streams/KV_x/msgs/1.blk", "gateway/nats/jetstream/$G/streams/KV_x/meta.inf",
		"backend/daemun.db", "backend/daemun.db-wal", "evidence/ledger.ndjson", "verdict.json", "report.html", "evidence/old.ndjson.gz",
	}
	for _, name := range files {
		for what, forms := range texts(c) {
			for _, text := range forms {
				dir := t.TempDir()
				write(t, filepath.Join(dir, "demo", "citizens.csv"), text)
				content := append(append(noise(1, 3<<16), `"`+text+`"`...), noise(2, 1<<12)...)
				if strings.HasSuffix(name, ".gz") {
					content = zipped(t, content)
				}
				path := filepath.Join(dir, filepath.FromSlash(name))
				write(t, path, string(content))
				s := NewSurvey(m)
				err := s.Files(t.Context(), []string{dir}, func(path string) bool { return filepath.Base(path) == "citizens.csv" })
				checked, places, count, hits := s.Result()
				if err != nil || count == 0 || !strings.HasPrefix(hits[0].Place, path) || hits[0].What != what || checked < int64(len(content)) || places != 1 {
					t.Fatalf("%s of %q in %s: %d hits %v, %d bytes in %d places, %v", what, text, name, count, hits, checked, places, err)
				}
			}
		}
	}
}

func TestSectionsOfALargeFile(t *testing.T) {
	m := markersOf(t, people)
	content := bytes.Repeat([]byte{'.'}, 2*sectionLen+1000)
	places := []int{0, sectionLen - 6, sectionLen + 7, 2*sectionLen - 13, 2*sectionLen + 900}
	for i, at := range places {
		copy(content[at:], people[i].Number.Digits())
	}
	path := filepath.Join(t.TempDir(), "large")
	write(t, path, string(content))
	s := NewSurvey(m)
	if err := s.Files(t.Context(), []string{path}, nil); err != nil {
		t.Fatal(err)
	}
	checked, _, count, hits := s.Result()
	if checked != int64(len(content)) || count != int64(len(places)) {
		t.Errorf("%d bytes searched of %d, %d hits: %v", checked, len(content), count, hits)
	}
}

func TestFileNamesAreSearchedToo(t *testing.T) {
	m := markersOf(t, people)
	dir := t.TempDir()
	write(t, filepath.Join(dir, people[3].Number.Digits()+".csv"), "nothing")
	s := NewSurvey(m)
	if err := s.Files(t.Context(), []string{dir}, nil); err != nil {
		t.Fatal(err)
	}
	if _, _, count, _ := s.Result(); count != 1 {
		t.Errorf("%d hits", count)
	}
	if err := NewSurvey(m).Files(t.Context(), []string{filepath.Join(dir, "none")}, nil); err == nil {
		t.Error("a folder that is not there was searched")
	}
}

func TestReadMarkersSaysWhereItIsWrong(t *testing.T) {
	for _, c := range []struct{ text, says string }{
		{"", "header"},
		{"rrn,name\n", "no column phone"},
		{"rrn,name,phone\n", "nobody"},
		{"rrn,name,phone\n12345,a,010-1\n", "line 2"},
		{"rrn,name,phone\n6701011234567,a,none\n", "line 2"},
	} {
		_, err := ReadMarkers(strings.NewReader(c.text))
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "12345") {
			t.Errorf("%q: %v", c.text, err)
		}
	}
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func zipped(t *testing.T, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func BenchmarkScan(b *testing.B) {
	var all []demo.Citizen
	for c := range demo.Citizens(demo.Options{Citizens: 1_000_000, Marked: true}) {
		all = append(all, c)
	}
	m := markersOf(b, all)
	content := noise(1, 16<<20)
	b.SetBytes(int64(len(content)))
	for b.Loop() {
		if _, err := m.Scan("here", bytes.NewReader(content), func(h Hit) { b.Error(h) }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRequestLine(b *testing.B) {
	m := markersOf(b, people)
	line := []byte("GET /v1/clinics/c0001/slots?day=2026-11-22 HTTP/1.1\r\n")
	for b.Loop() {
		m.Bytes("line", line, func(h Hit) { b.Error(h) })
	}
}
