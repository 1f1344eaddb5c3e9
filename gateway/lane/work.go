package lane

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/edge"
)

// The work list lives in the agent's browser, one cookie for each person: sealed, so that nothing can be read off the
// machine, and bound to the agent's name. The servers keep nothing, and nothing is lost with the list: each person was told
// their short code.
const (
	workCookie = "daemun_work_"
	passCookie = "daemun_lane_pass_"
	workMost   = 20 // cookies: together with the rest they must fit into a header
	workKeep   = 26 * time.Hour
	longestFor = 20 // characters of what an agent notes
)

// work is one person on the list.
type work struct {
	ID     string `json:"-"`
	Ticket string `json:"t"`
	For    string `json:"f,omitempty"` // how the agent remembers whom to call back
	Back   string `json:"b,omitempty"` // number to call back
	At     int64  `json:"a"`           // Unix s

	Place api.Place `json:"-"`
}

var cookieText = base64.RawURLEncoding.Strict()

func (l *Lane) seal(who person, name string, v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	return cookieText.EncodeToString(l.Sealer.Seal(plain, cookiePlace(who, name))), nil
}

func (l *Lane) unseal(who person, name, text string, into any) bool {
	sealed, err := cookieText.DecodeString(text)
	if err != nil {
		return false
	}
	plain, err := l.Sealer.Open(sealed, cookiePlace(who, name))
	return err == nil && json.Unmarshal(plain, into) == nil
}

// cookiePlace binds a sealed value to its agent and its cookie.
func cookiePlace(who person, name string) []byte {
	return []byte("daemun lane " + who.Name + "\x00" + name)
}

// listed reads the work list, oldest first, with everybody's place as it is now. Tickets that are good for nothing any more
// stand there as closed.
func (p *pages) listed(r *http.Request, who person) []work {
	var out []work
	for _, c := range r.Cookies() {
		id, ok := strings.CutPrefix(c.Name, workCookie)
		if !ok {
			continue
		}
		w := work{ID: id}
		if !p.lane.unseal(who, c.Name, c.Value, &w) {
			continue
		}
		var err error
		if w.Place, err = p.lane.place(w.Ticket); err != nil {
			w.Place.State = api.PlaceClosed
		}
		out = append(out, w)
	}
	slices.SortFunc(out, func(a, b work) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.ID, b.ID)) })
	return out
}

// entry finds one person on the list.
func (p *pages) entry(r *http.Request, who person, id string) (work, error) {
	w := work{ID: id}
	c, err := r.Cookie(workCookie + id)
	if err != nil || !p.lane.unseal(who, workCookie+id, c.Value, &w) {
		return w, edge.Detailed("not_found", "업무 목록에 없는 분입니다. 순번 코드로 다시 찾아 주세요.", "That person is not on your list; find them again by their short code.")
	}
	return w, nil
}

// add puts a person on the list.
func (p *pages) add(w http.ResponseWriter, r *http.Request, who person, item work) (string, error) {
	if len(p.listed(r, who)) >= workMost {
		return "", edge.Detailed("bad_request", "업무 목록이 가득 찼습니다(20명). 끝난 분을 목록에서 지워 주세요.", "Your list is full (20 people); take those off whom you are done with.")
	}
	id := strings.ToLower(rand.Text()[:10])
	text, err := p.lane.seal(who, workCookie+id, item)
	if err != nil {
		return "", err
	}
	setCookie(w, workCookie+id, text, workKeep)
	return id, nil
}

func (p *pages) forget(w http.ResponseWriter, id string) {
	setCookie(w, workCookie+id, "", -time.Second)
	setCookie(w, passCookie+id, "", -time.Second)
}

// passOf is the pass of somebody on the list who was let in.
func (p *pages) passOf(r *http.Request, who person, id string) string {
	var text string
	c, err := r.Cookie(passCookie + id)
	if err != nil || !p.lane.unseal(who, passCookie+id, c.Value, &text) {
		return ""
	}
	return text
}

func (p *pages) keepPass(w http.ResponseWriter, who person, id string, e api.Entry) error {
	text, err := p.lane.seal(who, passCookie+id, e.Pass)
	if err != nil {
		return err
	}
	setCookie(w, passCookie+id, text, max(time.Second, e.ExpiresAt.Sub(p.lane.Node.Now())))
	return nil
}
