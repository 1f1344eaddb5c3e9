package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/sheet"
)

// What there is to give stands in the data folder as it was taken in: supply/clinics.csv, all clinics, and
// supply/OPENING/NNNNNN-SHA256.csv, the slots of an opening, a part for each table, the later ones over the earlier.

const clinicsTable = "clinics.csv"

func (f folder) clinicsPath() string { return f.path("supply", clinicsTable) }

// clinics reads the clinics that were taken in; none where none were.
func (f folder) clinics() (map[string]clinic.Clinic, error) {
	all := map[string]clinic.Clinic{}
	file, err := os.Open(f.clinicsPath())
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the clinics: %w", err)
	}
	defer file.Close()
	var bad error
	err = clinic.ReadClinics(file, sheet.UTF8, func(c clinic.Clinic) error {
		all[c.ID] = c
		return nil
	}, damaged(&bad))
	if err = errors.Join(err, bad); err != nil {
		return nil, fmt.Errorf("read the clinics %s: %w; import them again", f.clinicsPath(), err)
	}
	return all, nil
}

// damaged makes the first row that cannot be read an error: in what this program wrote there is none.
func damaged(into *error) func(sheet.Rejection) {
	return func(r sheet.Rejection) {
		if *into == nil {
			*into = errors.New(r.String())
		}
	}
}

// byID are clinics in the order of their IDs.
func byID(all map[string]clinic.Clinic) []clinic.Clinic {
	out := make([]clinic.Clinic, 0, len(all))
	for _, c := range all {
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b clinic.Clinic) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func (f folder) writeClinics(all map[string]clinic.Clinic) error {
	if err := os.MkdirAll(f.path("supply"), 0o700); err != nil {
		return fmt.Errorf("make the folder of clinics: %w", err)
	}
	return writeFile(f.clinicsPath(), 0o600, func(w io.Writer) error {
		out := csv.NewWriter(w)
		out.Write([]string{"id", "name", "region", "address", "vaccine"})
		for _, c := range byID(all) {
			out.Write([]string{c.ID, c.Name, c.Region, c.Address, c.Vaccine})
		}
		out.Flush()
		return out.Error() // of every Write
	})
}

// parts are the names of an opening's tables of slots, in order.
func (f folder) parts(opening string) ([]string, error) {
	entries, err := os.ReadDir(f.path("supply", opening))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the slots of opening %s: %w", opening, err)
	}
	var names []string
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".csv") {
			names = append(names, name)
		}
	}
	return names, nil // os.ReadDir sorts
}

// readPart reads a table of slots that was taken in.
func (f folder) readPart(opening, name string, clinics map[string]clinic.Clinic) ([]clinic.Slot, error) {
	path := f.path("supply", opening, name)
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the slots: %w", err)
	}
	defer file.Close()
	rows, err := countLines(file)
	if err != nil {
		return nil, fmt.Errorf("read the slots: %w", err)
	}
	slots := make([]clinic.Slot, 0, rows)
	var bad error
	err = clinic.ReadSlots(file, sheet.UTF8, known(clinics), func(_ int, s clinic.Slot) error {
		slots = append(slots, s)
		return nil
	}, damaged(&bad))
	if err = errors.Join(err, bad); err != nil {
		return nil, fmt.Errorf("read the slots %s: %w; import them again", path, err)
	}
	return slots, nil
}

// countLines counts the lines of a file and goes back to its beginning: what holds millions of rows must not grow by copying.
func countLines(file io.ReadSeeker) (n int, err error) {
	for part := make([]byte, 1<<18); err == nil; {
		var read int
		read, err = file.Read(part)
		n += bytes.Count(part[:read], []byte("\n"))
	}
	if err != io.EOF {
		return 0, err
	}
	_, err = file.Seek(0, io.SeekStart)
	return n, err
}

func known(clinics map[string]clinic.Clinic) func(string) (clinic.Clinic, bool) {
	return func(id string) (clinic.Clinic, bool) {
		c, ok := clinics[id]
		return c, ok
	}
}

// part is a table of slots being taken in: in a file that nobody sees until it is whole.
type part struct {
	dir  string
	file *os.File
	sum  interface {
		io.Writer
		Sum([]byte) []byte
	}
	buffer *bufio.Writer
	out    *csv.Writer
}

func (f folder) newPart(opening string) (*part, error) {
	p := &part{dir: f.path("supply", opening), sum: sha256.New()}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of slots: %w", err)
	}
	var err error
	if p.file, err = os.CreateTemp(p.dir, ".new-*"); err != nil {
		return nil, fmt.Errorf("write the slots: %w", err)
	}
	p.buffer = bufio.NewWriterSize(io.MultiWriter(p.file, p.sum), 1<<18)
	p.out = csv.NewWriter(p.buffer)
	p.out.Write([]string{"id", "clinic", "at", "vaccine", "capacity", "dose"}) // its error comes with Flush
	return p, nil
}

func (p *part) add(s *clinic.Slot) {
	p.out.Write([]string{s.ID, s.Clinic, s.At.Format(time.RFC3339), s.Vaccine, strconv.Itoa(s.Capacity), strconv.Itoa(s.DoseOrFirst())})
}

// drop forgets a part that is not kept.
func (p *part) drop() {
	p.file.Close()
	os.Remove(p.file.Name())
}

// keep makes the part the newest of its opening, unless the newest is the same.
func (p *part) keep(parts []string) (isNew bool, err error) {
	p.out.Flush()
	if err := errors.Join(p.out.Error(), p.buffer.Flush(), p.file.Sync(), p.file.Close()); err != nil {
		return false, fmt.Errorf("write the slots: %w", err)
	}
	sum, number := hex.EncodeToString(p.sum.Sum(nil))[:16], 0
	if n := len(parts); n > 0 {
		newest := parts[n-1]
		if strings.HasSuffix(newest, "-"+sum+".csv") {
			return false, os.Remove(p.file.Name())
		}
		if number, err = strconv.Atoi(newest[:6]); err != nil {
			return false, fmt.Errorf("the file %s does not belong there; take it away", filepath.Join(p.dir, newest))
		}
	}
	if err := os.Rename(p.file.Name(), filepath.Join(p.dir, fmt.Sprintf("%06d-%s.csv", number+1, sum))); err != nil {
		return false, fmt.Errorf("write the slots: %w", err)
	}
	return true, syncFolder(p.dir)
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
