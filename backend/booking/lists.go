package booking

import (
	"maps"
	"slices"
	"time"

	"github.com/daemun/daemun/backend/cohort"
	"github.com/daemun/daemun/backend/ledger"
	"github.com/daemun/daemun/backend/roster"
	"github.com/daemun/daemun/backend/subject"
)

// onlyLists tells an import of lists from that of an opening whose id was forgotten.
func (in *Import) onlyLists() bool {
	return in.Opening == "" && in.Vaccine == "" && in.Stock == 0 && len(in.Clinics) == 0 && len(in.Slots) == 0 &&
		len(in.Lists)+len(in.Roster) > 0
}

// changed picks the lists that an import changes.
func (c *Catalog) changed(in Import) map[string]*roster.Set {
	out := map[string]*roster.Set{}
	for name, people := range in.Lists {
		if known := c.List(name); known == nil || !slices.Equal(known.IDs(), people.IDs()) {
			out[name] = people
		}
	}
	base := out[cohort.RosterList]
	if base == nil {
		base = c.List(cohort.RosterList)
	}
	if base == nil && len(in.Roster) > 0 {
		base = &roster.Set{}
	}
	if slices.ContainsFunc(in.Roster, func(id subject.ID) bool { return !base.Contains(id) }) {
		out[cohort.RosterList] = roster.NewSet(slices.Concat(base.IDs(), in.Roster))
	}
	return out
}

func (s *State) importLists(in Import, lists map[string]*roster.Set) *Imported {
	if len(lists) == 0 {
		return &Imported{}
	}
	records := recorder{head: s.head, at: in.At.UTC()}
	records.addLists(lists)
	return &Imported{Lists: lists, Records: records.records, catalog: s.catalog.with(nil, asLists(lists))}
}

func asLists(sets map[string]*roster.Set) roster.Lists {
	out := make(roster.Lists, len(sets))
	for name, set := range sets {
		out[name] = set
	}
	return out
}

// recorder makes one record after another.
type recorder struct {
	head    ledger.Head
	at      time.Time
	records []ledger.Record
}

func (r *recorder) add(kind string, data any) {
	record := ledger.Next(r.head, r.at, kind, mustJSON(data))
	r.head = record.Head()
	r.records = append(r.records, record)
}

// addLists records which people a list held from then on, by their number and a checksum: who asks later why somebody
// was refused can tell which list it was.
func (r *recorder) addLists(lists map[string]*roster.Set) {
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		r.add(ledger.KindList, ledger.List{List: name, People: lists[name].Len(), SHA256: lists[name].SHA256()})
	}
}
