package demo

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/daemun/daemun/backend/clinic"
	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/sheet"
	"github.com/daemun/daemun/backend/subject"
)

var few = Options{Citizens: 4000, OnRoster: 3000, Clinics: 120, Days: 8, Seed: 7}

func TestCitizensAreWhatTheyShouldBe(t *testing.T) {
	seen := map[subject.Number]bool{}
	phones := map[string]bool{}
	var listed, covered, others, foreigners int
	for c := range Citizens(few) {
		if seen[c.Number] || phones[c.Phone] {
			t.Fatalf("%v comes twice", c.Number)
		}
		seen[c.Number], phones[c.Phone] = true, true
		if c.Number.Birth() != c.Birth {
			t.Fatalf("%v was born on %v", c.Number, c.Birth)
		}
		if checkDigitFits(c.Number) {
			t.Fatalf("%v could be a real number", c.Number)
		}
		if c.Number.Foreigner() {
			foreigners++
		}
		fits := c.Birth.Year == 1967 || c.Birth.Year == 1968
		switch {
		case c.OnRoster && !fits:
			t.Fatalf("somebody born on %v is on the roster", c.Birth)
		case c.OnRoster:
			listed++
		case fits:
			covered++
		default:
			others++
		}
		if c.Birth.Year < 1940 || c.Birth.Year > 2005 {
			t.Fatalf("born on %v", c.Birth)
		}
	}
	if listed != 3000 || covered != 500 || others != 500 {
		t.Errorf("%d on the roster, %d covered elsewhere, %d of other years", listed, covered, others)
	}
	if foreigners < 80 || foreigners > 240 {
		t.Errorf("%d foreigners of 4000", foreigners)
	}
}

// checkDigitFits knows the rules that gave the last digit until 2020: weights 2 to 9 and 2 to 5, modulo 11.
func checkDigitFits(n subject.Number) bool {
	weights := []int{2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5}
	digits, sum := n.Digits(), 0
	for i, w := range weights {
		sum += w * int(digits[i]-'0')
	}
	last := int(digits[12] - '0')
	return last == (11-sum%11)%10 || last == (13-sum%11)%10
}

func TestSameSeedSamePeople(t *testing.T) {
	a, b := slices.Collect(Citizens(few)), slices.Collect(Citizens(few))
	if !slices.Equal(a, b) {
		t.Error("the same seed made other people")
	}
	other := few
	other.Seed++
	if slices.Equal(a, slices.Collect(Citizens(other))) {
		t.Error("another seed made the same people")
	}
	if !slices.Equal(Clinics(few), Clinics(Options{Clinics: few.Clinics, Seed: few.Seed, Citizens: 10})) {
		t.Error("the number of people changed the clinics")
	}
}

func TestClinicsCoverEveryProvince(t *testing.T) {
	for _, n := range []int{1, 16, 17, 120, 1000, 12_000} {
		clinics := Clinics(Options{Clinics: n})
		if len(clinics) != n {
			t.Fatalf("%d clinics, want %d", len(clinics), n)
		}
		count := map[string]int{}
		names := map[string]bool{}
		for _, c := range clinics {
			if !clinic.ValidRegion(c.Region) {
				t.Fatalf("%v", c)
			}
			address := strings.Fields(c.Address) // province, city or district, street, house
			if place := address[0] + address[1] + c.Name; names[place] {
				t.Fatalf("%v has a name that its district has already", c)
			} else {
				names[place] = true
			}
			count[c.Region]++
		}
		if n >= 1000 && len(count) != len(clinic.Regions) {
			t.Errorf("%d clinics in only %d provinces", n, len(count))
		}
	}
}

func TestSlotsKeepOpeningHours(t *testing.T) {
	ids := map[string]bool{}
	perDay, seconds, saturdays := map[string]int{}, map[string]int{}, map[string]bool{}
	for s := range Slots(few, Clinics(few)) {
		if s.Dose == 2 {
			seconds[clinic.SlotID(s.Clinic, s.At.AddDate(0, 0, -Interval))] = s.Capacity
		}
	}
	for s := range Slots(few, Clinics(few)) {
		if ids[s.ID] {
			t.Fatalf("slot %s comes twice", s.ID)
		}
		ids[s.ID] = true
		clock := s.At.In(subject.Seoul).Format("15:04")
		if clock < "09:00" || clock >= "17:00" || clock >= "12:30" && clock < "13:30" || s.At.Weekday() == time.Sunday {
			t.Fatalf("slot %s at %v", s.ID, s.At)
		}
		if s.Capacity < 2 || s.Capacity > 6 {
			t.Fatalf("slot %s holds %d doses", s.ID, s.Capacity)
		}
		if s.Dose == 1 && seconds[s.ID] != s.Capacity {
			t.Fatalf("slot %s holds %d doses, and after the interval %d", s.ID, s.Capacity, seconds[s.ID])
		}
		if s.Dose == 1 && s.At.Weekday() == time.Saturday {
			saturdays[s.Clinic] = true
		}
		if s.Dose == 1 && s.At.Weekday() != time.Saturday {
			perDay[s.Clinic+s.At.Format(time.DateOnly)]++
		}
	}
	for day, n := range perDay {
		if n < 6 || n > 12 {
			t.Fatalf("%s has %d half hours", day, n)
		}
	}
	if len(saturdays) != few.Clinics {
		t.Errorf("%d clinics of %d are open on Saturdays", len(saturdays), few.Clinics)
	}
	// 26 July 2021 is a Monday: of eight open days one is a Saturday with its morning only.
	if len(perDay) != 120*7 {
		t.Errorf("clinics are open on %d days from Monday to Friday", len(perDay))
	}
}

