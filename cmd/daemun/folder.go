package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/demo"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
	"github.com/daemun/daemun/gateway/keyring"
)

// folder is the data folder: keys/, schedule.yaml, roster.filter, lists/, demo/, gateway/, backend/.
type folder string

func (f folder) path(parts ...string) string {
	return filepath.Join(append([]string{string(f)}, parts...)...)
}

// open makes the folder and says what to do if that cannot be.
func (f folder) open() error {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w; choose another with --data", err)
	}
	probe, err := os.CreateTemp(string(f), ".probe-*")
	if err == nil {
		_, err = probe.Write(make([]byte, 4096))
		err = errors.Join(err, probe.Sync(), probe.Close(), os.Remove(probe.Name()))
	}
	if err != nil {
		return fmt.Errorf("write into the data folder %s: %w; make it writable and make room, or choose another with --data", f, err)
	}
	return nil
}

// lock keeps a second process of the same kind out of the folder, until the returned function is called.
func (f folder) lock(part string) (unlock func(), err error) {
	dir := f.path(part)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make %s: %w", dir, err)
	}
	file, err := os.OpenFile(filepath.Join(dir, ".lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("the data folder %s is in use by another daemun %s; stop that one, or choose another folder with --data", f, part)
	}
	return func() { file.Close() }, nil
}

// node returns this gateway's name, made on first start: it must stay the same, so that what the gateway counted
// before a crash is known as its own.
func (f folder) node() (string, error) {
	path := f.path("gateway", "node")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		id := make([]byte, 4)
		rand.Read(id)
		text = []byte("gw-" + hex.EncodeToString(id))
		err = writeWhole(path, text, 0o600)
	}
	if err != nil {
		return "", fmt.Errorf("name of this gateway: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}

// schedule reads the schedule: the given file, else the folder's own.
func (f folder) schedule(given string) (*cohort.Schedule, error) {
	_, s, err := f.scheduleText(given)
	return s, err
}

// leadTime is how long after an opening the demo's first slots are.
const leadTime = 7 // days

// seed is what to fill a folder with.
type seed struct {
	options demo.Options
	opensIn time.Duration
	stock   int64
	ways    []string // of showing who one is, for an opening that is announced anew
	tell    func(format string, args ...any)
	// progress, where not nil, hears how many rows were written.
	progress func(rows int)
}

// prepare fills the folder with the demo: people and clinics once; an opening unless one is still to come or running,
// so that a restart finds everybody's place; operators' certificates unless they are good for another day.
func (f folder) prepare(ring *keyring.Ring, s seed, now time.Time) error {
	fresh := !f.exists("demo", demo.CitizensFile)
	current, err := f.running(now)
	if err != nil {
		return err
	}
	if !current {
		s.options.Start = subject.DateOf(now.Add(s.opensIn)).AddDays(leadTime)
	}
	if fresh || !current {
		s.tell("daemun: making %s", f.path("demo"))
		if err := demo.Write(f.path("demo"), s.options, s.progress); err != nil {
			return err
		}
	}
	if fresh || !current || !f.exists(filterFile) || !f.exists("demo", cohort.RosterList+listSuffix) {
		if err := f.buildRoster(ring); err != nil {
			return err
		}
	}
	if !current {
		if err := f.announce(s, now); err != nil {
			return err
		}
	}
	return f.operators(ring, now)
}

func (f folder) exists(parts ...string) bool {
	_, err := os.Stat(f.path(parts...))
	return err == nil
}

// running tells whether the folder's schedule has an opening that is not over.
func (f folder) running(now time.Time) (bool, error) {
	if !f.exists("schedule.yaml") {
		return false, nil
	}
	s, err := f.schedule("")
	if err != nil {
		return false, err
	}
	for _, o := range s.Openings {
		if now.Before(o.ClosesAt) {
			return true, nil
		}
	}
	return false, nil
}

func (f folder) announce(s seed, now time.Time) error {
	schedule := demo.Opening(now, now.Add(s.opensIn))
	if before, err := f.schedule(""); err == nil { // grows over whatever was put in force since
		schedule.Version = max(before.Version+1, versionOfDay(now))
	}
	schedule.Openings[0].Stock = s.options.Stock()
	schedule.Openings[0].Identity = s.ways
	if s.stock > 0 {
		schedule.Openings[0].Stock = s.stock
	}
	text, err := schedule.Marshal()
	if err != nil {
		return fmt.Errorf("write the demo's schedule: %w", err)
	}
	return writeWhole(f.path("schedule.yaml"), text, 0o644)
}

// versionOfDay is a version such as 20210719.
func versionOfDay(now time.Time) uint32 {
	d := subject.DateOf(now)
	return uint32(d.Year*10_000 + int(d.Month)*100 + d.Day)
}

// eachCitizen reads the demo's people one after the other.
func (f folder) eachCitizen(each func(demo.Citizen) error) error {
	file, err := os.Open(f.path("demo", demo.CitizensFile))
	if err != nil {
		return fmt.Errorf("read the demo's people: %w; start with --demo or run daemun seed", err)
	}
	defer file.Close()
	return demo.EachCitizen(file, each)
}

// buildRoster keeps those of the demo's people who are on the roster, and where none was imported the filter of them.
func (f folder) buildRoster(ring *keyring.Ring) error {
	var ids []subject.ID
	err := f.eachCitizen(func(c demo.Citizen) error {
		if c.OnRoster {
			ids = append(ids, ring.SubjectKey().Subject(c.Number))
		}
		return nil
	})
	if err != nil {
		return err
	}
	set := roster.NewSet(ids)
	if err := writeSetFile(f.path("demo", cohort.RosterList+listSuffix), set); err != nil {
		return err
	}
	if f.exists("lists", cohort.RosterList+listSuffix) {
		return nil
	}
	return f.writeFilter(set.IDs())
}

// operators issues the demo's certificates, one for each role.
func (f folder) operators(ring *keyring.Ring, now time.Time) error {
	authority, err := ring.Authority(now)
	if err != nil {
		return err
	}
	dir := f.path("demo", "operators")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	for _, role := range []string{keyring.RoleViewer, keyring.RoleOperator, keyring.RoleSupervisor} {
		path := filepath.Join(dir, role+".pem")
		if info, err := os.Stat(path); err == nil && now.Sub(info.ModTime()) < keyring.OperatorLife-24*time.Hour {
			continue
		}
		text, err := authority.Operator("demo-"+role, role, now)
		if err != nil {
			return err
		}
		if err := writeWhole(path, text, 0o600); err != nil {
			return err
		}
	}
	if err := f.laneCertificates(authority, now); err != nil {
		return err
	}
	return writeWhole(filepath.Join(dir, "ca.pem"), authority.PEM(), 0o644)
}

// writeWhole replaces a file in one step: it is never seen half written.
func writeWhole(path string, content []byte, mode fs.FileMode) error {
	return writeFile(path, mode, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
}

// writeFile is writeWhole for content that is not at hand as a whole.
func writeFile(path string, mode fs.FileMode, write func(io.Writer) error) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(tmp.Name())
	err = errors.Join(write(tmp), tmp.Chmod(mode), tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}
