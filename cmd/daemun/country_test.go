package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/gateway/api"
	"github.com/daemun/daemun/gateway/audit"
)

// sizeOf is a size of the country test: small, unless the environment says otherwise.
func sizeOf(t *testing.T, name string, small int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return small
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s=%s: want a number from 1 on", name, text)
	}
	return n
}

// mostMemory is what no process of a site may use at its peak, in bytes.
const mostMemory = 1 << 30

// country is a site with everybody of a cohort in it.
type country struct {
	*site
	seeded string // folder with the people
	spent  time.Duration
}

// run runs a command to its end and looks at what it used.
func (c *country) run(args ...string) {
	c.t.Helper()
	began := time.Now()
	cmd := exec.Command(program(c.t), args...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	took, peak := time.Since(began), cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss<<10
	cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	c.t.Logf("%-8s %-8s %6.1f s, %5.1f s of a processor, at its peak %4d MiB", args[0], args[1], took.Seconds(), cpu.Seconds(), peak>>20)
	if peak > mostMemory {
		c.t.Errorf("%v used %d MiB", args[:2], peak>>20)
	}
	c.spent += took
}

var peakLine = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peak is how much memory the server has used at most, in bytes.
func (c *country) peak() int64 {
	c.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.parts[0].cmd.Process.Pid))
	if err != nil {
		c.t.Fatal(err)
	}
	kib, err := strconv.ParseInt(string(peakLine.FindSubmatch(text)[1]), 10, 64)
	if err != nil {
		c.t.Fatal(err)
	}
	return kib << 10
}

