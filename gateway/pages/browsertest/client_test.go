//go:build browser

package browsertest

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/gateway/api"
)

// client is somebody without a browser who sends the pages' forms, to bring the site into a state quickly.
type client struct {
	t       *testing.T
	who     citizen
	cookies map[string]string
	spare   string // another time of the clinic and day that was chosen
}

func newClient(t *testing.T, who citizen) *client {
	return &client{t: t, who: who, cookies: map[string]string{}}
}

// header is the client's Cookie header, for a browser to go on with.
func (c *client) header() string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(c.cookies)) {
		pairs = append(pairs, name+"="+c.cookies[name])
	}
	return strings.Join(pairs, "; ")
}

// send sends a form, or gets a page where there is none, and follows nothing.
func (c *client) send(path string, form url.Values) (status int, location, body string) {
	c.t.Helper()
	method, content := "GET", ""
	if form != nil {
		method, content = "POST", form.Encode()
	}
	r, err := http.NewRequest(method, at.base+path, strings.NewReader(content))
	if err != nil {
		c.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.Header.Set("Cookie", c.header())
	resp, err := (&http.Transport{}).RoundTrip(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	for _, k := range resp.Cookies() {
		c.cookies[k.Name] = k.Value
		if k.MaxAge < 0 {
			delete(c.cookies, k.Name)
		}
	}
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Location"), string(answer)
}

// goes sends a form that must lead to a path, and returns the whole address.
func (c *client) goes(path string, form url.Values, to string) string {
	c.t.Helper()
	status, location, body := c.send(path, form)
	if got, _, _ := strings.Cut(location, "?"); status != http.StatusSeeOther || got != to {
		c.t.Fatalf("POST %s: %d to %q, want %q: %.2000s", path, status, location, to, body)
	}
	return location
}

func (c *client) number() url.Values {
	return url.Values{"rrn1": {c.who.front()}, "rrn2": {c.who.back()}}
}

func (c *client) joins() *client {
	c.t.Helper()
	form := c.number()
	form.Set("agree", "yes")
	c.goes("/apply", form, "/wait")
	return c
}

// enters waits for the turn and enters.
func (c *client) enters() *client {
	c.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) {
		status, location, body := c.send("/enter", url.Values{})
		if location == "/clinics" || location == "/identity" {
			return c
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("never let in: %d %s %.2000s", status, location, body)
		}
	}
}

var (
	clinicLink = regexp.MustCompile(`href="/clinics/(c[0-9]+)"`)
	slotButton = regexp.MustCompile(`name="slot" value="([^"]+)"`)
	dayField   = regexp.MustCompile(`name="day" value="([^"]+)"`)
	formKey    = regexp.MustCompile(`name="key" value="([^"]+)"`)
	bookingNo  = regexp.MustCompile(`id="no">([^<]+)<`)
)

func (c *client) finds(what *regexp.Regexp, body string) string {
	c.t.Helper()
	m := what.FindStringSubmatch(body)
	if m == nil {
		c.t.Fatalf("no %s in %.3000s", what, body)
	}
	return m[1]
}

// holds chooses a clinic and a time of Seoul, and returns the address of the form.
func (c *client) holds() string {
	c.t.Helper()
	_, _, list := c.send("/clinics?region="+url.QueryEscape("서울"), nil)
	id := c.finds(clinicLink, list)
	_, _, times := c.send("/clinics/"+id, nil)
	all := slotButton.FindAllStringSubmatch(times, -1)
	c.spare = all[len(all)-1][1]
	return c.goes("/hold", url.Values{"clinic": {id}, "day": {c.finds(dayField, times)}, "slot": {c.finds(slotButton, times)}}, "/book")
}

// books fills the form at an address and returns the address of the confirmation.
func (c *client) books(form string) string {
	c.t.Helper()
	_, _, body := c.send(form, nil)
	u, err := url.Parse(form)
	if err != nil {
		c.t.Fatal(err)
	}
	values := c.number()
	for _, name := range []string{"slot", "clinic", "day"} {
		values.Set(name, u.Query().Get(name))
	}
	values.Set("key", c.finds(formKey, body))
	values.Set("name", c.who.name)
	values.Set("phone", c.who.phone)
	return c.goes("/book", values, "/done")
}

// operates sends a command to an opening, which must be obeyed.
func operates(t *testing.T, role, opening, action string, command api.Command) {
	t.Helper()
	body, _ := json.Marshal(command) // these always marshal
	orders(t, role, "POST", "/control/v1/openings/"+opening+"/"+action, body)
}

func orders(t *testing.T, role, method, path string, body []byte) {
	t.Helper()
	r, err := http.NewRequest(method, at.control+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := controlRoom(t, role).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, _ := io.ReadAll(resp.Body); resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, answer)
	}
}
