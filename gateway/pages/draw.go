package pages

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// Draw is how a ticket's place was drawn, with everything that its holder needs to compute it again.
type Draw struct {
	Opening string
	Epoch   uint32
	Code    string // the ticket's subject, 32 hex digits
	Anchor  string // published before the opening, 64 hex digits
	DrawnAt time.Time
	Sealed  bool // the rest is known
	Seal    api.Seal
	Rank    string // 16 hex digits
	Within  int64  // place within the epoch, from 1, estimated
	Before  int64  // people in earlier epochs, estimated
	Holds   bool   // the seed leads to the anchor: tried by this server
}

// Place is the place in the whole line, from 1, estimated.
func (d Draw) Place() int64 { return d.Before + d.Within }

// Steps is how often the seed is hashed until it is the anchor.
func (d Draw) Steps() int64 { return int64(d.Epoch) + 1 }

// Count is how many people the epoch has, estimated.
func (d Draw) Count() int64 { return int64(d.Seal.Count) }

type drawView struct {
	Draw     *Draw        // nil without a ticket
	Opening  *api.Opening // the ticket's
	Openings []api.Opening
	Lost     bool // there is a ticket, but it is none of ours
	Over     bool // the epoch has ended, its seal is not there yet
	Script   string
}

// draw explains how places are drawn and shows the visitor how their own one was.
func (p *Pages) draw(w http.ResponseWriter, r *http.Request) {
	lang := p.language(w, r)
	v := drawView{Openings: p.svc.Openings()}
	if ticket := cookie(r, TicketCookie); ticket != "" {
		d, err := p.svc.Draw(r.Context(), ticket)
		switch problem := problemOf(err); {
		case err == nil:
			v.Draw, v.Opening, v.Over = &d, p.opening(d.Opening), !p.svc.Now().Before(d.DrawnAt)
			v.Script = drawScript(p.siteOf(r), &d)
		case problem.Code == "bad_ticket":
			v.Lost = true
		default:
			p.problem(w, r, lang, problem)
			return
		}
	}
	p.show(w, r, page{Lang: lang, Title: text(lang, "draw.title")}, "draw", v)
}

// hostName is what may stand in a script that people run: nothing that ends a string.
var hostName = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$|^\[[0-9A-Fa-f:.]+\](:[0-9]+)?$`)

// siteOf is the address under which the visitor reached this site, for use in a script.
func (p *Pages) siteOf(r *http.Request) string {
	host := r.Host
	if !hostName.MatchString(host) {
		host = "localhost"
	}
	if p.secure || r.TLS != nil {
		return "https://" + host
	}
	return "http://" + host
}

// drawScript is the program with which anybody computes a place from what is published alone. Its values are written as
// JSON, which Python reads the same way for texts of this kind.
func drawScript(site string, d *Draw) string {
	if !d.Sealed {
		return ""
	}
	literal := func(v any) string {
		b, _ := json.Marshal(v) // texts and numbers always have a form
		return string(b)
	}
	return strings.NewReplacer(
		"SITE", literal(site), "OPENING", literal(d.Opening), "EPOCH", literal(d.Epoch),
		"CODE", literal(d.Code), "ANCHOR", literal(d.Anchor),
	).Replace(drawProgram)
}

const drawProgram = `import hashlib, hmac, json, urllib.request
site, opening, epoch = SITE, OPENING, EPOCH
code, anchor, seals = CODE, ANCHOR, []
while not seals or seals[-1]["epoch"] < epoch:
    url = f"{site}/v1/openings/{opening}/seals?from={seals[-1]['epoch'] + 1 if seals else 0}"
    seals += json.load(urllib.request.urlopen(url)) or exit("not drawn yet")
seal, before = [s for s in seals if s["epoch"] == epoch][0], sum(s["count"] for s in seals if s["epoch"] < epoch)
seed = value = bytes.fromhex(seal["seed"])
for _ in range(epoch + 1): value = hashlib.sha256(value).digest()
key = hmac.new(seed, bytes.fromhex(seal["tally"]), hashlib.sha256).digest()
rank = hmac.new(key, bytes.fromhex(code), hashlib.sha256).hexdigest()[:16]
place = before + int(rank, 16) * seal["count"] // 2**64 + 1
print("rank", rank, "place", place, "anchor", "holds" if value.hex() == anchor else "DOES NOT HOLD")
`