func TestDefaultsHoldEnoughDoses(t *testing.T) {
	doses := 0
	for s := range Slots(Options{}, Clinics(Options{})) {
		if s.Dose == 1 {
			doses += s.Capacity
		}
	}
	if int64(doses) < 2*(Options{}).Stock() {
		t.Errorf("%d doses", doses)
	}
}

func TestWriteAndReadBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	var last int
	if err := Write(dir, few, func(done int) { last = done }); err != nil {
		t.Fatal(err)
	}
	made := slices.Collect(Slots(few, Clinics(few)))
	if want := few.Citizens + few.Clinics + len(made); last != want {
		t.Errorf("progress ended at %d of %d", last, want)
	}
	open := func(name string, mode os.FileMode) *os.File {
		f, err := os.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		if info, err := f.Stat(); err != nil || info.Mode().Perm() != mode {
			t.Errorf("%s has mode %v, %v; want %v", name, info.Mode(), err, mode)
		}
		return f
	}
	citizens, err := ReadCitizens(open(CitizensFile, 0o600))
	if err != nil || !slices.Equal(citizens, slices.Collect(Citizens(few))) {
		t.Errorf("the citizens came back otherwise: %v", err)
	}
	var clinics []clinic.Clinic
	byID := map[string]clinic.Clinic{}
	none := func(r sheet.Rejection) { t.Error(r) }
	err = clinic.ReadClinics(open(ClinicsFile, 0o644), sheet.Auto, func(c clinic.Clinic) error {
		clinics, byID[c.ID] = append(clinics, c), c
		return nil
	}, none)
	if err != nil || !slices.Equal(clinics, Clinics(few)) {
		t.Errorf("the clinics came back otherwise: %v", err)
	}
	var slots []clinic.Slot
	err = clinic.ReadSlots(open(SlotsFile, 0o644), sheet.Auto, func(id string) (clinic.Clinic, bool) { c, ok := byID[id]; return c, ok },
		func(_ int, s clinic.Slot) error { slots = append(slots, s); return nil }, none)
	if err != nil || !reflect.DeepEqual(slots, made) {
		t.Errorf("the slots came back otherwise: %v", err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 3 {
		t.Errorf("the folder holds %v, %v", left, err)
	}
}

func TestOpeningIsAValidSchedule(t *testing.T) {
	now := time.Date(2026, 11, 22, 3, 4, 5, 600_000_000, time.UTC)
	for _, in := range []time.Duration{-time.Hour, 0, time.Millisecond, 20 * time.Second, time.Hour} {
		s := Opening(now, now.Add(in))
		data, err := s.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		read, err := cohort.Parse(data)
		if err != nil {
			t.Fatalf("opening in %v: %v", in, err)
		}
		if !reflect.DeepEqual(read, s) {
			t.Errorf("opening in %v came back otherwise", in)
		}
		if o := s.Openings[0]; o.OpensAt.Before(now.Add(in)) || !o.LobbyAt.Before(o.OpensAt) {
			t.Errorf("opening in %v: lobby at %v, opens at %v", in, o.LobbyAt, o.OpensAt)
		}
	}
	if id := Opening(now, now.Add(20*time.Second)).Openings[0].ID; id != "demo-20261122-1204" {
		t.Errorf("id %s is not in Korea time", id)
	}
}

func BenchmarkWrite(b *testing.B) {
	for b.Loop() {
		if err := Write(b.TempDir(), Options{}, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func TestRosterHoldsExactlyThoseListed(t *testing.T) {
	key := subject.Key{7}
	ids := Roster(Citizens(few), &key)
	filter, err := roster.Build(ids)
	if err != nil {
		t.Fatal(err)
	}
	if filter.Len() != few.OnRoster {
		t.Errorf("%d subjects, want %d: two people share a pseudonym", filter.Len(), few.OnRoster)
	}
	wrong := 0
	for c := range Citizens(few) {
		found := filter.Contains(key.Subject(c.Number))
		if c.OnRoster && !found {
			t.Fatalf("%v is on the roster and was not found", c.Number)
		}
		if !c.OnRoster && found {
			wrong++
		}
	}
	if wrong > 30 { // of 1,000 others about 4
		t.Errorf("%d people not on the roster were found", wrong)
	}
}

func TestWriteLeavesNothingHalfDone(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, ClinicsFile), 0o755); err != nil { // a file cannot take its place
		t.Fatal(err)
	}
	err := Write(dir, few, nil)
	if err == nil || !strings.Contains(err.Error(), ClinicsFile) {
		t.Errorf("got %v, want an error that names the file", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".seed-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := Write(filepath.Join(dir, CitizensFile), few, nil); err == nil {
		t.Error("wrote into a folder that is a file")
	}
}
