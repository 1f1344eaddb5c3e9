package sheet

import (
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"golang.org/x/text/encoding/korean"
	"pgregory.net/rapid"
)

var columns = []Column{{Name: "id", Ko: "번호"}, {Name: "name", Ko: "이름", Also: []string{"이름"}}, {Name: "note", Ko: "비고", Missing: true}}

func read(text string, encoding Encoding) (accepted, rejected []string, err error) {
	err = Read(strings.NewReader(text), encoding, columns, func(r Row) error {
		if r.Value(0) == "bad" {
			return &Rejected{"id", "bad_id", "안 됩니다.", "no"}
		}
		accepted = append(accepted, fmt.Sprintf("%d %s|%s|%s", r.Line, r.Value(0), r.Value(1), r.Value(2)))
		return nil
	}, func(r Rejection) { rejected = append(rejected, fmt.Sprintf("%d %s %s", r.Line, r.Field, r.Code)) })
	return accepted, rejected, err
}

func cp949(s string) string {
	out, err := korean.EUCKR.NewEncoder().String(s)
	if err != nil {
		panic(err)
	}
	return out
}

func TestRead(t *testing.T) {
	long := strings.Repeat("가", longestLine)
	for _, c := range []struct {
		name, text         string
		accepted, rejected []string
	}{
		{"plain", "id,name\n1,김하나\n", []string{"2 1|김하나|"}, nil},
		{"no line end at the end", "id,name\n1,김하나", []string{"2 1|김하나|"}, nil},
		{"any order, other columns, spaces", "x,name, ID \na,김하나, 1 \n", []string{"2 1|김하나|"}, nil},
		{"Korean header", "id,이름,note\n1,김하나,n\n", []string{"2 1|김하나|n"}, nil},
		{"mark and the line ends of Windows", "\ufeffid,name\r\n1,김하나\r\n\r\n2,이둘\r\n", []string{"2 1|김하나|", "4 2|이둘|"}, nil},
		{"quotes", "\"id\",\"name\"\n\"1\",\"김, 하나\"\n2,\"이\"\"둘\"\n", []string{"2 1|김, 하나|", "3 2|이\"둘|"}, nil},
		{"code page of Korea", cp949("id,이름\n1,똠방각하\n2,펲시\n"), []string{"2 1|똠방각하|", "3 2|펲시|"}, nil},
		{"an open quote harms its own row only", "id,name\n1,\"김하나\n2,이둘\n", []string{"3 2|이둘|"}, []string{"2  quotes"}},
		{"too few and too many", "id,name\n1\n2,이둘,x\n3,박셋\n", []string{"4 3|박셋|"}, []string{"2  columns", "3  columns"}},
		{"refused by who reads", "id,name\nbad,김하나\n2,이둘\n", []string{"3 2|이둘|"}, []string{"2 id bad_id"}},
		{"a line without end", "id,name\n1," + long + "\n2,이둘\n", []string{"3 2|이둘|"}, []string{"2  too_long"}},
		{"a character of another encoding, late", "id,name\n1,김하나\n" + strings.Repeat("#,#\n", sampleLen/4) + "2,\xb1\xe8\n3,박셋\n", nil, nil},
	} {
		accepted, rejected, err := read(c.text, Auto)
		if c.name == "a character of another encoding, late" {
			if line := sampleLen/4 + 3; err != nil || !slices.Equal(rejected, []string{fmt.Sprintf("%d  encoding", line)}) || len(accepted) != sampleLen/4+2 {
				t.Errorf("%s: %d %q %v", c.name, len(accepted), rejected, err)
			}
			continue
		}
		if err != nil || !slices.Equal(accepted, c.accepted) || !slices.Equal(rejected, c.rejected) {
			t.Errorf("%s: %.200q, rejected %q, %v", c.name, accepted, rejected, err)
		}
	}
}

func TestReadRefusesWhatIsNoTable(t *testing.T) {
	wide := "\xff\xfe"
	for _, u := range utf16.Encode([]rune("id\tname\n")) {
		wide += string([]byte{byte(u), byte(u >> 8)})
	}
	for name, text := range map[string]string{
		"비어": "", "name": "id\n1\n", "UTF-16": wide, "spreadsheet": "PK\x03\x04....", "comma": "id;name\n1;2\n", "twice": "id,name,id\n", "cannot be read": "\"id\n",
		"first line": "x" + strings.Repeat("y", longestLine) + "\n",
	} {
		_, _, err := read(text, Auto)
		var refused *HeaderError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v, want a HeaderError that says %q", text[:min(20, len(text))], err, name)
		}
	}
	if _, rejected, err := read("id,name\n1,\xb1\xe8\n", UTF8); err != nil || !slices.Equal(rejected, []string{"2  encoding"}) {
		t.Errorf("told to be UTF-8: %q %v", rejected, err)
	}
}

func TestReadEndsAtAnErrorOfTheReceiver(t *testing.T) {
	full, calls := errors.New("full"), 0
	err := Read(strings.NewReader("id,name\n1,2\n3,4\n"), Auto, columns, func(Row) error { calls++; return full }, func(Rejection) {})
	if !errors.Is(err, full) || calls != 1 {
		t.Errorf("got %v after %d calls", err, calls)
	}
}

// TestReadsWhatPackageCSVWrites writes any fields without line ends and reads them back, in both encodings.
func TestReadsWhatPackageCSVWrites(t *testing.T) {
	text := rapid.StringMatching(`[가-힣a-z0-9,"' ]{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		var file strings.Builder
		out := csv.NewWriter(&file)
		out.UseCRLF = rapid.Bool().Draw(t, "crlf")
		write := func(fields ...string) {
			if err := out.Write(fields); err != nil {
				t.Fatal(err)
			}
		}
		write("id", "name")
		var want []string
		for i := range rapid.IntRange(0, 20).Draw(t, "rows") {
			name := text.Draw(t, "name")
			write(fmt.Sprint("n", i), name)
			want = append(want, fmt.Sprintf("%d n%d|%s|", i+2, i, strings.TrimSpace(name)))
		}
		out.Flush()
		content, encoding := file.String(), UTF8
		if rapid.Bool().Draw(t, "code page") {
			content, encoding = cp949(content), CP949
		}
		got, rejected, err := read(content, encoding)
		if err != nil || rejected != nil || !slices.Equal(got, want) {
			t.Fatalf("%q: got %q, want %q; rejected %q, %v", content, got, want, rejected, err)
		}
	})
}

func FuzzRead(f *testing.F) {
	f.Add("id,name\n1,김하나\n")
	f.Add("name\n\"")
	f.Add("\ufeffid,name\r\n\"1\n2\",3\n")
	f.Add(cp949("id,이름\n1,김하나\n"))
	f.Fuzz(func(t *testing.T, text string) {
		last := 1
		step := func(line int) {
			if line <= last {
				t.Fatalf("line %d after line %d", line, last)
			}
			last = line
		}
		_ = Read(strings.NewReader(text), Auto, columns, func(r Row) error { step(r.Line); return nil }, func(r Rejection) { step(r.Line) })
		if lines := strings.Count(text, "\n") + 1; last > lines {
			t.Fatalf("line %d of %d", last, lines)
		}
	})
}
