package gateway

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/daemun/daemun/"

// domain packages do no I/O and import no adapter.
var domain = []string{
	"backend/cohort", "backend/booking", "backend/notify", "backend/access", "backend/ledger", "backend/subject", "backend/roster", "backend/clinic", "backend/identity", "backend/sheet",
	"gateway/opening", "gateway/clock", "gateway/queue", "gateway/wait", "gateway/calling", "gateway/pass", "gateway/shed", "gateway/brownout", "gateway/overload", "gateway/admission",
	"gateway/admission/backendsim", "gateway/api", "gateway/breach", "gateway/audit",
}

// adapters are what domain packages must not know: I/O of any kind.
var adapters = []string{
	"net", "net/http", "os", "os/exec", "database/sql", "modernc.org/sqlite", "github.com/nats-io/nats.go", "github.com/jackc/pgx/v5",
	"fyne.io/fyne/v2", "github.com/tsenart/vegeta/v12/lib", "go.uber.org/zap",
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func load(t *testing.T) []pkg {
	t.Helper()
	out, err := exec.Command("go", "list", "-e", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p pkg
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		all = append(all, p)
	}
	if len(all) < len(domain) {
		t.Fatalf("only %d packages found", len(all))
	}
	return all
}

func TestDomainPackagesDoNoIO(t *testing.T) {
	for _, p := range load(t) {
		if !slices.Contains(domain, p.ImportPath) {
			continue
		}
		for _, i := range p.Imports {
			own, isOurs := strings.CutPrefix(i, module)
			if slices.Contains(adapters, i) || isOurs && !slices.Contains(domain, own) {
				t.Errorf("%s imports %s: a domain package does no I/O and knows no adapter", p.ImportPath, i)
			}
		}
	}
}

func TestWhoMayImportWhom(t *testing.T) {
	simulated := []string{ // the simulated day lives through the very code that calls people in: see docs/decisions/0009
		"gateway/queue", "gateway/wait", "gateway/calling", "gateway/admission", "backend/cohort", "backend/subject",
	}
	rules := []struct {
		from    string   // packages below this
		not     []string // must not import anything below these
		but     []string // except these
		because string
	}{
		{"admin", []string{"gateway", "backend", "loadlab"}, []string{"gateway/api"}, "the console reaches the servers by their API"},
		{"loadlab", []string{"gateway", "backend", "admin"}, []string{"gateway/api", "gateway/breach"}, "the lab reaches the servers by their API, as a stranger does"},
		{"gateway", []string{"admin", "loadlab", "backend/store", "backend/web", "backend/demo"}, nil, "the gateway reaches the backend by its API"},
		{"backend", []string{"admin", "loadlab", "gateway"}, []string{"gateway/api", "gateway/pass", "gateway/route"}, "the backend knows of the gateway only shapes, passes and how a request is spelt"},
	}
	under := func(p string, roots []string) bool {
		return slices.ContainsFunc(roots, func(root string) bool { return p == root || strings.HasPrefix(p, root+"/") })
	}
	for _, p := range load(t) {
		for _, r := range rules {
			if !under(p.ImportPath, []string{r.from}) {
				continue
			}
			for _, i := range p.Imports {
				own, isOurs := strings.CutPrefix(i, module)
				if p.ImportPath == "loadlab/sim" && slices.ContainsFunc(simulated, func(d string) bool { return under(own, []string{d}) }) {
					continue
				}
				if isOurs && under(own, r.not) && !under(own, r.but) {
					t.Errorf("%s imports %s, but %s", p.ImportPath, own, r.because)
				}
			}
		}
	}
}
