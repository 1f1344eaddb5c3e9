package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"html"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/daemun/daemun/gateway/api"
)

// drawPage is what the page about the draw shows to the holder of a ticket.
func (s *site) drawPage(ticket string) string {
	s.t.Helper()
	req, err := http.NewRequest(http.MethodGet, "http://"+s.public+"/draw?lang=en", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Cookie", "daemun_ticket="+ticket)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 || resp.Header.Get("Cache-Control") != "no-store" {
		s.t.Fatalf("the page: %d %v", resp.StatusCode, resp.Header)
	}
	return string(body)
}

// shown takes what the page shows under an id.
func shown(page, id string) string {
	m := regexp.MustCompile(`(?s) id="` + id + `"[^>]*>\n?(.*?)</`).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return html.UnescapeString(m[1])
}

// TestDrawCanBeComputedFromWhatIsPublished computes places as a stranger would, from the page's code and the published
// anchors and seals alone: once in Go with nothing of the gateway's code, once by the very program that the page offers.
func TestDrawCanBeComputedFromWhatIsPublished(t *testing.T) {
	s := newSite(t)
	s.up()
	eligible, _ := s.citizens()
	early := s.join(eligible[0])
	for _, c := range eligible[1:60] {
		s.join(c)
	}
	before := s.drawPage(early)
	if shown(before, "code") == "" || shown(before, "anchor") == "" || shown(before, "script") != "" || !strings.Contains(before, "The draw has not been made yet.") {
		t.Fatalf("before the draw: %s", before)
	}
	s.eventually("the turn comes", func() bool { return s.place(early).State == api.PlaceTurn })
	late := s.join(eligible[70])
	s.eventually("the later round is sealed", func() bool { return shown(s.drawPage(late), "script") != "" })
	for name, ticket := range map[string]string{"lobby": early, "later round": late} {
		t.Run(name, func(t *testing.T) {
			page := s.drawPage(ticket)
			if strings.Contains(page, ticket) {
				t.Error("the page holds the ticket")
			}
			if shown(page, "holds") == "" || shown(page, "broken") != "" {
				t.Error("the server does not find that the seed leads to the anchor")
			}
			rank, place := s.compute(t, page)
			if got := shown(page, "rank"); got != rank {
				t.Errorf("the page shows the rank %s, computed %s", got, rank)
			}
			if got := strings.ReplaceAll(shown(page, "place"), ",", ""); got != "about number "+place {
				t.Errorf("the page shows %q, computed %s", got, place)
			}
			want := fmt.Sprintf("rank %s place %s anchor holds\n", rank, place)
			if got := runScript(t, shown(page, "script")); got != want {
				t.Errorf("the page's program says %q, want %q", got, want)
			}
		})
	}
	if shown(before, "code") != shown(s.drawPage(early), "code") || shown(before, "anchor") != shown(s.drawPage(early), "anchor") {
		t.Error("code or anchor changed by the draw")
	}
}

// compute is the published way to a place, with the standard library alone.
func (s *site) compute(t *testing.T, page string) (rank, place string) {
	t.Helper()
	code, err := hex.DecodeString(shown(page, "code"))
	if err != nil || len(code) != 16 {
		t.Fatalf("code %q: %v", shown(page, "code"), err)
	}
	var openings []struct{ ID, Anchor string }
	s.do(200, "GET", "/v1/openings", "", nil, &openings)
	var opening, anchor string
	for _, o := range openings {
		if o.Anchor == shown(page, "anchor") {
			opening, anchor = o.ID, o.Anchor
		}
	}
	seed := shown(page, "seed")
	var list []map[string]any
	total := new(big.Int)
	for from := 0; ; {
		s.do(200, "GET", fmt.Sprintf("/v1/openings/%s/seals?from=%d", opening, from), "", nil, &list)
		if len(list) == 0 {
			t.Fatalf("no seal with the seed %q", seed)
		}
		for _, seal := range list {
			from = int(seal["epoch"].(float64)) + 1
			count := big.NewInt(int64(seal["count"].(float64)))
			if seal["seed"] != seed {
				total.Add(total, count)
				continue
			}
			value := unhex(t, seed)
			for range int(seal["epoch"].(float64)) + 1 {
				sum := sha256.Sum256(value)
				value = sum[:]
			}
			if hex.EncodeToString(value) != anchor {
				t.Error("the seed does not lead to the anchor")
			}
			drawn := mac(mac(unhex(t, seed), unhex(t, seal["tally"].(string))), code)[:8]
			within := new(big.Int).SetUint64(binary.BigEndian.Uint64(drawn))
			within.Rsh(within.Mul(within, count), 64)
			total.Add(total.Add(total, within), big.NewInt(1))
			return hex.EncodeToString(drawn), total.String()
		}
	}
}

func mac(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)
}

func unhex(t *testing.T, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// runScript runs the page's program as it stands. Where there is no Python the computation in Go has to do.
func runScript(t *testing.T, script string) string {
	t.Helper()
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3 here: the page's program was not run")
	}
	file := filepath.Join(t.TempDir(), "draw.py")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), python, "-I", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, out, script)
	}
	return string(out)
}
