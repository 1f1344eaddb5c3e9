package upstream

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/daemun/daemun/gateway/shed"
)

// shares are the questions whose answers are the same for everybody who may ask them, by their paths, with the parameters
// that make a difference. Clinics and slots follow from the opening of the pass and from nothing else of it; none of them
// depends on the language. A search by words is not among them: everybody looks for something else.
var shares = []struct {
	prefix, suffix string
	scoped         bool // by the opening
	parameters     []string
}{
	{"/v1/clinics/", "/slots", true, []string{"day"}},
	{"/v1/clinics", "", true, []string{"region", "district", "vaccine", "page"}},
	{"/v1/leftovers", "", false, []string{"region"}},
}

// Shares tells whether the answer to a question at a target may be the same for everybody: whether Shared does more than Do.
func Shares(target string) bool {
	return strings.HasPrefix(target, "/v1/clinics") || strings.HasPrefix(target, "/v1/leftovers") && !strings.HasPrefix(target, "/v1/leftovers/")
}

// shareKey is what an answer is kept under; empty where it is not for everybody. Parameters that make no difference are left
// out, so that nobody fills the memory with them.
func shareKey(scope uint32, target string) string {
	path, query, _ := strings.Cut(target, "?")
	for _, s := range shares {
		inner, isOne := strings.CutPrefix(path, s.prefix)
		if isOne {
			inner, isOne = strings.CutSuffix(inner, s.suffix)
		}
		if !isOne || s.suffix == "" && inner != "" || s.suffix != "" && (inner == "" || strings.Contains(inner, "/")) {
			continue
		}
		if s.scoped && scope == 0 {
			return ""
		}
		if !s.scoped {
			scope = 0
		}
		if query == "" {
			return strconv.FormatUint(uint64(scope), 10) + path
		}
		values, err := url.ParseQuery(query)
		if err != nil || values.Get("q") != "" {
			return ""
		}
		for name := range values {
			if !slices.Contains(s.parameters, name) || values.Get(name) == "" {
				values.Del(name)
			}
		}
		key := strconv.FormatUint(uint64(scope), 10) + path
		if len(values) > 0 {
			key += "?" + values.Encode()
		}
		return key
	}
	return ""
}

// Shared is Do for a question whose answer is the same for everybody within a scope: the number of the opening of the pass
// that was shown and checked, 0 without one. Of those who ask the same at once one is asked for all. While the backend
// rests, sheds the class or fails, the last good answer is given, with its age; and without asking at all as long as that is
// younger than the configuration's SnapshotAge. A question that is no such is simply asked.
func (p *Pool) Shared(ctx context.Context, prio shed.Priority, scope uint32, r Request) (Answer, error) {
	key := ""
	if r.Method == http.MethodGet && r.Mandate == "" && Shares(r.Path) {
		key = shareKey(scope, r.Path)
	}
	if key == "" {
		return p.Do(ctx, prio, r)
	}
	c := p.config.Load().Fallback
	if kept, ok := p.kept.atOnce(key, p.clock(), c.SnapshotAge, c.OldestAge); ok {
		return kept, nil
	}
	answer, err := p.kept.together(ctx, key, func() (Answer, error) {
		a, err := p.Do(context.WithoutCancel(ctx), prio, r) // others wait for it
		if err == nil && a.Status == http.StatusOK {
			p.kept.put(key, a, p.clock(), c)
		}
		return a, err
	})
	if err == nil && answer.Status < http.StatusInternalServerError {
		return answer, nil
	}
	if kept, ok := p.kept.instead(key, p.clock(), c.OldestAge); ok {
		return kept, nil
	}
	return answer, err
}
