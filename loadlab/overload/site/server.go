package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/daemun/daemun/gateway/api"
)

// passLife is how long an admission is good, as with the real backend.
const passLife = 15 * time.Minute

// Stamp is what every answer that was worked for begins with; a number follows, the nanosecond since 1970 at which the work
// was done. By it one who asks tells a new answer from one that somebody has kept.
const Stamp = `{"worked_at":`

// Server is the site as a gateway sees it; body is about how many bytes an answer has.
func (s *Site) Server(body int) *fasthttp.Server {
	filler := []byte(`,"filler":"` + string(bytes.Repeat([]byte("x"), max(0, body-50))) + `"}`)
	h := func(ctx *fasthttp.RequestCtx) { s.serve(ctx, filler) }
	return &fasthttp.Server{Handler: h, NoDefaultServerHeader: true, NoDefaultDate: true, DisablePreParseMultipartForm: true,
		ReadBufferSize: 16 << 10, Concurrency: 1 << 20, Logger: quiet{}}
}

// quiet says nothing of connections that were cut: here that is the rule.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

// classes tells the class of what citizens ask by its path.
var classes = map[string]int{"/v1/bookings": 0, "/v1/holds": 1, "/v1/clinics": 2, "/v1/leftovers": 3}

func (s *Site) serve(ctx *fasthttp.RequestCtx, filler []byte) {
	path := ctx.Path()
	if class, ok := classes[string(path)]; ok {
		s.answer(ctx, class, filler)
		return
	}
	switch {
	case string(path) == "/internal/status":
		s.report(ctx)
	case string(path) == "/internal/admissions":
		s.admit(ctx)
	case string(path) == "/readyz", string(path) == "/healthz":
		ctx.SuccessString("application/json", `{"ok":true}`)
	case bytes.HasPrefix(path, []byte("/internal/")):
		ctx.SetStatusCode(fasthttp.StatusNoContent) // taken note of
	default:
		ctx.SetStatusCode(fasthttp.StatusNotFound)
	}
}

// answer works and says so. Whether anybody still listens is not asked.
func (s *Site) answer(ctx *fasthttp.RequestCtx, class int, filler []byte) {
	s.Work(class, func() { leave(ctx.Conn()) })
	if ctx.IsPost() {
		ctx.SetStatusCode(fasthttp.StatusCreated)
	}
	ctx.SetContentType("application/json; charset=utf-8")
	b := append(ctx.Response.Body(), Stamp...)
	b = strconv.AppendInt(b, time.Now().UnixNano(), 10)
	ctx.Response.SetBodyRaw(append(b, filler...))
}

// WorkedAt reads the stamp of an answer: when it was worked for. False where there is none.
func WorkedAt(body []byte) (time.Time, bool) {
	rest, ok := bytes.CutPrefix(body, []byte(Stamp))
	if !ok {
		return time.Time{}, false
	}
	end := bytes.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end <= 0 || end > 19 {
		return time.Time{}, false
	}
	ns, err := strconv.ParseInt(string(rest[:end]), 10, 64)
	if err != nil {
		return time.Time{}, false
	}
	return time.Unix(0, ns), true
}

func (s *Site) report(ctx *fasthttp.RequestCtx) {
	writeJSON(ctx, api.BackendReport{At: time.Now(), Store: "synthetic", QueueWaitMS: s.queueWait(), Openings: map[string]api.OpeningReport{}})
}

func (s *Site) admit(ctx *fasthttp.RequestCtx) {
	s.Work(1, nil)
	writeJSON(ctx, api.Entry{Pass: string(ctx.PostBody()), ExpiresAt: time.Now().Add(passLife)})
}

func writeJSON(ctx *fasthttp.RequestCtx, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		ctx.Error(err.Error(), fasthttp.StatusInternalServerError)
		return
	}
	ctx.SetContentType("application/json; charset=utf-8")
	ctx.SetBody(b)
}

// Control is what the lab reaches a site by while it works: GET / answers a Status, PUT / takes a Setting, DELETE / ends all
// work at once.
func (s *Site) Control() *fasthttp.Server {
	return &fasthttp.Server{NoDefaultServerHeader: true, Handler: func(ctx *fasthttp.RequestCtx) {
		switch string(ctx.Method()) {
		case fasthttp.MethodGet:
			writeJSON(ctx, s.Status())
		case fasthttp.MethodPut:
			setting, err := ParseSetting(ctx.PostBody())
			if err != nil {
				ctx.Error(err.Error(), fasthttp.StatusBadRequest)
				return
			}
			s.Set(setting)
			writeJSON(ctx, s.Status())
		case fasthttp.MethodDelete:
			s.Clear()
			writeJSON(ctx, s.Status())
		default:
			ctx.SetStatusCode(fasthttp.StatusMethodNotAllowed)
		}
	}}
}

// maxPlaces bounds a site.
const maxPlaces = 1 << 16

// ParseSetting reads a Setting and says what is wrong with it.
func ParseSetting(text []byte) (Setting, error) {
	var s Setting
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return s, fmt.Errorf("setting of the site: %w", err)
	}
	return s, s.Check()
}

// Check says what is wrong with a setting.
func (s Setting) Check() error {
	switch {
	case s.Places < 1 || s.Places > maxPlaces:
		return fmt.Errorf("places %d: want 1 to %d", s.Places, maxPlaces)
	case !(s.ServiceMS >= 0 && s.ServiceMS <= 60_000):
		return fmt.Errorf("service_ms %g: want 0 to 60000", s.ServiceMS)
	case !(s.Speed >= 0.001 && s.Speed <= 1000):
		return fmt.Errorf("speed %g: want 0.001 to 1000", s.Speed)
	case !(s.Spread >= 0 && s.Spread <= 3):
		return fmt.Errorf("spread %g: want 0 to 3", s.Spread)
	}
	return nil
}
