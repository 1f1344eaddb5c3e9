package cohort

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Change is one difference between two schedules. Before is empty for what was added, After for what was removed.
type Change struct {
	Opening string `json:"opening,omitempty"`
	Cohort  string `json:"cohort,omitempty"`
	Key     string `json:"key,omitempty"` // as in the file; empty where a whole opening or cohort came or went
	Before  string `json:"before"`
	After   string `json:"after"`
}

// Diff lists what differs between two schedules, in the order of the newer one; what was removed comes last. The order of
// openings and cohorts counts: a person belongs to the first that fits.
func Diff(before, after *Schedule) []Change {
	changes := compareFields(Change{}, before.fields(), after.fields())
	changes = append(changes, compareOrder(Change{Key: "openings"}, openingIDs(before), openingIDs(after))...)
	for i := range after.Openings {
		o := &after.Openings[i]
		changes = append(changes, diffOpening(before.Opening(o.ID), o)...)
	}
	for i := range before.Openings {
		if o := &before.Openings[i]; after.Opening(o.ID) == nil {
			changes = append(changes, Change{Opening: o.ID, Before: o.Name})
		}
	}
	return changes
}

func diffOpening(before, after *Opening) []Change {
	where := Change{Opening: after.ID}
	if before == nil {
		where.After = after.Name
		return []Change{where}
	}
	changes := compareFields(where, before.fields(), after.fields())
	order := where
	order.Key = "cohorts"
	changes = append(changes, compareOrder(order, cohortIDs(before), cohortIDs(after))...)
	for i := range after.Cohorts {
		c, place := &after.Cohorts[i], where
		place.Cohort = after.Cohorts[i].ID
		if old := before.Cohort(c.ID); old != nil {
			changes = append(changes, compareFields(place, old.fields(), c.fields())...)
		} else {
			place.After = c.Name
			changes = append(changes, place)
		}
	}
	for _, c := range before.Cohorts {
		if after.Cohort(c.ID) == nil {
			changes = append(changes, Change{Opening: after.ID, Cohort: c.ID, Before: c.Name})
		}
	}
	return changes
}

// field is a key of the file with its value as people read it.
type field struct{ key, value string }

func compareFields(where Change, before, after []field) []Change {
	var changes []Change
	for i, f := range after {
		if before[i] != f {
			c := where
			c.Key, c.Before, c.After = f.key, before[i].value, f.value
			changes = append(changes, c)
		}
	}
	return changes
}

// compareOrder finds a change in the order of what stands in both.
func compareOrder(where Change, before, after []string) []Change {
	common := func(ids, others []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !slices.Contains(others, id) })
	}
	b, a := common(before, after), common(after, before)
	if slices.Equal(b, a) {
		return nil
	}
	where.Before, where.After = strings.Join(b, ", "), strings.Join(a, ", ")
	return []Change{where}
}

func openingIDs(s *Schedule) []string {
	var ids []string
	for _, o := range s.Openings {
		ids = append(ids, o.ID)
	}
	return ids
}

func cohortIDs(o *Opening) []string {
	var ids []string
	for _, c := range o.Cohorts {
		ids = append(ids, c.ID)
	}
	return ids
}

func (s *Schedule) fields() []field {
	return []field{{"version", fmt.Sprint(s.Version)}, {"name", s.Name}, {"name_en", s.NameEn}}
}

func (o *Opening) fields() []field {
	return []field{
		{"name", o.Name}, {"name_en", o.NameEn},
		{"lobby_at", timeText(o.LobbyAt)}, {"opens_at", timeText(o.OpensAt)}, {"closes_at", timeText(o.ClosesAt)},
		{"order", string(o.Order)}, {"proxy", strconv.FormatBool(o.Proxy)}, {"vaccine", o.Vaccine},
		{"stock", fmt.Sprint(o.Stock)}, {"dose_interval_days", fmt.Sprint(o.DoseIntervalDays)},
		{"hold_minutes", fmt.Sprint(o.HoldFor().Minutes())}, {"identity", strings.Join(o.Identity, ", ")},
	}
}

func (c *Cohort) fields() []field {
	digits := slices.Sorted(slices.Values(c.BirthDayDigits)) // their order means nothing
	return []field{
		{"name", c.Name}, {"name_en", c.NameEn}, {"born_from", dateText(c.BornFrom)}, {"born_to", dateText(c.BornTo)},
		{"birth_day_digits", fmt.Sprint(digits)}, {"roster", strconv.FormatBool(c.Roster)},
		{"list", c.List}, {"except", strings.Join(slices.Sorted(slices.Values(c.Except)), ", ")},
	}
}

// String is one line for people, in both languages where it has words.
func (c Change) String() string {
	place := c.Opening
	if c.Cohort != "" {
		place += " › " + c.Cohort
	}
	switch {
	case c.Key == "" && c.Before == "":
		return fmt.Sprintf("%s: 추가 / added: %s", place, c.After)
	case c.Key == "":
		return fmt.Sprintf("%s: 삭제 / removed: %s", place, c.Before)
	case place == "":
		return fmt.Sprintf("%s: %s → %s", c.Key, c.Before, c.After)
	}
	return fmt.Sprintf("%s › %s: %s → %s", place, c.Key, c.Before, c.After)
}
