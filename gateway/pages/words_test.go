package pages

import (
	"html"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/subject"
	"pgregory.net/rapid"
)

func TestWaitWords(t *testing.T) {
	for _, c := range []struct {
		low, high int64
		ko, en    string
	}{
		{190, 300, "약 3~5분", "about 3–5 min"},
		{180, 180, "약 3분", "about 3 min"},
		{0, 40, "1분 이내", "within 1 min"},
		{0, 0, "1분 이내", "within 1 min"},
		{20, 290, "5분 이내", "within 5 min"},
		{1_300, 1_900, "약 20~35분", "about 20–35 min"},
		{4_100, 6_500, "약 1시간~1시간 50분", "about 1 h to 1 h 50 min"},
		{100, 7_000, "2시간 이내", "within 2 h"},
		{321_151, 360_000, "약 89시간~100시간", "about 89 h to 100 h"},
		{-5, -9, "1분 이내", "within 1 min"},
	} {
		if got := string(appendWait(nil, Korean, &c.low, &c.high)); got != c.ko {
			t.Errorf("%d–%d s: %q, want %q", c.low, c.high, got, c.ko)
		}
		if got := string(appendWait(nil, English, &c.low, &c.high)); got != c.en {
			t.Errorf("%d–%d s: %q, want %q", c.low, c.high, got, c.en)
		}
	}
	if got := string(appendWait(nil, Korean, nil, nil)); got != "알 수 없음" {
		t.Errorf("unknown: %q", got)
	}
}

// The words never promise more than the range: they hold whenever the range holds.
func TestWaitIsRoundedOutward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Int64Range(0, 1_000_000).Draw(t, "low")
		high := rapid.Int64Range(low, 1_000_000).Draw(t, "high")
		from, to := roundWait(low, high)
		if from*60 > low || to*60 < high || to < 1 || from > to {
			t.Fatalf("%d–%d s became %d–%d min", low, high, from, to)
		}
	})
}

func TestThousands(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1_000: "1,000", 12_045: "12,045", 1_000_001: "1,000,001", -1_234: "-1,234"} {
		if got := thousands(n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

func TestUntilWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Hour: "1분 이내", 59 * time.Second: "1분 이내", 61 * time.Second: "약 2분", time.Hour: "1시간",
		61 * time.Minute: "1시간 1분", 24 * time.Hour: "1일", 50*time.Hour + 5*time.Minute: "2일 2시간",
	} {
		if got := untilWords(Korean, d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestDeadlineAtMidnightIsTheDayBefore(t *testing.T) {
	midnight := time.Date(2021, 7, 24, 0, 0, 0, 0, subject.Seoul)
	if got := deadlineWords(Korean, midnight.UTC()); got != "2021년 7월 23일(금)까지" {
		t.Errorf("%q", got)
	}
	if got := deadlineWords(English, midnight); got != "the end of Fri 23 Jul 2021" {
		t.Errorf("%q", got)
	}
	if got := deadlineWords(Korean, midnight.Add(18*time.Hour)); got != "2021년 7월 24일(토) 18:00" {
		t.Errorf("%q", got)
	}
}

func FuzzEscaped(f *testing.F) {
	f.Add(`<script>"a"&'b'</script>`)
	f.Fuzz(func(t *testing.T, s string) {
		out := string(appendEscaped(nil, s))
		for _, c := range out {
			if c == '<' || c == '>' || c == '"' || c == '\'' {
				t.Fatalf("%q became %q", s, out)
			}
		}
		if html.UnescapeString(out) != s {
			t.Fatalf("%q became %q", s, out)
		}
	})
}