// cpu is how much time of a processor the server has used.
func (c *country) cpu() time.Duration {
	c.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.parts[0].cmd.Process.Pid))
	if err != nil {
		c.t.Fatal(err)
	}
	var user, system int64
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // from the third on: see proc(5)
	if _, err := fmt.Sscan(string(fields[11])+" "+string(fields[12]), &user, &system); err != nil {
		c.t.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// newCountry seeds a country, gives a site all of it by imports and starts the site.
func newCountry(t *testing.T, citizens, clinics int, store string) *country {
	seeded, data := filepath.Join(t.TempDir(), "seeded"), filepath.Join(t.TempDir(), "site")
	c := &country{site: &site{t: t, data: seeded, public: freePort(t), control: freePort(t)}, seeded: seeded}
	c.run("seed", "--data", seeded, "--citizens", fmt.Sprint(citizens), "--clinics", fmt.Sprint(clinics), "--opens-in", "1s")
	schedule := filepath.Join(seeded, "schedule.yaml")
	c.spent = 0
	c.run("roster", "import", filepath.Join(seeded, "demo", demo.CitizensFile), "--data", data)
	c.run("clinic", "import", filepath.Join(seeded, "demo", demo.ClinicsFile), "--data", data)
	c.run("slot", "import", filepath.Join(seeded, "demo", demo.SlotsFile), "--data", data, "--schedule", schedule)
	began := time.Now()
	c.parts = []*process{start(t, "up", "--data", data, "--schedule", schedule, "--listen", c.public, "--control", c.control, "--store", store)}
	for range 3000 {
		if _, body := c.try("GET", "/readyz", "", nil); bytes.Contains(body, []byte(`"backend":"open"`)) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	c.bothReady()
	c.spent += time.Since(began)
	t.Logf("first start, which takes it all into the store: %.1f s, %.1f s of a processor, at its peak %d MiB", time.Since(began).Seconds(), c.cpu().Seconds(), c.peak()>>20)
	t.Logf("imports and first start together: %.1f s", c.spent.Seconds())
	c.data = data
	return c
}

const (
	askers = 16  // people who ask at a time
	inside = 128 // people who go from the street to a booking at a time
)

// each calls do for everybody, many at a time.
func (c *country) each(do func(demo.Citizen)) {
	c.t.Helper()
	people := make(chan demo.Citizen, 1024)
	var all sync.WaitGroup
	for range askers {
		all.Go(func() {
			for who := range people {
				do(who)
			}
		})
	}
	err := folder(c.seeded).eachCitizen(func(who demo.Citizen) error {
		people <- who
		return nil
	})
	close(people)
	all.Wait()
	if err != nil {
		c.t.Fatal(err)
	}
}

// ask asks whether somebody is eligible, as an app does.
func (c *country) ask(client *fasthttp.HostClient, who demo.Citizen) (answer api.Eligibility) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	body, _ := json.Marshal(api.EligibilityRequest{RRN: who.Number.Digits()})
	req.Header.SetMethod("POST")
	req.SetRequestURI("http://" + c.public + "/v1/eligibility")
	req.Header.SetContentType("application/json")
	req.SetBody(body)
	if err := client.Do(req, resp); err != nil {
		c.t.Error(err)
	} else if err := json.Unmarshal(resp.Body(), &answer); err != nil || resp.StatusCode() != 200 {
		c.t.Errorf("%d %s", resp.StatusCode(), resp.Body())
	}
	return answer
}

// TestWholeCountry seeds everybody of a cohort, imports them, and asks for each of them whether they are eligible; then an
// opening is held. make country runs it for 3,524,000 people and 12,000 clinics on both stores.
func TestWholeCountry(t *testing.T) {
	citizens, clinics, bookings := sizeOf(t, "DAEMUN_COUNTRY_CITIZENS", 4000), sizeOf(t, "DAEMUN_COUNTRY_CLINICS", 60), sizeOf(t, "DAEMUN_COUNTRY_BOOKINGS", 100)
	for _, store := range []string{"sqlite", "postgres"} {
		t.Run(store, func(t *testing.T) {
			if store == "postgres" {
				store = postgresServer(t).URL("postgres")
			}
			c := newCountry(t, citizens, clinics, store)
			errant := c.everybodyIsToldTheTruth(citizens)
			c.nobodyElseBooks(errant)
			c.holdOpening(bookings)
			t.Logf("at its peak the server used %d MiB", c.peak()>>20)
			if c.peak() > mostMemory {
				t.Errorf("the server used %d MiB", c.peak()>>20)
			}
			http.DefaultClient.CloseIdleConnections()
			if code := c.parts[0].stop(t); code != 0 {
				t.Errorf("exit code %d:\n%s", code, c.parts[0].output)
			}
			args := []string{"--data", c.data}
			if store != "sqlite" {
				args = append(args, "--store", store)
			}
			wantAudits(t, audit.Holds, args...)
		})
	}
}

// everybodyIsToldTheTruth asks for everybody. It returns some of those that the gateway takes to be on the roster though they are not.
func (c *country) everybodyIsToldTheTruth(citizens int) (errant []demo.Citizen) {
	c.t.Helper()
	client := &fasthttp.HostClient{Addr: c.public, MaxConns: askers}
	var right, refused, falsely, strangers atomic.Int64
	var mu sync.Mutex
	began := time.Now()
	c.each(func(who demo.Citizen) {
		switch answer := c.ask(client, who); {
		case who.OnRoster && answer.Eligible:
			right.Add(1)
		case who.OnRoster:
			if falsely.Add(1) <= 3 {
				c.t.Errorf("somebody born on %v is on the roster and told %s", who.Birth, answer.Code)
			}
		case !answer.Eligible:
			refused.Add(1)
		default:
			strangers.Add(1)
			mu.Lock()
			errant = append(errant, who)
			mu.Unlock()
		}
	})
	took := time.Since(began).Seconds()
	c.t.Logf("%d people asked in %.1f s (%.0f a second): %d eligible and told so, %d eligible and refused; %d others refused, %d taken to be on the roster",
		citizens, took, float64(citizens)/took, right.Load(), falsely.Load(), refused.Load(), strangers.Load())
	if right.Load() == 0 || right.Load()+falsely.Load()+refused.Load()+strangers.Load() != int64(citizens) || falsely.Load() > 0 {
		c.t.Errorf("%d eligible people were refused", falsely.Load())
	}
	if others := refused.Load() + strangers.Load(); strangers.Load() > 5+others/100 { // expected: one in 512
		c.t.Errorf("%d of %d others are taken to be on the roster", strangers.Load(), others)
	}
	return errant
}

// nobodyElseBooks takes people whom the gateway's filter lets pass to where the roster is exact.
func (c *country) nobodyElseBooks(errant []demo.Citizen) {
	c.t.Helper()
	tried := errant[:min(20, len(errant))]
	for _, who := range tried {
		pass := "Pass " + c.enter(c.join(who))
		slot := c.anySlot(pass, who, 0)
		status, body := c.try("POST", "/v1/bookings", pass, api.BookingRequest{Slot: slot, Name: who.Name, RRN: who.Number.Digits(), Phone: who.Phone})
		if status != 403 || !bytes.Contains(body, []byte("not_eligible")) {
			c.t.Errorf("somebody who is not on the roster books: %d %s", status, body)
		}
	}
	c.t.Logf("%d of those that were taken to be on the roster tried to book: all refused", len(tried))
}

// get reads a list, and asks again where the site says that it is busy.
func (c *country) get(path, pass string, into any) {
	c.t.Helper()
	for range 200 {
		status, body := c.try("GET", path, pass, nil)
		if status == 503 {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		if err := json.Unmarshal(body, into); status != 200 || err != nil {
			c.t.Errorf("%s: %d %s", path, status, body)
		}
		return
	}
	c.t.Errorf("%s: busy for ever", path)
}

// anySlot is a slot with room, in the province and at the clinic that a person's phone and the number of their try choose.
func (c *country) anySlot(pass string, who demo.Citizen, try int) string {
	c.t.Helper()
	n, _ := strconv.Atoi(who.Phone[len(who.Phone)-4:])
	n += try
	var clinics api.ClinicList
	var slots api.SlotList
	for further := 0; len(slots.Slots) == 0 && further < 50; further++ {
		c.get("/v1/clinics?region="+[]string{"%EA%B2%BD%EA%B8%B0", "%EC%84%9C%EC%9A%B8"}[n%2]+fmt.Sprint("&page=", 1+n/2%40), pass, &clinics)
		c.get("/v1/clinics/"+clinics.Clinics[(n+further)%len(clinics.Clinics)].ID+"/slots", pass, &slots)
		slots.Slots = slices.DeleteFunc(slots.Slots, func(s api.Slot) bool { return s.Left == 0 })
	}
	return slots.Slots[n%len(slots.Slots)].ID
}

// holdOpening lets some people book all at once, and tells how long lists take.
func (c *country) holdOpening(bookings int) {
	c.t.Helper()
	var mu sync.Mutex
	var lists []time.Duration
	eligible := make(chan demo.Citizen)
	go func() {
		defer close(eligible)
		n := 0
		_ = folder(c.seeded).eachCitizen(func(who demo.Citizen) error { // has been read before
			if who.OnRoster && n < bookings {
				n++
				eligible <- who
			}
			return nil
		})
	}()
	var all sync.WaitGroup
	var booked atomic.Int64
	began := time.Now()
	for range inside {
		all.Go(func() {
			for who := range eligible {
				pass := "Pass " + c.enter(c.join(who))
				for try := range 20 { // what they chose may be gone by then
					asked := time.Now()
					slot := c.anySlot(pass, who, try)
					mu.Lock()
					lists = append(lists, time.Since(asked))
					mu.Unlock()
					status, body := c.try("POST", "/v1/bookings", pass, api.BookingRequest{Slot: slot, Name: who.Name, RRN: who.Number.Digits(), Phone: who.Phone})
					if status == 201 {
						booked.Add(1)
						break
					}
					if status != 409 {
						c.t.Errorf("%d %s", status, body)
						break
					}
				}
			}
		})
	}
	all.Wait()
	slices.Sort(lists)
	c.t.Logf("%d of %d people booked in %.1f s; a province's clinics and a clinic's slots together: median %v, 99 in 100 within %v",
		booked.Load(), bookings, time.Since(began).Seconds(), lists[len(lists)/2].Round(time.Microsecond), lists[len(lists)*99/100].Round(time.Microsecond))
	if booked.Load() < int64(bookings) {
		c.t.Errorf("%d of %d booked", booked.Load(), bookings)
	}
}
