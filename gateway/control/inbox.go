package control

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"strings"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/upstream"
)

//go:embed inbox.html
var inboxFile string

//go:embed inbox.css
var inboxStyle string

var (
	inboxPage = template.Must(template.New("inbox").Parse(inboxFile))
	// inboxPolicy lets the page do nothing but look as its own style says: what it shows was typed by others.
	inboxPolicy = func() string {
		sum := sha256.Sum256([]byte(inboxStyle))
		return "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	}()
)

// maxInbox bounds what the backend may send of its inbox, in bytes.
const maxInbox = 8 << 20

// inboxWords are the page's own words.
type inboxWords struct {
	Lang, Title, What, None, Other, OtherHref, To, Count string
	Kinds, Channels                                      map[string]string
}

var inboxLanguages = map[string]inboxWords{
	"ko": {
		Lang: "ko", Title: "시연용 수신함", What: "시연에서는 문자와 이메일을 보내지 않고 여기에 모아 보여 줍니다.", None: "아직 받은 메시지가 없습니다.",
		Other: "English", OtherHref: "?lang=en", To: "받는 곳", Count: "받은 메시지",
		Kinds:    map[string]string{"booked": "예약 완료", "changed": "예약 변경", "cancelled": "예약 취소", "reminder": "하루 전 안내", "offer": "잔여백신 안내"},
		Channels: map[string]string{"text": "문자", "mail": "이메일"},
	},
	"en": {
		Lang: "en", Title: "Demo inbox", What: "A demo sends no text messages and no e-mail: it gathers them here.", None: "No messages yet.",
		Other: "한국어", OtherHref: "?lang=ko", To: "To", Count: "Messages",
		Kinds:    map[string]string{"booked": "booked", "changed": "changed", "cancelled": "cancelled", "reminder": "reminder", "offer": "leftover dose"},
		Channels: map[string]string{"text": "text message", "mail": "e-mail"},
	},
}

// inboxHTML shows a demo's inbox as a page.
func (c *Control) inboxHTML(w http.ResponseWriter, r *http.Request, _ operator) error {
	resp, err := c.backend.Stream(r.Context(), upstream.Request{Method: http.MethodGet, Path: "/internal/inbox"})
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxInbox))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return &api.Problem{Status: http.StatusNotFound, Code: "not_found", Detail: "시연이 아니므로 수신함이 없습니다.", DetailEn: "This is no demo: there is no inbox."}
	}
	var in api.Inbox
	if err := json.Unmarshal(body, &in); err != nil {
		return err
	}
	var page bytes.Buffer
	view := struct {
		inboxWords
		api.Inbox
		Style template.CSS
	}{inboxLanguages[inboxLanguage(r)], in, template.CSS(inboxStyle)}
	if err := inboxPage.Execute(&page, view); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", inboxPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	_, err = page.WriteTo(w)
	return err
}

func inboxLanguage(r *http.Request) string {
	if lang := r.URL.Query().Get("lang"); inboxLanguages[lang].Lang != "" {
		return lang
	}
	if first, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ","); strings.HasPrefix(first, "en") {
		return "en"
	}
	return "ko"
}
